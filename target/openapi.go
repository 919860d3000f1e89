package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/bounded"
)

// What is read of a document that describes an API. The largest that people
// publish have 12 MB and a thousand paths.
const (
	documentLimit = 16 << 20 // bytes
	// yamlLimit and the number of values are lower for YAML, whose tree is larger.
	yamlLimit      = 8 << 20
	maxDepth       = 200 // of JSON and YAML
	maxValues      = 2_000_000
	maxYAMLValues  = 600_000
	maxPaths       = 10_000
	maxParameters  = 100_000 // of all operations together
	maxOperations  = 20_000
	maxIndirection = 8    // references that lead to references, and types of one value
	maxPath        = 2048 // bytes
	maxName        = 256  // bytes, of a parameter, an id, a value
	maxList        = 32   // of what is told in a sentence
)

// methods are the members of a path item that are operations
// (OpenAPI 3.1, section 4.8.9.1), GET first.
var methods = []string{
	http.MethodGet, http.MethodDelete, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace,
}

// An openAPI is an OpenAPI 3 document or a Swagger 2.0 one, of which the parts are
// read when they are wanted: no library that reads all of one does it within
// limits. A part of the wrong type counts as missing.
type openAPI struct {
	OpenAPI any
	Swagger any
	Info    struct {
		Title   string
		Contact struct{ URL string }
	}
	ExternalDocs struct{ URL string }
	Servers      []struct {
		URL       string
		Variables map[string]struct{ Default string }
	}
	Security   []map[string]json.RawMessage
	Components struct {
		Schemas         parts
		Parameters      parts
		Responses       parts
		RequestBodies   parts
		Examples        parts
		PathItems       parts
		SecuritySchemes map[string]securityScheme
	}
	Paths parts

	// Of Swagger 2.0.
	Host                string
	BasePath            string
	Consumes, Produces  []string
	Definitions         parts
	Parameters          parts
	Responses           parts
	SecurityDefinitions map[string]securityScheme
}

// parseDocument reads an OpenAPI 3 document or a Swagger 2.0 one, JSON or YAML,
// until ctx is done. References out of the document are not followed.
func parseDocument(ctx context.Context, data []byte) (document, error) {
	type result struct {
		doc document
		err error
	}
	done := make(chan result, 1)
	go func() {
		doc, err := readOpenAPI(ctx, data)
		done <- result{doc, err}
	}()
	select {
	case r := <-done:
		return r.doc, r.err
	case <-ctx.Done():
		return document{}, fmt.Errorf("it took too long to read: %w", context.Cause(ctx))
	}
}

func readOpenAPI(ctx context.Context, data []byte) (document, error) {
	data, err := bounded.ToJSON(data,
		bounded.Limits{Bytes: documentLimit, Depth: maxDepth, Values: maxValues},
		bounded.Limits{Bytes: yamlLimit, Depth: maxDepth, Values: maxYAMLValues})
	if err != nil {
		return document{}, err
	}
	var all openAPI
	all.decode(data, &all)
	switch {
	case all.OpenAPI == nil && all.Swagger == nil:
		return document{}, errors.New("it has neither openapi nor swagger at its top, so that it is no OpenAPI document")
	case len(all.Paths) > maxPaths:
		return document{}, fmt.Errorf("it has more than %d paths", maxPaths)
	}
	doc := document{title: all.Info.Title, schemas: slices.Sorted(maps.Keys(all.Components.Schemas))}
	if all.OpenAPI == nil {
		doc.schemas = slices.Sorted(maps.Keys(all.Definitions))
	}
	doc.server(all)
	doc.links(all)
	doc.logins(all)
	all.Consumes, all.Produces = all.Consumes[:min(len(all.Consumes), maxList)], all.Produces[:min(len(all.Produces), maxList)]
	r := &partReader{
		ctx: ctx, all: &all, secured: needsLogin(all.Security),
		parameters: map[string]parameter{}, schemas: map[string]rawSchema{}, contents: map[string]content{},
	}
	for _, path := range slices.Sorted(maps.Keys(all.Paths)) {
		if len(path) > maxPath {
			continue
		}
		if err := r.pathItem(&doc, path, all.Paths[path]); err != nil {
			return document{}, err
		}
	}
	if len(doc.operations) == 0 {
		return document{}, errors.New("it describes no operation")
	}
	doc.dropForeignIDs()
	return doc, nil
}

// decode reads a part. What in it has another type than it should stays empty.
func (*openAPI) decode(data []byte, into any) {
	// The text is JSON, which was checked: this can be an error of type alone,
	// after which the rest is read all the same.
	_ = json.Unmarshal(data, into)
}

// server takes the path of the first server. Its host may be another one than the
// target's: documents name the one that users should use.
func (d *document) server(all openAPI) {
	address := ""
	switch {
	case len(all.Servers) > 0:
		address = all.Servers[0].URL
		for name, v := range all.Servers[0].Variables {
			if len(address)+len(v.Default) > maxPath {
				return
			}
			address = strings.ReplaceAll(address, "{"+name+"}", v.Default)
		}
	case all.OpenAPI == nil && all.Host != "":
		address = "//" + all.Host + "/" + strings.TrimPrefix(all.BasePath, "/")
	case all.OpenAPI == nil:
		address = all.BasePath
	}
	if address == "" || len(address) > maxPath {
		return
	}
	if u, err := url.Parse(address); err == nil {
		d.prefix, d.hasServer = strings.TrimSuffix("/"+strings.TrimPrefix(u.EscapedPath(), "/"), "/"), true
	}
}

// links are the origins of the servers, of which the first few count, and of where the
// document leads people.
func (d *document) links(all openAPI) {
	addresses := []string{all.ExternalDocs.URL, all.Info.Contact.URL}
	for _, s := range all.Servers[:min(len(all.Servers), maxList)] {
		addresses = append(addresses, s.URL)
	}
	if all.Host != "" {
		addresses = append(addresses, "https://"+all.Host)
	}
	for _, address := range addresses {
		if len(address) > maxPath {
			continue
		}
		if u, err := url.Parse(address); err == nil && u.Host != "" && !strings.ContainsAny(u.Host, "{}") {
			if o := cors.OriginOf(u); !o.IsOpaque() && !slices.Contains(d.origins, o.String()) {
				d.origins = append(d.origins, o.String())
			}
		}
	}
}

func (d *document) logins(all openAPI) {
	schemes := all.Components.SecuritySchemes
	if all.OpenAPI == nil {
		schemes = all.SecurityDefinitions
	}
	for _, s := range schemes {
		if len(s.Scheme)+len(s.Name) > maxName {
			continue
		}
		switch s.Type {
		case "http":
			d.schemes = append(d.schemes, strings.ToLower(s.Scheme))
		case "basic": // Swagger 2.0
			d.schemes = append(d.schemes, "basic")
		case "oauth2", "openIdConnect":
			d.schemes = append(d.schemes, "bearer")
		case "apiKey":
			d.schemes = append(d.schemes, s.In+" "+strconv.Quote(s.Name))
		}
	}
	slices.Sort(d.schemes)
	d.schemes = slices.Compact(d.schemes)
	d.schemes = d.schemes[:min(len(d.schemes), maxList)]
}

// dropForeignIDs takes away the ids that say nothing of their operation: those that
// several have, and those that FastAPI made for another method. It gives all methods
// of a route one id, and whose method that ends in differs from start to start.
func (d *document) dropForeignIDs() {
	count := map[string]int{}
	for _, op := range d.operations {
		count[op.id]++
	}
	for i, op := range d.operations {
		if count[op.id] > 1 || op.madeFor() != "" && op.madeFor() != op.method {
			d.operations[i].id = ""
		}
	}
}

// madeFor is the method for which FastAPI made the id (fastapi.utils.generate_unique_id),
// or empty.
func (op operation) madeFor() string {
	path := strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, op.path)
	for _, method := range methods {
		if strings.HasSuffix(op.id, path+"_"+strings.ToLower(method)) {
			return method
		}
	}
	return ""
}
