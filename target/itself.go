package target

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// readsBelow reports whether anything private is read below the target's URL, at another
// path than this one.
func (f *finder) readsBelow(but string) bool {
	return slices.ContainsFunc(f.found.Reads, func(e scenarios.Endpoint) bool { return e.Private && e.Path != but })
}

// itself reads the target's URL as that of an endpoint, where nothing private is read below
// it: people give the URL that they see in their browser's developer tools. Its path
// becomes the endpoint's, and the target's URL its origin. Some servers know it with a slash
// at its end alone. nothing is the reply to a path that nobody can know.
func (f *finder) itself(nothing *cors.Response) {
	path, ok := f.ownPath()
	if !ok {
		return
	}
	u := f.deployment.Facts.URL
	for _, slash := range []string{"", "/"} {
		if r := f.get(u+slash, false); f.saysSomething(path+slash, r, nothing) {
			f.rebase()
			f.readItself(path+slash, r)
			return
		}
	}
}

// saysSomething reports whether a reply is data, or asks for a login, and is not the one to
// every path.
func (f *finder) saysSomething(path string, r, nothing *cors.Response) bool {
	switch {
	case r == nil || nothing != nil && nothing.Status == r.Status && (r.Status > 299 || sameReply(r, path, nothing, path+f.deployment.Facts.UnknownPath())):
		return false
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		return true
	}
	return r.Status >= 200 && r.Status <= 299 && isData(r) && !saysLittle(path, r)
}

// readItself has a path read that answered so.
func (f *finder) readItself(path string, r *cors.Response) {
	if r.Status == http.StatusUnauthorized && !f.hasLogin() {
		f.locked(path)
		return
	}
	private := f.private(candidate{at: path}, document{})
	f.found.Reads = append(f.found.Reads, scenarios.Endpoint{Method: http.MethodGet, Path: path, Private: private, Discovered: true})
}

// documentItself reads the target's URL as that of an OpenAPI document, or of a page that
// shows one, such as http://localhost:8000/docs. The target's URL becomes its origin, to
// which the paths of a document are relative (OpenAPI 3.1, section 4.8.1.1).
func (f *finder) documentItself() (document, bool) {
	if _, ok := f.ownPath(); !ok {
		return document{}, false
	}
	u := f.deployment.Facts.URL
	doc, why := f.fetch(u)
	if why != nil {
		var shown bool
		if u, shown = f.documentOf(u); !shown {
			return document{}, false
		}
		if doc, why = f.fetch(u); why != nil {
			return document{}, false
		}
	}
	f.rebase()
	f.found.Document = u
	return doc, true
}

// ownPath is the path of the target's URL; ok is false where it has none, where the
// configuration has paths that are relative to it, and where it is to be left alone like
// any other that discovery comes upon.
func (f *finder) ownPath() (path string, ok bool) {
	own, err := url.Parse(f.deployment.Facts.URL)
	if err != nil || own.EscapedPath() == "" || f.config.hasPaths() {
		return "", false
	}
	return own.EscapedPath(), !leaveAlone(own.EscapedPath(), "", f.config.Exclude)
}

// hasPaths reports whether the configuration names anything below the target's URL.
func (c Config) hasPaths() bool {
	return c.namesReads() || c.Credentials.Login != nil || c.Launch.Path != "" ||
		len(c.Endpoints)+len(c.Errors)+len(c.WebSockets)+len(c.EventStreams)+len(c.Redirects) > 0
}

// rebase makes the target's URL its origin: what was found below it, and what was seen
// there, is forgotten.
func (f *finder) rebase() {
	f.rebased = true
	f.deployment.Facts.URL = f.deployment.Facts.Origin().String()
	f.found.Reads, f.found.Errors, f.found.Left = nil, nil, nil
	f.found.Alike, f.found.FrontPage = nil, false
}
