package target

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/recording"
)

const (
	// recordedReads and recordedWrites are how many endpoints are taken from a
	// recording. Of the reads the first few are examined in whole, and all are swept; a
	// write is asked for by many scenarios.
	recordedReads  = 500
	recordedWrites = 12
	// recordedQueries is how many queries on one path: words that were searched for are
	// no endpoints.
	recordedQueries = 3
	// namedHosts is how many of the hosts that are left out are named.
	namedHosts = 8
)

// Recorded completes the configuration with what a front end was seen to do:
// endpoints, the policy that it needs, its origins, errors, and how it logs in. No
// secret of the recording is in the result; the references in its place are what
// [Scaffold] writes. The API is on the origin of the target's URL or, where there is
// none, on the one that got most requests of a front end.
func (c Config) Recorded(r recording.Recording) (Config, Discovery, error) {
	s := &seen{config: c, found: Discovery{
		Recording: cmp.Or(r.Source, "a recording"), Watched: slices.ContainsFunc(r.Requests, func(q recording.Request) bool { return q.Watched }),
	}}
	if err := s.choose(r.Requests); err != nil {
		return c, Discovery{}, err
	}
	s.origins()
	s.policy()
	s.queryKeys()
	s.credentials()
	s.endpoints()
	return s.config, s.found, nil
}

// seen is a recording in the making of a configuration.
type seen struct {
	config   Config
	found    Discovery
	own      cors.Origin
	base     string              // path of the target's URL, without a slash at its end
	requests []recording.Request // to the API
	login    string              // path; empty for none
	keyed    map[*url.URL]bool   // of requests that had a key in the query
}

func (s *seen) note(format string, args ...any) {
	s.found.Notes = append(s.found.Notes, fmt.Sprintf(format, args...))
}

// choose takes the requests to the API.
func (s *seen) choose(all []recording.Request) error {
	type host struct {
		origin   cors.Origin
		score    int
		requests int
	}
	hosts := map[string]*host{}
	for _, q := range all {
		o := cors.OriginOf(q.URL)
		h := hosts[o.String()]
		if h == nil {
			h = &host{origin: o}
			hosts[o.String()] = h
		}
		h.requests++
		h.score += weight(q)
	}
	if len(hosts) == 0 {
		return errors.New("there is no request to a server in it")
	}
	order := slices.SortedFunc(maps.Values(hosts), func(a, b *host) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.requests, a.requests), strings.Compare(a.origin.String(), b.origin.String()))
	})
	names := make([]string, len(order))
	for i, h := range order {
		names[i] = h.origin.String()
	}
	if s.config.URL == "" {
		if order[0].score == 0 {
			return fmt.Errorf("none of its requests looks like one to an API: give the API's URL; there are requests to %s", shown(names))
		}
		s.config.URL = names[0]
		if len(order) > 1 && order[1].score > 0 {
			s.note("%s got most requests of a front end and is taken for the API; give another URL if it is not.", names[0])
		}
	}
	base, err := baseURL(s.config.URL)
	if err != nil {
		return err
	}
	s.own, s.base = cors.OriginOf(base), strings.TrimSuffix(base.EscapedPath(), "/")
	for _, q := range all {
		if cors.OriginOf(q.URL) == s.own && (q.URL.EscapedPath() == s.base || strings.HasPrefix(q.URL.EscapedPath(), s.base+"/")) {
			s.requests = append(s.requests, q)
		}
	}
	if len(s.requests) == 0 {
		return fmt.Errorf("there is no request to %s in it, but to %s", s.config.URL, shown(names))
	}
	if others := slices.DeleteFunc(names, func(n string) bool { return n == s.own.String() }); len(others) > 0 {
		s.note("Left out are requests to other hosts: %s.", shown(others))
	}
	return nil
}

func shown(names []string) string {
	text := strings.Join(names[:min(len(names), namedHosts)], ", ")
	if more := len(names) - namedHosts; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// weight says how much a request looks like one of a front end to its API.
func weight(q recording.Request) int {
	if q.Kind == recording.Other {
		return 0
	}
	w := 0
	if hasJSON(q.Answer) || hasJSON(q.Headers) || q.Kind == recording.WebSocket || q.Kind == recording.EventSource {
		w++
	}
	origin, cross := q.Headers.Get(cors.HeaderOrigin)
	if w > 0 && cross && origin != cors.OriginOf(q.URL).String() {
		w++
	}
	if w > 0 && hasCredential(q) {
		w += 4
	}
	if q.Status == 0 && !q.Failed { // a command that somebody chose, which says nothing of the answer
		w++
	}
	return w
}

func hasCredential(q recording.Request) bool {
	return hasCookie(q) || q.Headers.Has("Authorization") || q.Answer.ListHas(cors.HeaderAllowCredentials, "true") ||
		q.Headers.ListHas(cors.HeaderRequestHeaders, "authorization")
}

// hasCookie reports whether a request has a cookie that may be the victim's session.
func hasCookie(q recording.Request) bool {
	return slices.ContainsFunc(q.Cookies, func(name string) bool { return !aside.MatchString(name) })
}

// hasJSON reports whether the message with these headers has a body of JSON.
func hasJSON(h cors.Headers) bool {
	kind := h.MediaType()
	return kind == "application/json" || strings.HasSuffix(kind, "+json") || kind == "application/x-ndjson"
}

// origins are those of the pages that made the requests.
func (s *seen) origins() {
	if len(s.config.Trusted) > 0 {
		return
	}
	own := false
	for _, q := range s.requests {
		o, ok := pageOf(q)
		switch {
		case !ok || o.IsOpaque():
		case o == s.own:
			own = true
		case !slices.Contains(s.config.Trusted, o.String()):
			s.config.Trusted = append(s.config.Trusted, o.String())
		}
	}
	slices.Sort(s.config.Trusted)
	if len(s.config.Trusted) == 0 && own {
		s.note("The front end is of the API's own origin, %s, and needs no CORS: no origin is trusted.", s.own)
	}
}

// pageOf is the origin of the page that made a request.
func pageOf(q recording.Request) (cors.Origin, bool) {
	if q.Kind == recording.Other {
		return cors.Origin{}, false // a navigation comes from wherever the user was
	}
	if line, ok := q.Headers.Get(cors.HeaderOrigin); ok {
		o, err := cors.ParseOrigin(line)
		return o, err == nil
	}
	referer, _ := q.Headers.Get("Referer")
	u, err := url.Parse(cmp.Or(referer, q.Page))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return cors.Origin{}, false
	}
	return cors.OriginOf(u), true
}

var methodName = regexp.MustCompile(`^[A-Z]{1,32}$`)

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")

// addList adds the names of a list to a set, each as it is usually written.
func addList(set map[string]bool, line string) {
	for name := range strings.SplitSeq(line, ",") {
		if name = strings.TrimSpace(name); headerName.MatchString(name) && name != "*" {
			set[http.CanonicalHeaderKey(name)] = true
		}
	}
}

// path is that of a URL below the target's, with its query.
func (s *seen) path(u *url.URL) string {
	path := strings.TrimPrefix(u.EscapedPath(), s.base)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}
