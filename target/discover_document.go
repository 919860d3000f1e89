package target

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded"
)

// documentPaths are the places where frameworks and gateways have their OpenAPI
// documents.
var documentPaths = []string{
	"/openapi.json", "/openapi.yaml", "/swagger.json", "/v3/api-docs", "/api/openapi.json", "/api/v1/openapi.json",
	"/swagger/v1/swagger.json", "/api/swagger.json", "/docs/openapi.json", "/api-docs", "/api/docs/openapi.json", "/v2/api-docs",
	// ASP.NET Core 9, NestJS, Fastify, swag for Go, DRF with drf-spectacular, Litestar, Quarkus, Flasgger.
	"/openapi/v1.json", "/api-json", "/documentation/json", "/swagger/doc.json", "/api/schema/", "/schema/openapi.json", "/q/openapi", "/apispec_1.json",
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

// document finds the OpenAPI document. One that the operator named must be there.
func (f *finder) document() (document, bool, error) {
	if named := f.config.OpenAPI; named != "" {
		doc, err := f.namedDocument(named)
		if err != nil {
			return document{}, false, Problems{f.config.from.problem("openapi", fmt.Errorf("the OpenAPI document %s: %w", named, err))}
		}
		f.found.Document = named
		return doc, true, nil
	}
	if doc, ok := f.documentItself(); ok {
		return doc, true, nil
	}
	places := f.usualPlaces()
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
	doc, ok := f.documentOfPage(places)
	return doc, ok, nil
}

// namedDocument reads the document that the configuration names, a file or a URL.
func (f *finder) namedDocument(named string) (document, error) {
	if isURL(named) {
		return f.fetch(named)
	}
	data, err := bounded.ReadFile(named, documentLimit)
	if err != nil {
		return document{}, err
	}
	return parseDocument(f.ctx, data)
}

// usualPlaces are the URLs at which documents usually are: below the target's, and on its
// origin.
func (f *finder) usualPlaces() []string {
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
	return places
}

// documentOfPage is the document that a page of documentation shows, and that is at none of
// the places that were asked.
func (f *finder) documentOfPage(asked []string) (document, bool) {
	pages := []string{"/"} // where Swagger UI may be too
	for _, p := range Presets() {
		if p.docsPage != "" {
			pages = append(pages, p.docsPage)
		}
	}
	for _, p := range pages {
		u, ok := f.documentOf(f.deployment.Facts.URL + p)
		if !ok || slices.Contains(asked, u) {
			continue
		}
		if doc, why := f.fetch(u); why == nil {
			f.found.Document = u
			return doc, true
		}
	}
	return document{}, false
}

// documentURL finds, in the script of a page that shows a document (Swagger UI),
// the document's URL. Any page may name others so, and of those none is asked for.
var documentURL = regexp.MustCompile(`\burl['"]?\s*:\s*['"]([^'"\\\s]*(?:openapi|swagger|spec|schema|api-docs|\.json|\.ya?ml)[^'"\\\s]*)['"]`)

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
