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

// notThePages are request headers for which a browser asks nobody although a page
// could set them: developer tools, caches and the browser itself do.
var notThePages = []string{"cache-control", "if-match", "if-modified-since", "if-none-match", "last-event-id", "pragma", "priority", "purpose", "upgrade-insecure-requests", "x-client-data"}

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

// endpoints are the requests that worked, the errors, and the other ways.
func (s *seen) endpoints() {
	writes, secret, failed := 0, 0, 0
	took, queries := map[string]bool{}, map[string]int{}
	once := func(key string) bool { defer func() { took[key] = true }(); return !took[key] }
	anyCredential := slices.ContainsFunc(s.requests, s.shownToProve)
	// A front end asks for some of what is private before its user logs in, too.
	private := map[string]bool{}
	for _, q := range s.requests {
		if s.provesItself(q) {
			private[q.Method+" "+shapeOf(s.path(q.URL))] = true
		}
	}
	queried, changes := map[string]bool{}, map[string]bool{} // by path
	for _, q := range s.requests {
		if _, ok := graphQLQuery(q); ok && q.Status < 300 && !q.Failed {
			queried[s.path(q.URL)] = true
		}
	}
	for _, q := range s.requests {
		path := s.path(q.URL)
		if q.Kind == recording.Preflight || q.Kind == recording.Other || path == s.login || !methodName.MatchString(q.Method) {
			continue
		}
		if checkPath("", path) != nil {
			continue
		}
		if holdsSecret(q.URL) {
			secret++
			continue
		}
		if q.Failed {
			failed++
			continue
		}
		shape := q.Method + " " + shapeOf(path)
		switch {
		case q.Kind == recording.WebSocket:
			if once("socket " + shape) {
				s.config.WebSockets = append(s.config.WebSockets, s.socket(q, path))
			}
		case q.Kind == recording.EventSource:
			if once("stream " + shape) {
				s.config.EventStreams = append(s.config.EventStreams, path)
			}
		case q.Status >= 400:
			s.fails(q, path, anyCredential, once)
		case q.Status >= 300 && q.Status != http.StatusNotModified:
			if q.Method == http.MethodGet && once("redirect "+shape) {
				s.config.Redirects = append(s.config.Redirects, path)
			}
		case queried[path] && q.Method == http.MethodPost:
			name, ok := graphQLQuery(q)
			switch {
			case !ok:
				changes[path] = true
			case !once("query " + path + "#" + name):
			case len(s.config.Endpoints)-writes >= recordedReads:
				s.leave("POST "+path+"#"+name, LeftBeyond, anyCredential && s.provesItself(q), fmt.Sprintf("more than %d reads; name it to read it", recordedReads))
			default:
				s.config.Endpoints = append(s.config.Endpoints, EndpointConfig{
					Method: q.Method, Path: path, Body: q.Body, Reads: true, Headers: ofEveryone(q), Open: anyCredential && !private[shape],
				})
			}
		case q.Method == http.MethodOptions || q.Method == http.MethodHead || !once(shape):
		case q.Method == http.MethodGet:
			switch reason, why := whyAlone(path, "", s.config.Exclude); {
			case why != "":
				s.leave(q.Method+" "+path, reason, anyCredential && s.provesItself(q), why)
			case queries[withoutQuery(shape)] >= recordedQueries:
				s.leave(q.Method+" "+path, LeftBeyond, false, fmt.Sprintf("more than %d queries on one path; name it to read it", recordedQueries))
			case len(s.config.Endpoints)-writes >= recordedReads:
				s.leave(q.Method+" "+path, LeftBeyond, anyCredential && s.provesItself(q), fmt.Sprintf("more than %d reads; name it to read it", recordedReads))
			default:
				queries[withoutQuery(shape)]++
				s.config.Endpoints = append(s.config.Endpoints, EndpointConfig{Path: path, Open: anyCredential && !private[shape], Headers: ofEveryone(q)})
			}
		case writes >= recordedWrites:
			s.leave(q.Method+" "+path, LeftBeyond, false, fmt.Sprintf("more than %d writes", recordedWrites))
		default:
			writes++
			s.config.Endpoints = append(s.config.Endpoints, EndpointConfig{Method: q.Method, Path: path})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(changes)) {
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

// socket is a WebSocket as the page used it. What it said is written as far as it is short,
// or subscribes to something with GraphQL, and has nothing in it that looks like a secret.
func (s *seen) socket(q recording.Request, path string) WebSocketConfig {
	w := WebSocketConfig{Path: path}
	for _, line := range q.Headers.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if with := append(slices.Clone(w.Protocols), name); !isRandom(name) && (WebSocketConfig{Path: path, Protocols: with}).valid() {
				w.Protocols = with
			} else if name != "" {
				s.note("%s is offered a subprotocol that is not written, since it looks like a secret or cannot be offered.", path)
			}
		}
	}
	switch {
	case len(q.Sent) == 0:
	case isGreeting(q.Sent[0]):
		w.FirstMessage = q.Sent[0]
		for _, message := range q.Sent[1:min(len(q.Sent), messageLimit)] {
			if !isGreeting(message) && !isSubscription(message) {
				s.note("The front end says more on %s than is written, since it may have a secret in it or change something; give it as then where the API says nothing private without it.", path)
				break
			}
			w.Then = append(w.Then, message)
		}
	default:
		s.note("The front end's first message on %s is not written, since it may have a secret in it; give it as first_message where the API says nothing private without it.", path)
	}
	return w
}

func (w WebSocketConfig) valid() bool {
	_, err := w.check()
	return err == nil
}

// greeting is JSON of nothing but short words, such as {"type":"connection_init"}.
var greeting = regexp.MustCompile(`^[\[{]("[A-Za-z_:-]{1,40}"|[\[\]{}:, ])*$`)

func isGreeting(message string) bool {
	secret := func(word string) bool {
		return secretNames.MatchString(strings.NewReplacer("_", "", "-", "").Replace(word)) || isPassword(word)
	}
	return len(message) <= 200 && greeting.MatchString(message) && !slices.ContainsFunc(strings.Split(message, `"`), secret)
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

// shapeOf is a path with what tells one object of a kind from another left out. Of the
// query what is no id or number stays: ?view=a and ?view=b, or two GraphQL queries, are two
// endpoints, and two pages of a list are one.
func shapeOf(path string) string {
	path, query, _ := strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if isID(p) {
			parts[i] = "{}"
		}
	}
	shape := strings.Join(parts, "/")
	values, err := url.ParseQuery(query)
	if err != nil {
		return shape + "?" + query
	}
	for name, of := range values {
		for i, value := range of {
			if isID(value) && !strings.ContainsAny(value, " {(") {
				of[i] = "{}"
			}
		}
		values[name] = of
	}
	if len(values) > 0 {
		shape += "?" + values.Encode() // in the order of the names
	}
	return shape
}

func withoutQuery(shape string) string {
	path, _, _ := strings.Cut(shape, "?")
	return path
}

// isID takes for the name of an object what has a digit in it, but for v1 and the
// like.
func isID(part string) bool {
	return strings.ContainsAny(part, "0123456789") && !version.MatchString(part)
}

var version = regexp.MustCompile(`^v[0-9]+(\.[0-9]+)?$`)

// secretNames are names of parameters with secrets, without what joins their words.
var secretNames = regexp.MustCompile(`(?i)^(.*(token|secret|password|passwd|apikey|accesskey|signature|jwt).*|key|sig|auth|authorization|code|session|sessionid|sid|ticket|otp|assertion)$`)

// holdsSecret reports whether the path or the query of a URL has something in it that
// looks like a secret.
func holdsSecret(u *url.URL) bool {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return true // who knows
	}
	for name, values := range query {
		if secretNames.MatchString(wordsJoined(name)) || slices.ContainsFunc(values, isRandom) {
			return true
		}
	}
	return slices.ContainsFunc(strings.Split(u.Path, "/"), isRandom)
}

// anID has the forms in which the names of objects come that look as random as a
// secret: UUID, ULID, the hexadecimal ids of databases.
var anID = regexp.MustCompile(`(?i)^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-hjkmnp-tv-z]{26}|[0-9a-f]{24}|[0-9]+)$`)

var randomText = regexp.MustCompile(`^[A-Za-z0-9+/_=.~-]{20,}$`)

// isRandom reports whether a text looks like a token: long, with letters and digits
// that alternate, and not an object's name.
func isRandom(s string) bool {
	if strings.HasPrefix(s, "eyJ") && len(s) > 20 {
		return true // a JSON object in Base64, as JSON Web Tokens begin
	}
	if !randomText.MatchString(s) || anID.MatchString(s) || !strings.ContainsAny(s, "0123456789") {
		return false
	}
	// Names and dates change rarely between letters and digits, and to a capital.
	changes, last := 0, ' '
	for _, r := range s {
		kind := last
		switch {
		case r >= '0' && r <= '9':
			kind = '0'
		case r >= 'A' && r <= 'Z':
			kind = 'A'
		case r >= 'a' && r <= 'z':
			kind = 'a'
		}
		if kind != last && (last != 'A' || kind != 'a') {
			changes++
		}
		last = kind
	}
	return changes*5 >= len(s)
}
