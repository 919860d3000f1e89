package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"

	"github.com/crossexam/crossexam/cors"
)

// A document is what an API says of itself, as far as it bears on discovery.
type document struct {
	operations []operation // by path, GET first
	// prefix is the path of the server that the document names, before each of
	// its paths; hasServer is false where it names none.
	prefix    string
	hasServer bool
	// schemes are the ways to log in, such as "bearer".
	schemes []string
	// title and schemas, by name, tell applications apart.
	title   string
	schemas []string
	// security tells whether the document says of anything that it needs a login.
	security bool
}

// An operation is one method on one path of a document.
type operation struct {
	method     string
	path       string // below the server, with its parameters in braces
	id         string
	secured    bool
	parameters []parameter
	statuses   []int // that it documents
	stream     bool  // it answers with events, without an end
	json       bool  // it answers with JSON
	jsonBody   bool  // it takes JSON
}

type parameter struct {
	name, in string
	required bool
	number   bool // an integer, a number or a boolean, for which text is an error
	// sample is the value that the document gives as an example or default.
	sample    string
	hasSample bool
}

// parseDocument reads an OpenAPI 3 document or a Swagger 2.0 one, JSON or YAML.
// References out of the document are not followed.
func parseDocument(data []byte) (doc document, err error) {
	// It comes from the target, and the library that reads it is large.
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("it is not an OpenAPI document that can be read")
		}
	}()
	var head struct {
		Swagger any `yaml:"swagger" json:"swagger"`
		OpenAPI any `yaml:"openapi" json:"openapi"`
	}
	if json.Unmarshal(data, &head) != nil {
		if err := yaml.Unmarshal(data, &head); err != nil {
			return document{}, errors.New("it is neither JSON nor YAML")
		}
	}
	var t *openapi3.T
	switch {
	case head.OpenAPI != nil:
		t, err = openapi3.NewLoader().LoadFromData(data)
	case head.Swagger != nil:
		t, err = loadSwagger(data)
	default:
		return document{}, errors.New("it has neither openapi nor swagger at its top, so that it is no OpenAPI document")
	}
	if err != nil {
		return document{}, fmt.Errorf("it is not an OpenAPI document that can be read: %w", err)
	}
	if t.Info != nil {
		doc.title = t.Info.Title
	}
	if t.Components != nil {
		doc.schemas = slices.Sorted(maps.Keys(t.Components.Schemas))
	}
	doc.server(t.Servers)
	doc.logins(t)
	if t.Paths != nil {
		for _, path := range slices.Sorted(maps.Keys(t.Paths.Map())) {
			doc.add(t, path, t.Paths.Value(path))
		}
	}
	slices.SortStableFunc(doc.operations, func(a, b operation) int { return strings.Compare(a.path, b.path) })
	return doc, nil
}

func loadSwagger(data []byte) (*openapi3.T, error) {
	var doc openapi2.T
	if !json.Valid(data) {
		var err error
		if data, err = yaml.YAMLToJSON(data); err != nil {
			return nil, err
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	return openapi2conv.ToV3(&doc)
}

// server takes the path of the first server. Its host may be another one than the
// target's: documents name the one that users should use.
func (d *document) server(list openapi3.Servers) {
	if len(list) == 0 || list[0] == nil || list[0].URL == "" {
		return
	}
	address := list[0].URL
	for name, v := range list[0].Variables {
		if v != nil {
			address = strings.ReplaceAll(address, "{"+name+"}", v.Default)
		}
	}
	if u, err := url.Parse(address); err == nil {
		d.prefix, d.hasServer = strings.TrimSuffix("/"+strings.TrimPrefix(u.EscapedPath(), "/"), "/"), true
	}
}

func (d *document) logins(t *openapi3.T) {
	if t.Components == nil {
		return
	}
	for _, ref := range t.Components.SecuritySchemes {
		if ref == nil || ref.Value == nil {
			continue
		}
		switch s := ref.Value; s.Type {
		case "http":
			d.schemes = append(d.schemes, strings.ToLower(s.Scheme))
		case "oauth2", "openIdConnect":
			d.schemes = append(d.schemes, "bearer")
		case "apiKey":
			d.schemes = append(d.schemes, s.In+" "+strconv.Quote(s.Name))
		}
	}
	slices.Sort(d.schemes)
	d.schemes = slices.Compact(d.schemes)
}

func (d *document) add(t *openapi3.T, path string, item *openapi3.PathItem) {
	if item == nil {
		return
	}
	operations := item.Operations()
	for _, method := range slices.Sorted(maps.Keys(operations)) {
		o := operations[method]
		if o == nil {
			continue
		}
		op := operation{method: method, path: path, id: o.OperationID}
		security := &t.Security
		if o.Security != nil {
			security = o.Security
		}
		// An empty requirement among them makes the login optional.
		optional := slices.ContainsFunc(*security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 })
		op.secured = len(*security) > 0 && !optional
		d.security = d.security || op.secured
		for _, list := range []openapi3.Parameters{item.Parameters, o.Parameters} {
			for _, p := range list {
				if p != nil && p.Value != nil {
					op.parameters = append(op.parameters, newParameter(p.Value))
				}
			}
		}
		if o.Responses != nil {
			for code, r := range o.Responses.Map() {
				op.response(code, r)
			}
			slices.Sort(op.statuses)
		}
		if o.RequestBody != nil && o.RequestBody.Value != nil {
			op.jsonBody = o.RequestBody.Value.Content.Get("application/json") != nil
		}
		d.operations = append(d.operations, op)
	}
}

func (op *operation) response(code string, r *openapi3.ResponseRef) {
	status, err := strconv.Atoi(code)
	if err == nil {
		op.statuses = append(op.statuses, status)
	}
	if r == nil || r.Value == nil || status < 200 || status > 299 {
		return
	}
	for media := range r.Value.Content {
		op.stream = op.stream || strings.HasPrefix(media, "text/event-stream")
		op.json = op.json || strings.Contains(media, "json")
	}
}

func newParameter(p *openapi3.Parameter) parameter {
	out := parameter{name: p.Name, in: p.In, required: p.Required}
	samples := []any{p.Example}
	for _, name := range slices.Sorted(maps.Keys(p.Examples)) {
		if e := p.Examples[name]; e != nil && e.Value != nil {
			samples = append(samples, e.Value.Value)
		}
	}
	if p.Schema != nil && p.Schema.Value != nil {
		s := p.Schema.Value
		out.number = isNumber(s)
		samples = append(append(samples, s.Default, s.Example), s.Examples...)
	}
	for _, v := range samples {
		if text, ok := plain(v); ok {
			out.sample, out.hasSample = text, true
			break
		}
	}
	return out
}

// isNumber tells whether text is an error for a schema. FastAPI writes an optional
// number as anyOf with null.
func isNumber(s *openapi3.Schema) bool {
	number := s.Type.Is("integer") || s.Type.Is("number") || s.Type.Is("boolean")
	for _, ref := range s.AnyOf {
		switch {
		case ref == nil || ref.Value == nil || ref.Value.Type.Is("string"):
			return false
		case ref.Value.Type.Is("integer") || ref.Value.Type.Is("number") || ref.Value.Type.Is("boolean"):
			number = true
		case !ref.Value.Type.Is("null"):
			return false
		}
	}
	return number
}

// plain writes a value as it stands in a URL.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, v != ""
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// fill writes the path with the samples in the place of its parameters, and the
// query that the operation needs. The error says what is missing. A write does
// without samples: it is withheld from the target. given are the headers that come
// with the credential.
func (op operation) fill(given cors.Headers) (string, error) {
	path := op.path
	var query []string
	for _, p := range op.parameters {
		hole := "{" + p.name + "}"
		if !op.reads() && !p.hasSample {
			p.sample, p.hasSample = "1", true
		}
		switch {
		case p.in == "path" && strings.Contains(path, hole):
			if !p.hasSample || p.sample == "." || p.sample == ".." {
				return "", fmt.Errorf("it needs a value for %s, and the document has no example", hole)
			}
			path = strings.ReplaceAll(path, hole, url.PathEscape(p.sample))
		case !p.required || isCredentialHeader(p) || p.in == "header" && given.Has(p.name):
		case p.in == "query" && p.hasSample:
			query = append(query, url.QueryEscape(p.name)+"="+url.QueryEscape(p.sample))
		case p.in == "query":
			return "", fmt.Errorf("it needs the query parameter %q, and the document has no example", p.name)
		case op.reads():
			return "", fmt.Errorf("it needs the %s %q", p.in, p.name)
		}
	}
	switch {
	case strings.ContainsAny(path, "{}"):
		return "", errors.New("it needs values in its path that the document does not describe")
	case strings.ContainsAny(path, "?#"):
		return "", errors.New("its path is none")
	case len(query) > 0:
		path += "?" + strings.Join(query, "&")
	}
	return path, checkPath("its path", path)
}

// isCredentialHeader tells of the headers that a document may name and that come
// with the credential.
func isCredentialHeader(p parameter) bool {
	return p.in == "cookie" || p.in == "header" && slices.Contains([]string{"authorization", "accept", "content-type"}, strings.ToLower(p.name))
}

func (op operation) documents(status int) bool { return slices.Contains(op.statuses, status) }

func (op operation) reads() bool { return op.method == http.MethodGet }
