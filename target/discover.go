package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target/bounded"
)

const (
	// noDocument is the word in place of a document for no discovery.
	noDocument = "none"
	// documentsLimit bounds what is read of all that might be a document, in bytes.
	documentsLimit = 2 * documentLimit
	// discoveryTime bounds all of discovery.
	discoveryTime = time.Minute
	// privateReads and openReads are how many endpoints are examined in whole: each costs
	// some requests for each scenario, origin and credential. The operator may want more
	// private ones, or less, up to mostExamined.
	privateReads = 8
	openReads    = 2
	mostExamined = 1000
	// tries is how many requests go into finding reads, and into each error.
	tries      = 24
	errorTries = 3
)

// documentPaths are the places where frameworks and gateways have their OpenAPI
// documents.
var documentPaths = []string{
	"/openapi.json", "/openapi.yaml", "/swagger.json", "/v3/api-docs", "/api/openapi.json", "/api/v1/openapi.json",
	"/swagger/v1/swagger.json", "/api/swagger.json", "/docs/openapi.json", "/api-docs", "/api/docs/openapi.json", "/v2/api-docs",
}

// A Discovery is what was found out about an API without being told: what will be
// examined, and what will be left alone and why.
type Discovery struct {
	// Document is where the OpenAPI document is, or empty where there is none.
	Document string
	// Recording is what wrote the recording that all this is from, or empty; see
	// [Config.Recorded].
	Recording string
	// Watched says that the front end's scripts were watched too: which response headers
	// they read, and whether they asked with credentials.
	Watched bool
	// References stand for the credentials of a recording.
	References []Reference
	// preset is the name of the preset that knows the application, by its document
	// or its reply at /, or empty. Where the configuration names none, it acts, and
	// recognised says so in a sentence without its period, and whereToFix where the
	// application's CORS policy is.
	preset     string
	recognised string
	whereToFix string
	Reads      []scenarios.Endpoint
	// beyond are the reads for which there was no room among Reads: nobody has asked for
	// them yet.
	beyond []scenarios.Endpoint
	// Methods are those that the document has for a path, GET apart.
	Methods map[string][]string
	Writes  []scenarios.Endpoint // one for each method
	Errors  []scenarios.ErrorRecipe
	// Streams are paths of event streams, none of which is read.
	Streams []string
	// Headers are the request headers that the document names.
	Headers []string
	// Alike is how the target answers every path that was tried, one that nothing can know
	// included: with this status, and the same reply where it is a success. It is nil where
	// paths differ or nobody looked.
	Alike *cors.Response
	// PostOnly is a path below the target's origin at which something takes POST alone and
	// was not asked, because it does not say what it is; empty for none.
	PostOnly string
	// FrontPage says that the root answered with a page or a text and no data, as where a
	// front end is served.
	FrontPage bool
	// Origins are those of the servers and links that the document names.
	Origins []string
	// Logins are the ways to log in that the document names, such as "bearer".
	Logins []string
	Left   []LeftAlone
	// Notes are sentences about what else the operator should know.
	Notes    []string
	Requests int // to the target
}

// NeedsDiscovery reports whether the configuration leaves anything to find out: it
// names no endpoint to read, or asks for a document.
func (c Config) NeedsDiscovery() bool {
	return c.OpenAPI != noDocument && (c.OpenAPI != "" || !c.namesReads())
}

func (c Config) namesReads() bool {
	return len(c.Reads) > 0 || c.GraphQL.Path != "" || c.JSONRPC.Path != "" ||
		slices.ContainsFunc(c.Endpoints, func(e EndpointConfig) bool { return e.Reads || orGET(e.Method) == http.MethodGet })
}

// DiscoverAt asks the target, with GET alone and within the limits, for what the
// configuration does not say, and gives a configuration that says it. The deployment is the
// one that was made of the configuration. A target that does not answer is an
// [UnreachableError].
func (c Config) DiscoverAt(ctx context.Context, d Deployment) (Config, Discovery, error) {
	if !c.NeedsDiscovery() {
		return c, Discovery{}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, discoveryTime, fmt.Errorf("it took more than %s", discoveryTime))
	defer cancel()
	f := &finder{config: c, deployment: d, ctx: ctx}
	f.preset, _ = c.named() // which Deployment has checked
	doc, ok, err := f.lookForDocument()
	if err != nil {
		return c, Discovery{}, err
	}
	if f.tap, err = f.newTap(d.Limits); err != nil {
		return c, Discovery{}, err
	}
	defer f.tap.Close()
	if ok {
		f.fromDocument(doc)
	} else {
		f.guess()
	}
	nothing := f.get(d.Facts.At("/crossexam-"+d.Facts.Label), false)
	f.graphQL(nothing)
	for _, look := range []func(*cors.Response){f.jsonRPC, f.itself} {
		if !slices.ContainsFunc(f.found.Reads, func(e scenarios.Endpoint) bool { return e.Private }) {
			look(nothing)
		}
	}
	if f.rebased {
		c.URL = d.Facts.Origin().String()
	}
	f.found.Requests += f.tap.Requests()
	if silent := f.tap.Silent(); silent != nil && len(f.found.Reads) == 0 {
		return c, f.found, &UnreachableError{silent}
	}
	c.found = &f.found
	return c, f.found, context.Cause(ctx)
}

func (f *finder) newTap(l tap.Limits) (*tap.Tap, error) {
	return tap.New(tap.Options{Upstream: f.deployment.Upstream, Limits: l, Run: "crossexam-discovery", Browser: f.config.browser,
		ClientCertificate: f.deployment.Credentials.Certificate(), Conceal: f.deployment.Credentials.Without,
		AllowWrite: func(method, u string) bool {
			return method == http.MethodPost && f.posts != "" && f.deployment.Credentials.Without(u) == f.posts
		}})
}

// lookForDocument reaches the target and looks for its document, by a tap of its
// own: taps keep what they carry, and documents are large.
func (f *finder) lookForDocument() (document, bool, error) {
	l := f.deployment.Limits
	l.BodyBytes = documentLimit
	t, err := f.newTap(l)
	if err != nil {
		return document{}, false, err
	}
	defer t.Close()
	if err := t.Reach(f.ctx); err != nil {
		return document{}, false, &UnreachableError{err}
	}
	f.tap = t
	defer func() { f.found.Requests += t.Requests() }()
	doc, ok, err := f.document()
	if silent := t.Silent(); silent != nil && !ok {
		return document{}, false, &UnreachableError{silent}
	}
	return doc, ok, err
}

// DiscoverOffline is [Config.DiscoverAt] without any request: it takes what an
// OpenAPI file says, unverified, and finds nothing without one.
func (c Config) DiscoverOffline() (Config, Discovery, error) {
	if !c.NeedsDiscovery() || c.OpenAPI == "" || isURL(c.OpenAPI) {
		return c, Discovery{}, nil
	}
	d, ps := c.assemble()
	if err := ps.orNil(); err != nil {
		return c, Discovery{}, err
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), discoveryTime, fmt.Errorf("it took more than %s", discoveryTime))
	defer cancel()
	f := &finder{config: c, deployment: d, offline: true, ctx: ctx}
	f.preset, _ = c.named() // which assemble has checked
	doc, _, err := f.document()
	if err != nil {
		return c, Discovery{}, err
	}
	f.fromDocument(doc)
	c.found = &f.found
	return c, f.found, nil
}

// UnreachableError says that the target did not answer.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return e.Err.Error() }
func (e *UnreachableError) Unwrap() error { return e.Err }

// A finder makes one discovery.
type finder struct {
	config     Config
	deployment Deployment
	tap        *tap.Tap
	ctx        context.Context
	offline    bool
	preset     Preset // the empty one where none is named
	// behindLogin says that there is a read that needs a login nobody gave.
	behindLogin bool
	carried     int // bytes of what might have been a document
	// posts is the URL that may be asked by POST, because it says that it is JSON-RPC;
	// empty for none.
	posts string
	// rebased says that the target's URL is an endpoint itself, whose path what was found
	// has.
	rebased bool
	found   Discovery
}

func (f *finder) note(format string, args ...any) {
	f.found.Notes = append(f.found.Notes, fmt.Sprintf(format, args...))
}

// get asks the target for an absolute URL on its own origin.
func (f *finder) get(u string, anonymous bool) *cors.Response {
	h := cors.Headers{{Name: "Accept", Value: "*/*"}} // as a fetch of a page has it
	if !anonymous {
		h = append(h, f.deployment.Credentials.headers()...)
	}
	if !anonymous {
		u = f.deployment.Credentials.At(u, scenarios.Query)
	}
	return f.tap.Probe(f.ctx, cors.Request{
		Method: http.MethodGet, URL: u, Headers: h,
		ClientCertificate: !anonymous && f.deployment.Credentials.ClientCertificate != nil,
	}).Response
}

// headers are the credentials as far as they can be written without a browser.
func (c Credentials) headers() cors.Headers {
	var h cors.Headers
	var pairs []string
	for _, line := range c.Cookies {
		pair, _, _ := strings.Cut(line, ";")
		pairs = append(pairs, strings.TrimSpace(pair))
	}
	if len(pairs) > 0 {
		h = append(h, cors.Header{Name: "Cookie", Value: strings.Join(pairs, "; ")})
	}
	h = append(h, c.Headers...)
	switch {
	case h.Has("Authorization"):
	case c.Bearer != "":
		h = append(h, cors.Header{Name: "Authorization", Value: "Bearer " + c.Bearer})
	case c.Basic != nil:
		h = append(h, cors.Header{Name: "Authorization", Value: c.Basic.Header()})
	}
	return h
}

// document finds the OpenAPI document. One that the operator named must be there.
func (f *finder) document() (document, bool, error) {
	named := f.config.OpenAPI
	fail := func(err error) (document, bool, error) {
		return document{}, false, Problems{f.config.from.problem("openapi", fmt.Errorf("the OpenAPI document %s: %w", named, err))}
	}
	switch {
	case named != "" && !isURL(named):
		data, err := bounded.ReadFile(named, documentLimit)
		if err != nil {
			return fail(err)
		}
		doc, err := parseDocument(f.ctx, data)
		if err != nil {
			return fail(err)
		}
		f.found.Document = named
		return doc, true, nil
	case named != "":
		doc, why := f.fetch(named)
		if why != nil {
			return fail(why)
		}
		f.found.Document = named
		return doc, true, nil
	}
	base, root := f.deployment.Facts.URL, f.deployment.Facts.Origin().String()
	var places []string
	for _, p := range documentPaths {
		places = append(places, base+p)
	}
	if base != root {
		for _, p := range documentPaths[:4] {
			places = append(places, root+p)
		}
	}
	for _, u := range places {
		doc, why := f.fetch(u)
		if why == nil {
			f.found.Document = u
			return doc, true, nil
		}
		if errors.Is(why, errNotReadable) {
			f.note("There is something at %s that looks like an OpenAPI document, and %s. Name what to read with `read`, or give a smaller document with `openapi`.", u, why)
		}
	}
	for _, p := range Presets() {
		if p.docsPage == "" {
			continue
		}
		u, ok := f.documentOf(base + p.docsPage)
		if !ok || slices.Contains(places, u) {
			continue
		}
		if doc, why := f.fetch(u); why == nil {
			f.found.Document = u
			return doc, true, nil
		}
	}
	return document{}, false, nil
}

// documentURL finds, in the script of a page that shows a document (Swagger UI),
// the document's URL.
var documentURL = regexp.MustCompile(`\burl:\s*['"]([^'"\\\s]+)['"]`)

// documentOf is the URL of the document that a page shows, if it is the target's.
func (f *finder) documentOf(page string) (string, bool) {
	r := f.get(page, true)
	if r == nil || r.Status != http.StatusOK {
		return "", false
	}
	named := documentURL.FindStringSubmatch(r.Body)
	at, err := url.Parse(page)
	if named == nil || err != nil {
		return "", false
	}
	u, err := at.Parse(named[1])
	if err != nil || u.User != nil || cors.OriginOf(u) != f.deployment.Facts.Origin() {
		return "", false
	}
	return u.String(), true
}

var errNotReadable = errors.New("it cannot be read")

// fetch gets a document from the target: without the credential, then with it.
func (f *finder) fetch(u string) (document, error) {
	if f.carried > documentsLimit {
		return document{}, errors.New("the target sent more than is read of documents")
	}
	r := f.get(u, true)
	if r != nil && (r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden) && len(f.deployment.Credentials.headers()) > 0 {
		r = f.get(u, false)
	}
	if r == nil {
		return document{}, errors.New("the target did not answer")
	}
	f.carried += len(r.Body)
	switch {
	case r.Status != http.StatusOK:
		return document{}, fmt.Errorf("the target answered %d", r.Status)
	case r.Truncated:
		return document{}, fmt.Errorf("%w: it is larger than %d bytes or did not end", errNotReadable, documentLimit)
	}
	doc, err := parseDocument(f.ctx, []byte(r.Body))
	if err != nil && looksLikeDocument(r.Body) {
		return document{}, fmt.Errorf("%w: %w", errNotReadable, err)
	}
	return doc, err
}

// looksLikeDocument tells a document that cannot be read from a page.
func looksLikeDocument(body string) bool {
	start := body[:min(len(body), 4096)]
	return !strings.HasPrefix(strings.TrimSpace(start), "<") && (strings.Contains(start, "openapi") || strings.Contains(start, "swagger"))
}

// checkDocument checks the entry openapi.
func (c Config) checkDocument(t scenarios.Target) error {
	if !isURL(c.OpenAPI) {
		return nil
	}
	u, err := url.Parse(c.OpenAPI)
	switch {
	case err != nil:
		return fmt.Errorf("the OpenAPI document %q is not a URL: write it like %s/openapi.json", c.OpenAPI, t.URL)
	case cors.OriginOf(u) != t.Origin() || u.User != nil:
		return fmt.Errorf("the OpenAPI document is on %s and the target on %s: Crossexam contacts nobody but the target; download it, and give the file", cors.OriginOf(u), t.Origin())
	}
	return nil
}

// addDiscovered adds to a deployment what was found out. What the operator named
// wins. Where nothing can be read, nothing is made up.
func (c Config) addDiscovered(d *Deployment) {
	if c.found != nil {
		d.Beyond = slices.Clone(c.found.beyond)
		if len(d.Facts.Reads()) == 0 {
			d.Facts.Endpoints = append(d.Facts.Endpoints, c.found.Reads...)
		} else {
			d.Beyond = slices.Concat(c.found.Reads, d.Beyond)
		}
		for _, w := range c.found.Writes {
			if !slices.ContainsFunc(d.Facts.Endpoints, func(e scenarios.Endpoint) bool { return e.Method == w.Method }) {
				d.Facts.Endpoints = append(d.Facts.Endpoints, w)
			}
		}
		for _, r := range c.found.Errors {
			if !c.unwanted(r.Status) && !slices.ContainsFunc(d.Facts.Errors, func(e scenarios.ErrorRecipe) bool { return e.Status == r.Status && !e.Proxy }) {
				r.Discovered = true
				d.Facts.Errors = append(d.Facts.Errors, r)
			}
		}
		d.Notes = append(d.Notes, c.found.Summary()...)
		d.Discovery = c.found
	}
}

// Without is the discovery without the endpoints whose path has something in it that must
// not be written, such as a secret that the target was told. A note says how many.
func (d Discovery) Without(secret func(path string) bool) Discovery {
	before := len(d.Reads) + len(d.Writes) + len(d.Errors) + len(d.Streams) + len(d.Left)
	endpoint := func(e scenarios.Endpoint) bool { return secret(e.Path) }
	d.Reads = slices.DeleteFunc(slices.Clone(d.Reads), endpoint)
	d.Writes = slices.DeleteFunc(slices.Clone(d.Writes), endpoint)
	d.Errors = slices.DeleteFunc(slices.Clone(d.Errors), func(r scenarios.ErrorRecipe) bool { return secret(r.Path) })
	d.Streams = slices.DeleteFunc(slices.Clone(d.Streams), secret)
	d.Left = slices.DeleteFunc(slices.Clone(d.Left), func(l LeftAlone) bool { return secret(l.operation) })
	if n := before - len(d.Reads) - len(d.Writes) - len(d.Errors) - len(d.Streams) - len(d.Left); n > 0 {
		d.Notes = append(slices.Clone(d.Notes), fmt.Sprintf("Paths with a secret of the victim in them are left out: %d.", n))
	}
	return d
}

// Summary says in sentences what was found and what is left alone.
func (d Discovery) Summary() []string {
	var s []string
	if d.Recording != "" {
		s = append(s, "Read from a recording of "+d.Recording+".")
		return append(append(s, leftByReason(d.Left)...), d.Notes...)
	}
	if d.recognised != "" {
		s = append(s, d.recognised+": "+d.whereToFix+".")
	}
	where := "No OpenAPI document was found; the usual paths were tried."
	if d.Document != "" {
		where = "The endpoints are from the OpenAPI document " + d.Document + "."
	}
	s = append(s, where)
	names := make([]string, len(d.Reads))
	for i, e := range d.Reads {
		names[i] = readName(e)
		if !e.Private {
			names[i] += " (open)"
		}
	}
	if len(names) > 0 {
		s = append(s, "Read: "+strings.Join(names, ", ")+".")
	} else {
		s = append(s, "No endpoint was found that can be read: name one with `read`.")
	}
	if len(d.Writes) > 0 {
		names = names[:0]
		for _, e := range d.Writes {
			names = append(names, e.String())
		}
		s = append(s, "Writes that a page could try, all withheld from the target: "+strings.Join(names, ", ")+".")
	}
	if len(d.Errors) > 0 {
		names = names[:0]
		for _, r := range d.Errors {
			names = append(names, fmt.Sprintf("%d by %s %s", r.Status, r.Method, r.Path))
		}
		s = append(s, "Errors provoked: "+strings.Join(names, ", ")+".")
	}
	s = append(s, leftByReason(d.Left)...)
	return append(s, d.Notes...)
}

// Variables are the names to which the references lead that are in use, in order.
func (d Discovery) Variables() []string {
	var names []string
	for _, r := range d.References {
		for _, name := range r.variables() {
			if !r.Spare && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
