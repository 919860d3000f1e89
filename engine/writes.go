package engine

import (
	"net/url"
	"strings"

	"github.com/crossexam/crossexam/target"
)

// allowWrite lets the victim's login through, which is a POST, and the endpoints
// and errors that are declared safe to write to, besides what the deployment
// allows.
func allowWrite(d target.Deployment) func(method, path string) bool {
	return func(method, path string) bool {
		if login := d.Credentials.Login; login != nil && method == "POST" && path == login.Path {
			return true
		}
		for _, r := range d.Facts.Errors {
			if recipePath, _, _ := strings.Cut(r.Path, "?"); r.SafeToWrite && r.Method == method && recipePath == path {
				return true
			}
		}
		for _, e := range d.Facts.Endpoints {
			if u, err := url.Parse(d.Facts.At(e.Path)); err == nil && e.SafeToWrite && method == e.Method && path == u.EscapedPath() {
				return true
			}
		}
		return d.AllowWrite != nil && d.AllowWrite(method, path)
	}
}
