package target

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
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
	nothing := f.get(f.deployment.Facts.At(d.Facts.UnknownPath()), false)
	f.graphQL(nothing)
	if !f.readsBelow("") {
		f.jsonRPC(nothing)
	}
	if !f.readsBelow("/") { // which many servers take for the URL without it
		f.itself(nothing)
	}
	if _, below := f.ownPath(); below && ok && len(f.found.Reads)+len(f.found.Writes)+len(f.found.Methods) == 0 {
		f.rebase() // the document is of another part of this host, or of all of it
		f.fromDocument(doc)
	}
	if f.rebased {
		c.URL = f.deployment.Facts.URL
	}
	f.found.Requests += f.tap.Requests()
	if silent := f.tap.Silent(); silent != nil && len(f.found.Reads) == 0 {
		return c, f.found, &UnreachableError{silent}
	}
	c.found = &f.found
	return c, f.found, context.Cause(ctx)
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

// UnreachableError says that the target did not answer.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return e.Err.Error() }

func (e *UnreachableError) Unwrap() error { return e.Err }
