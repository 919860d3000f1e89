package attacker

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Paths of the stage on origins that it plays.
const (
	framePath    = "/crossexam-frame" // also in page.js
	redirectPath = "/crossexam-redirect"
	// SandboxedPagePath is the path of a page that its own policy gives an opaque origin.
	SandboxedPagePath = "/crossexam-sandboxed-page"
)

func isPlacePath(path string) bool {
	return path == framePath || path == SandboxedPagePath || path == redirectPath
}

func (s *Stage) servePlace(w http.ResponseWriter, r *http.Request, origin cors.Origin, role Role) {
	switch r.URL.Path {
	case framePath:
		s.serveTemplate(w, origin, "frame")
	case SandboxedPagePath:
		w.Header().Set("Content-Security-Policy", "sandbox allow-scripts")
		s.servePage(w, origin, role)
	case redirectPath:
		redirect(w, r)
	}
}

// redirect sends a page's request on, with all the consent that the browser may
// ask this hop for, so that the next one decides.
func redirect(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set(cors.HeaderAllowOrigin, r.Header.Get(cors.HeaderOrigin))
	h.Set(cors.HeaderAllowCredentials, "true")
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions { // no redirect may answer a preflight
		h.Set(cors.HeaderAllowMethods, r.Header.Get(cors.HeaderRequestMethod))
		h.Set(cors.HeaderAllowHeaders, r.Header.Get(cors.HeaderRequestHeaders))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set("Location", r.URL.Query().Get("to"))
	status := http.StatusFound
	if r.URL.Query().Get("status") == "307" {
		status = http.StatusTemporaryRedirect
	}
	w.WriteHeader(status)
}

// hop is the attacker's other host, through which redirects go. It speaks the
// page's scheme.
func hop(page cors.Origin) cors.Origin {
	return cors.NewOrigin(page.Scheme(), "hop.crossexam.test", "")
}

// PlayHop has the attacker's other host redirect what a page asks it for.
func (s *Stage) PlayHop(page cors.Origin) { s.Play(hop(page), Malicious) }

// AskedURL is the URL that a page asks for to make an attempt: the attempt's own, or
// the one from which the attacker's other host redirects to it.
func AskedURL(page cors.Origin, a scenarios.Attempt) string {
	status := a.Vector.Redirect()
	if status == 0 {
		return a.URL
	}
	return hop(page).String() + redirectPath + "?" + url.Values{"status": {strconv.Itoa(status)}, "to": {a.URL}}.Encode()
}
