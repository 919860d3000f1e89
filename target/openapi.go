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

// parts are what is not read yet, by name.
type parts map[string]json.RawMessage

type securityScheme struct{ Type, Scheme, In, Name string }

type rawOperation struct {
	OperationID        string
	Security           *[]map[string]json.RawMessage
	Parameters         []json.RawMessage
	Responses          parts
	RequestBody        json.RawMessage
	Consumes, Produces []string // of Swagger 2.0
}

type rawParameter struct {
	Name, In string
	Required bool
	Example  json.RawMessage
	Examples parts
	Schema   json.RawMessage

	rawSchema // of Swagger 2.0, where the parameter is its own schema
}

type rawSchema struct {
	Type     json.RawMessage // a name or a list of them
	Default  json.RawMessage
	Example  json.RawMessage
	Examples []json.RawMessage
	AnyOf    []json.RawMessage
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

// A partReader reads the parts of a document. What is referred to is read once.
type partReader struct {
	ctx        context.Context
	all        *openAPI
	secured    bool                 // what does not say otherwise
	parameters map[string]parameter // by reference, as the others
	schemas    map[string]rawSchema
	contents   map[string]content
	kept       int // parameters
}

// content is what a request or a response carries.
type content struct {
	known        bool // it says
	json, events bool
	plainJSON    bool // application/json itself
}

// reference is what a part refers to in its place, or empty.
func (r *partReader) reference(raw json.RawMessage) string {
	var ref struct {
		Ref string `json:"$ref"`
	}
	r.all.decode(raw, &ref)
	return ref.Ref
}

// at is the part that a reference leads to, which may be by others, or nil.
func (r *partReader) at(ref string, places map[string]parts) json.RawMessage {
	for range maxIndirection {
		at := strings.LastIndexByte(ref, '/') + 1
		name, err := url.PathUnescape(ref[at:])
		if err != nil {
			return nil
		}
		// RFC 6901, section 4.
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		raw := places[ref[:at]][name]
		if ref = r.reference(raw); ref == "" {
			return raw
		}
	}
	return nil
}

// part is read of what stands in its place, or once of what it refers to.
func part[T any](r *partReader, raw json.RawMessage, known map[string]T, places map[string]parts, read func(json.RawMessage) T) T {
	ref := r.reference(raw)
	if ref == "" {
		return read(raw)
	}
	t, ok := known[ref]
	if !ok {
		t = read(r.at(ref, places))
		known[ref] = t
	}
	return t
}

func (r *partReader) pathItem(doc *document, path string, raw json.RawMessage) error {
	if ref := r.reference(raw); ref != "" {
		raw = r.at(ref, map[string]parts{"#/components/pathItems/": r.all.Components.PathItems})
	}
	var item parts
	r.all.decode(raw, &item)
	var list []json.RawMessage
	r.all.decode(item["parameters"], &list)
	shared, err := r.parameterList(list, nil)
	if err != nil {
		return err
	}
	for _, method := range methods {
		raw, ok := item[strings.ToLower(method)]
		if !ok || raw[0] != '{' {
			continue
		}
		op, err := r.operation(method, path, raw, shared)
		switch {
		case err != nil:
			return err
		case len(doc.operations) == maxOperations:
			return fmt.Errorf("it describes more than %d operations", maxOperations)
		case r.ctx.Err() != nil:
			return context.Cause(r.ctx)
		}
		doc.security = doc.security || op.secured
		doc.operations = append(doc.operations, op)
	}
	return nil
}

func (r *partReader) operation(method, path string, raw json.RawMessage, shared []parameter) (operation, error) {
	var o rawOperation
	r.all.decode(raw, &o)
	op := operation{method: method, path: path, secured: r.secured}
	if len(o.OperationID) <= maxName {
		op.id = o.OperationID
	}
	if o.Security != nil {
		op.secured = needsLogin(*o.Security)
	}
	var err error
	if op.parameters, err = r.parameterList(o.Parameters, shared); err != nil {
		return op, err
	}
	if o.RequestBody != nil {
		op.jsonBody = part(r, o.RequestBody, r.contents, map[string]parts{"#/components/requestBodies/": r.all.Components.RequestBodies}, r.content).plainJSON
	} else if r.all.OpenAPI == nil && slices.ContainsFunc(op.parameters, func(p parameter) bool { return p.in == "body" }) {
		op.jsonBody = r.media(o.Consumes, r.all.Consumes).plainJSON
	}
	for code, raw := range o.Responses {
		status, err := strconv.Atoi(code)
		if err != nil {
			continue
		}
		op.statuses = append(op.statuses, status)
		if status < 200 || status > 299 {
			continue
		}
		c := part(r, raw, r.contents, map[string]parts{"#/components/responses/": r.all.Components.Responses, "#/responses/": r.all.Responses}, r.content)
		if r.all.OpenAPI == nil && c.known {
			c = r.media(o.Produces, r.all.Produces)
		}
		op.stream, op.json = op.stream || c.events, op.json || c.json
	}
	slices.Sort(op.statuses)
	return op, nil
}

// needsLogin tells of requirements, of which one has to be met: an empty one among
// them makes the login optional.
func needsLogin(requirements []map[string]json.RawMessage) bool {
	return len(requirements) > 0 && !slices.ContainsFunc(requirements, func(q map[string]json.RawMessage) bool { return len(q) == 0 })
}

// parameterList gives the parameters of a path and those of an operation, which win.
func (r *partReader) parameterList(own []json.RawMessage, shared []parameter) ([]parameter, error) {
	if r.kept += len(own) + len(shared); r.kept > maxParameters {
		return nil, fmt.Errorf("its operations have more than %d parameters", maxParameters)
	}
	places := map[string]parts{"#/components/parameters/": r.all.Components.Parameters, "#/parameters/": r.all.Parameters}
	var list []parameter
	type key struct{ name, in string }
	named := map[key]bool{}
	for _, raw := range own {
		p := part(r, raw, r.parameters, places, r.parameter)
		if p.name != "" && len(p.name) <= maxName {
			list = append(list, p)
			named[key{p.name, p.in}] = true
		}
	}
	for _, p := range shared {
		if !named[key{p.name, p.in}] {
			list = append(list, p)
		}
	}
	return list, nil
}

func (r *partReader) parameter(raw json.RawMessage) parameter {
	var in rawParameter
	r.all.decode(raw, &in)
	p := parameter{name: in.Name, in: in.In, required: in.Required}
	samples := []json.RawMessage{in.Example}
	for _, name := range slices.Sorted(maps.Keys(in.Examples)) {
		raw := in.Examples[name]
		if ref := r.reference(raw); ref != "" {
			raw = r.at(ref, map[string]parts{"#/components/examples/": r.all.Components.Examples})
		}
		var e struct{ Value json.RawMessage }
		r.all.decode(raw, &e)
		samples = append(samples, e.Value)
	}
	s := in.rawSchema
	if in.Schema != nil {
		s = r.schema(in.Schema)
	}
	p.number = r.isNumber(s)
	for _, v := range append(append(samples, s.Default, s.Example), s.Examples...) {
		if text, ok := plain(v); ok {
			p.sample, p.hasSample = text, true
			break
		}
	}
	return p
}

func (r *partReader) schema(raw json.RawMessage) rawSchema {
	places := map[string]parts{"#/components/schemas/": r.all.Components.Schemas, "#/definitions/": r.all.Definitions}
	return part(r, raw, r.schemas, places, func(raw json.RawMessage) rawSchema {
		var s rawSchema
		r.all.decode(raw, &s)
		s.Examples = s.Examples[:min(len(s.Examples), maxList)]
		return s
	})
}

// isNumber reports whether text is an error for a schema. FastAPI writes an optional
// number as anyOf with null.
func (r *partReader) isNumber(s rawSchema) bool {
	number := is(s, "integer", "number", "boolean")
	if len(s.AnyOf) > maxIndirection {
		return false
	}
	for _, raw := range s.AnyOf {
		switch one := r.schema(raw); {
		case is(one, "string"):
			return false
		case is(one, "integer", "number", "boolean"):
			number = true
		case !is(one, "null"):
			return false
		}
	}
	return number
}

// is reports whether a schema is of one of the types, or of that and null.
func is(s rawSchema, types ...string) bool {
	var one string
	var list []string
	switch {
	case len(s.Type) > maxName:
		return false
	case json.Unmarshal(s.Type, &one) == nil:
		return slices.Contains(types, one)
	case json.Unmarshal(s.Type, &list) != nil:
		return false
	}
	list = slices.DeleteFunc(list, func(t string) bool { return t == "null" })
	return len(list) > 0 && !slices.ContainsFunc(list, func(t string) bool { return !slices.Contains(types, t) })
}

// content reads the body of a request, or a response.
func (r *partReader) content(raw json.RawMessage) content {
	var in struct {
		Content parts
		Schema  json.RawMessage // of Swagger 2.0
	}
	r.all.decode(raw, &in)
	c := r.media(slices.Collect(maps.Keys(in.Content)), nil)
	c.known = len(in.Content) > 0 || in.Schema != nil
	return c
}

// media tells of media types, of which those of an operation win over the default,
// which is JSON in Swagger 2.0.
func (r *partReader) media(types, fallback []string) content {
	if types == nil {
		types = fallback
	}
	if len(types) == 0 && r.all.OpenAPI == nil {
		types = []string{"application/json"}
	}
	c := content{known: true}
	for _, t := range types {
		c.events = c.events || strings.HasPrefix(t, "text/event-stream")
		c.json = c.json || strings.Contains(t, "json")
		c.plainJSON = c.plainJSON || t == "application/json"
	}
	return c
}

// plain writes a value as it stands in a URL.
func plain(raw json.RawMessage) (string, bool) {
	var text string
	switch {
	case len(raw) == 0 || len(raw) > maxName || raw[0] == '{' || raw[0] == '[' || raw[0] == 'n':
		return "", false
	case json.Unmarshal(raw, &text) == nil:
		return text, text != ""
	}
	return string(raw), true // a number, true or false
}
