package target

import (
	"net/http"
	"net/url"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// itself reads the target's URL as that of an endpoint, where nothing private is read below
// it: people give the URL that they see in their browser's developer tools. Its path
// becomes the endpoint's, and the target's URL its origin. nothing is the reply to a path
// that nobody can know. Names that say that a GET may have an effect are left alone here
// as everywhere.
func (f *finder) itself(nothing *cors.Response) {
	own, err := url.Parse(f.deployment.Facts.URL)
	if err != nil || own.EscapedPath() == "" {
		return
	}
	path := own.EscapedPath()
	if leaveAlone(path, "", f.config.Exclude) {
		return
	}
	r := f.get(f.deployment.Facts.URL, false)
	switch {
	case r == nil || nothing != nil && nothing.Status == r.Status && (r.Status > 299 || sameReply(r, path, nothing, path+"/crossexam-"+f.deployment.Facts.Label)):
		return
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
	case r.Status < 200 || r.Status > 299 || !isData(r) || saysLittle(path, r):
		return
	}
	f.rebase()
	private := f.private(candidate{at: path}, document{})
	if r.Status == http.StatusUnauthorized && !f.hasLogin() {
		f.locked(path)
		return
	}
	f.found.Reads = append(f.found.Reads, scenarios.Endpoint{Method: http.MethodGet, Path: path, Private: private, Discovered: true})
}

// rebase makes the target's URL an endpoint of its origin: what was found below it, and
// what was seen there, is forgotten.
func (f *finder) rebase() {
	f.rebased = true
	f.found.Reads, f.found.Errors, f.found.Left = nil, nil, nil
	f.found.Alike, f.found.FrontPage = nil, false
}
