package target

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/recording"
)

// learnedMaxAge is how long browsers may keep the answers to preflights in a policy that
// was made of what a front end needs, in seconds: no front end needs that they do.
const learnedMaxAge = 600

// policy is what the front end needs.
func (s *seen) policy() {
	methods, headers := map[string]bool{}, map[string]bool{}
	cookies := false
	for _, q := range s.requests {
		if q.Kind == recording.Other || q.Kind == recording.WebSocket {
			continue
		}
		if q.Kind == recording.Preflight {
			for _, line := range q.Headers.Values(cors.HeaderRequestHeaders) {
				addList(headers, line)
			}
			if m, ok := q.Headers.Get(cors.HeaderRequestMethod); ok && methodName.MatchString(m) {
				methods[m] = true
			}
			continue
		}
		if methodName.MatchString(q.Method) && q.Method != http.MethodOptions {
			methods[q.Method] = true
		}
		for _, name := range cors.UnsafeHeaders(q.Headers) {
			if !slices.Contains(notThePages, strings.ToLower(name)) {
				addList(headers, name)
			}
		}
		cookies = cookies || asksWithCredentials(q)
	}
	p := &s.config.Policy
	p.Methods, p.Headers, p.Exposed = slices.Sorted(maps.Keys(methods)), slices.Sorted(maps.Keys(headers)), s.exposed()
	switch {
	case cookies:
		p.Credentials = string(scenarios.IncludeCredentials)
	case headers["Authorization"] || s.found.Watched:
		p.Credentials = string(scenarios.NoCredentials)
	}
	if age := learnedMaxAge; s.found.Watched && len(p.Methods) > 0 {
		p.MaxAge = &age
	}
}

// asksWithCredentials reports whether a page may read the answer only where the API
// allows credentials. Where nobody saw how the page asked, its cookies and what the API
// allows today tell.
func asksWithCredentials(q recording.Request) bool {
	if q.Mode != recording.UnknownMode {
		return q.Mode == recording.Include
	}
	return len(q.Cookies) > 0 || q.Answer.ListHas(cors.HeaderAllowCredentials, "true")
}

// exposed are the response headers that the front end reads, as far as a browser hides
// them unless the API exposes them. Where nobody saw what a page reads, they are those
// that the API exposes today.
func (s *seen) exposed() []string {
	names, hidden, missing := map[string]bool{}, map[string]bool{}, map[string]bool{}
	unwatched, atOnce := 0, false
	for _, q := range s.requests {
		if q.Kind == recording.Other || q.Kind == recording.WebSocket || q.Kind == recording.Preflight {
			continue
		}
		today := q.Answer.Values(cors.HeaderExposeHeaders)
		if !q.Watched {
			unwatched++
		}
		if !q.Watched || q.ReadAll {
			for _, line := range today {
				addList(names, line)
			}
		}
		for _, name := range q.Read {
			switch {
			case cors.IsSafelistedResponseHeader(name):
			case q.Answer.Has(name):
				addList(names, name)
			case headerName.MatchString(name):
				missing[http.CanonicalHeaderKey(name)] = true
			}
		}
		if q.ReadAll {
			atOnce = true
			for _, h := range q.Answer {
				if !cors.IsSafelistedResponseHeader(h.Name) && !isAside(h.Name) {
					addList(hidden, h.Name)
				}
			}
		}
	}
	for name := range names {
		delete(missing, name)
		delete(hidden, name)
	}
	if len(missing) > 0 {
		s.note("The front end looks for response headers that the API did not send: %s. They are not exposed.", shown(slices.Sorted(maps.Keys(missing))))
	}
	if atOnce {
		candidates := "none"
		if len(hidden) > 0 {
			candidates = shown(slices.Sorted(maps.Keys(hidden)))
		}
		s.note("The front end takes all response headers at once (as axios does), so that nobody can know which of them it uses. Not exposed, because no script asked for them by name: %s. Add those that it uses.", candidates)
	}
	if s.found.Watched && unwatched > 0 {
		s.note("Requests of which nobody could see what the page reads of the answer, since a worker, another window or a redirect made them: %d. Of their response headers those are exposed that the API exposes today.", unwatched)
	}
	return slices.Sorted(maps.Keys(names))
}

// isAside reports whether a response header is the browser's business or a server's and
// not a script's, so that nobody exposes it.
func isAside(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "access-control-") || slices.Contains([]string{
		"alt-svc", "connection", "content-encoding", "content-security-policy", "date", "keep-alive", "permissions-policy", "referrer-policy", "server",
		"set-cookie", "strict-transport-security", "transfer-encoding", "vary", "via", "x-content-type-options", "x-frame-options", "x-powered-by",
	}, name)
}
