package target

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

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

type securityScheme struct{ Type, Scheme, In, Name string }

// parts are what is not read yet, by name.
type parts map[string]json.RawMessage

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
