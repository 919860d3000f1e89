package target

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/recording"
)

// endpoints are the requests that worked, the errors, and the other ways.
func (s *seen) endpoints() {
	x := s.newSorting()
	secret, failed := 0, 0
	for _, q := range s.requests {
		path := s.path(q.URL)
		switch {
		case q.Kind == recording.Preflight || q.Kind == recording.Other || path == s.login || !methodName.MatchString(q.Method):
		case checkPath("", path) != nil:
		case holdsSecret(q.URL):
			secret++
		case q.Failed:
			failed++
		default:
			x.file(q, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(x.changes)) {
		s.note("Of what is sent by POST to %s the queries of GraphQL are written, which only read. Left out are mutations, which could not be withheld beside them, and what looks like a secret.", path)
	}
	if left := slices.ContainsFunc(s.requests, func(q recording.Request) bool { return q.BodyLeftOut }); left {
		s.note("The recording has no bodies of requests, so that no login, GraphQL query or first message of a WebSocket was taken from it. Playwright keeps them with recordHar's content: 'embed', or 'attach' and a path that ends with .zip.")
	}
	if secret > 0 {
		s.note("Requests with what looks like a secret in their URL are left out: %d.", secret)
	}
	if failed > 0 {
		s.note("Requests without an answer that the page could use are left out: %d.", failed)
	}
}

// A sorting files recorded requests, each of its kind once, into the configuration.
type sorting struct {
	*seen
	took    map[string]bool // kinds of which one was filed
	queries map[string]int  // reads of a path with another query each, by shape
	writes  int             // among the endpoints
	// anyCredential says that some request was seen to carry one: what goes without is open
	// then, unless its like goes with one, which private has by method and shape. (A front
	// end asks for some of what is private before its user logs in, too.)
	anyCredential bool
	private       map[string]bool
	// queried are paths at which a query of GraphQL was answered, and changes those of them
	// to which other things were sent too.
	queried, changes map[string]bool
}

func (s *seen) newSorting() *sorting {
	x := &sorting{
		seen: s, took: map[string]bool{}, queries: map[string]int{}, anyCredential: slices.ContainsFunc(s.requests, s.shownToProve),
		private: map[string]bool{}, queried: map[string]bool{}, changes: map[string]bool{},
	}
	for _, q := range s.requests {
		if s.provesItself(q) {
			x.private[q.Method+" "+shapeOf(s.path(q.URL))] = true
		}
		if _, ok := graphQLQuery(q); ok && q.Status < 300 && !q.Failed {
			x.queried[s.path(q.URL)] = true
		}
	}
	return x
}

// once reports whether this is the first of its kind.
func (x *sorting) once(kind string) bool {
	first := !x.took[kind]
	x.took[kind] = true
	return first
}

// file files a request by what it was and how it was answered.
func (x *sorting) file(q recording.Request, path string) {
	shape := q.Method + " " + shapeOf(path)
	switch {
	case q.Kind == recording.WebSocket:
		if x.once("socket " + shape) {
			x.config.WebSockets = append(x.config.WebSockets, x.socket(q, path))
		}
	case q.Kind == recording.EventSource:
		if x.once("stream " + shape) {
			x.config.EventStreams = append(x.config.EventStreams, path)
		}
	case q.Status >= 400:
		x.fails(q, path, x.anyCredential, x.once)
	case q.Status >= 300 && q.Status != http.StatusNotModified:
		if q.Method == http.MethodGet && x.once("redirect "+shape) {
			x.config.Redirects = append(x.config.Redirects, path)
		}
	case x.queried[path] && q.Method == http.MethodPost:
		x.fileQuery(q, path, shape)
	case q.Method == http.MethodOptions || q.Method == http.MethodHead || !x.once(shape):
	case q.Method == http.MethodGet:
		x.fileRead(q, path, shape)
	case x.writes >= recordedWrites:
		x.leave(q.Method+" "+path, LeftBeyond, false, fmt.Sprintf("more than %d writes", recordedWrites))
	default:
		x.writes++
		x.config.Endpoints = append(x.config.Endpoints, EndpointConfig{Method: q.Method, Path: path})
	}
}

// fileQuery files what was sent to a path at which queries of GraphQL are answered.
func (x *sorting) fileQuery(q recording.Request, path, shape string) {
	name, ok := graphQLQuery(q)
	operation := "POST " + path + "#" + name
	switch {
	case !ok:
		x.changes[path] = true
	case !x.once("query " + path + "#" + name):
	case x.full():
		x.leaveBeyond(q, operation)
	default:
		x.config.Endpoints = append(x.config.Endpoints, EndpointConfig{
			Method: q.Method, Path: path, Body: q.Body, Reads: true, Headers: ofEveryone(q), Open: x.isOpen(shape),
		})
	}
}

func (x *sorting) fileRead(q recording.Request, path, shape string) {
	operation, alike := q.Method+" "+path, withoutQuery(shape)
	switch reason, why := whyAlone(path, "", x.config.Exclude); {
	case why != "":
		x.leave(operation, reason, x.isPrivate(q), why)
	case x.queries[alike] >= recordedQueries:
		x.leave(operation, LeftBeyond, false, fmt.Sprintf("more than %d queries on one path; name it to read it", recordedQueries))
	case x.full():
		x.leaveBeyond(q, operation)
	default:
		x.queries[alike]++
		x.config.Endpoints = append(x.config.Endpoints, EndpointConfig{Path: path, Open: x.isOpen(shape) || !x.private[shape] && tells(path) == 2, Headers: ofEveryone(q)})
	}
}

// full reports whether there are as many reads as are written.
func (x *sorting) full() bool { return len(x.config.Endpoints)-x.writes >= recordedReads }

func (x *sorting) leaveBeyond(q recording.Request, operation string) {
	x.leave(operation, LeftBeyond, x.isPrivate(q), fmt.Sprintf("more than %d reads; name it to read it", recordedReads))
}

// isPrivate reports whether a request was seen to carry a credential.
func (x *sorting) isPrivate(q recording.Request) bool { return x.anyCredential && x.provesItself(q) }

// isOpen reports whether requests of this shape were seen to carry none, where others do.
func (x *sorting) isOpen(shape string) bool { return x.anyCredential && !x.private[shape] }

// ofEveryone are the headers of a request that everybody knows and no browser sends by
// itself, such as X-CSRF: 1: the API may want them of every request.
func ofEveryone(q recording.Request) map[string]string {
	var headers map[string]string
	for _, h := range q.Headers {
		if isGuessable(h) && headerName.MatchString(h.Name) && len(cors.UnsafeHeaders(cors.Headers{h})) > 0 && !slices.Contains(notThePages, strings.ToLower(h.Name)) {
			if headers == nil {
				headers = map[string]string{}
			}
			headers[http.CanonicalHeaderKey(h.Name)] = h.Value
		}
	}
	return headers
}

// notThePages are request headers for which a browser asks nobody although a page
// could set them: developer tools, caches and the browser itself do.
var notThePages = []string{"cache-control", "if-match", "if-modified-since", "if-none-match", "last-event-id", "pragma", "priority", "purpose", "upgrade-insecure-requests", "x-client-data"}

func (s *seen) leave(operation string, reason LeftReason, private bool, why string) {
	s.found.Left = append(s.found.Left, LeftAlone{operation: operation, why: why, Reason: reason, Private: private})
}

// fails takes a request that was answered with an error for a way to provoke it,
// where it only reads and would fail again. shown says that the recording has the
// credentials of the requests that had one.
func (s *seen) fails(q recording.Request, path string, shown bool, once func(string) bool) {
	anonymous := !hasCredential(q) || shown && !s.shownToProve(q)
	refused := q.Status == http.StatusUnauthorized || q.Status == http.StatusForbidden
	switch {
	case !once(fmt.Sprintf("error %d", q.Status)):
	case q.Method != http.MethodGet:
		s.note("%s %s was answered with %d: name it under errors, with its body, to have it provoked.", q.Method, path, q.Status)
	case q.Status == http.StatusUnauthorized && !anonymous:
		s.note("%s %s was answered with 401 although it had a credential, which may have expired.", q.Method, path)
	case q.Status == http.StatusRequestTimeout || q.Status == http.StatusTooManyRequests || q.Status >= 500 && q.Status != http.StatusNotImplemented && q.Status != http.StatusInternalServerError:
		s.note("%s %s was answered with %d, which may not happen again.", q.Method, path, q.Status)
	case q.Status > 599:
	default:
		s.config.Errors = append(s.config.Errors, ErrorConfig{Status: q.Status, Path: path, Anonymous: refused && anonymous})
	}
}
