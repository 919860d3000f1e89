package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

// discover is DiscoverAt for the deployment that the configuration makes.
func (c Config) discover(ctx context.Context) (Config, Discovery, error) {
	d, err := c.Deployment(ctx)
	if err != nil {
		return c, Discovery{}, err
	}
	return c.DiscoverAt(ctx, d)
}

// documented is an API with a document, as FastAPI writes one, that keeps count of
// what it is asked.
type documented struct {
	doc     string
	replies map[string]int // status by "METHOD /path?query"; 404 otherwise
	mu      sync.Mutex
	asked   []string
}

func (a *documented) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.RequestURI()
	a.mu.Lock()
	a.asked = append(a.asked, name)
	a.mu.Unlock()
	if r.URL.Path == "/openapi.json" && a.doc != "" {
		fmt.Fprint(w, a.doc)
		return
	}
	status, ok := a.replies[name]
	if !ok {
		status = 404
	}
	if strings.HasPrefix(r.URL.Path, "/secured") && r.Header.Get("Authorization") != "Bearer tok" {
		status = 401
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"path": %q}`, r.URL.Path)
}

func (a *documented) serve(t *testing.T) string {
	t.Helper()
	s, err := loopback.Serve(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return "http://" + s.Addr()
}

const fastAPIDocument = `{
"openapi": "3.1.0", "info": {"title": "x", "version": "1"},
"paths": {
 "/secured/items": {
  "get": {"operationId": "items", "security": [{"b": []}],
   "parameters": [{"name": "limit", "in": "query", "required": false, "schema": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
                  {"name": "page", "in": "query", "schema": {"type": "integer"}}],
   "responses": {"200": {"description": "", "content": {"application/json": {"schema": {}}}}, "422": {"description": ""}}},
  "post": {"security": [{"b": []}], "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}, "responses": {"200": {"description": ""}}}},
 "/secured/items/{id}": {
  "get": {"security": [{"b": []}], "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}], "responses": {"200": {"description": ""}}},
  "delete": {"security": [{"b": []}], "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}], "responses": {"200": {"description": ""}}}},
 "/secured/sample/{id}": {"get": {"security": [{"b": []}], "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "examples": ["a b/.."]}}], "responses": {"200": {"description": ""}}}},
 "/secured/logout": {"get": {"security": [{"b": []}], "responses": {"200": {"description": ""}}}},
 "/secured/gone": {"get": {"security": [{"b": []}], "responses": {"200": {"description": ""}}}},
 "/admin/users": {"get": {"responses": {"200": {"description": ""}}}},
 "/login": {"post": {"responses": {"200": {"description": ""}}}},
 "/notes": {"put": {"responses": {"200": {"description": ""}}}},
 "/account": {"put": {"operationId": "renewSession", "responses": {"200": {"description": ""}}}},
 "/search": {"post": {"responses": {"200": {"description": ""}}}},
 "/events": {"get": {"responses": {"200": {"description": "", "content": {"text/event-stream": {}}}}}},
 "/health": {"get": {"responses": {"200": {"description": ""}}}}
},
"components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}
}`

func fastAPIReplies() map[string]int {
	return map[string]int{
		"GET /": 404, "GET /health": 200, "GET /secured/items": 200, "GET /secured/sample/a%20b%2F..": 200, "GET /secured/gone": 410,
		"GET /secured/logout": 200, "GET /secured/items?page=crossexam": 422, "GET /account": 405, "GET /admin/users": 200, "GET /events": 200,
	}
}

func paths(es []scenarios.Endpoint) string {
	var names []string
	for _, e := range es {
		name := e.String()
		if e.Private {
			name += " private"
		}
		names = append(names, name)
	}
	return strings.Join(names, "\n")
}

func TestDiscovery(t *testing.T) {
	api := &documented{doc: fastAPIDocument, replies: fastAPIReplies()}
	c, found, err := Config{
		URL:         api.serve(t),
		Exclude:     []string{"/admin/*"},
		Credentials: CredentialsConfig{Bearer: "tok"},
	}.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(found.Reads), "GET /secured/items private\nGET /secured/sample/a%20b%2F.. private\nGET /health"; got != want {
		t.Errorf("reads:\n%s\nwant:\n%s", got, want)
	}
	if got, want := paths(found.Writes), "POST /secured/items private\nPUT /notes\nDELETE /secured/items/1 private"; got != want {
		t.Errorf("writes:\n%s\nwant:\n%s", got, want)
	}
	var provoked []string
	for _, r := range found.Errors {
		provoked = append(provoked, fmt.Sprintf("%d %s %t", r.Status, r.Path, r.Anonymous))
	}
	if want := []string{"401 /secured/gone true", "422 /secured/items?page=crossexam false", "405 /account false"}; !slices.Equal(provoked, want) {
		t.Errorf("errors: %q", provoked)
	}
	left := map[string]string{}
	for _, l := range found.Left {
		left[l.operation] = l.why
	}
	for op, why := range map[string]string{
		"GET /secured/items/{id}": "no example", "GET /secured/logout": `"logout"`, "GET /secured/gone": "410",
		"GET /admin/users": `excluded by "/admin/*"`, "GET /events": "stream",
	} {
		if !strings.Contains(left[op], why) {
			t.Errorf("%s is left alone because %q", op, left[op])
		}
	}
	if !slices.Equal(found.Headers, []string{"Authorization", "Content-Type"}) {
		t.Errorf("headers %v", found.Headers)
	}
	// Nothing but GET was sent, and nothing that was to be left alone.
	for _, a := range api.asked {
		if !strings.HasPrefix(a, "GET ") || strings.Contains(a, "logout") || strings.Contains(a, "admin") || strings.Contains(a, "events") {
			t.Errorf("it asked %s", a)
		}
	}
	d, err := c.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.Facts.AllowsWrite("POST", d.Facts.At("/search")) {
		t.Error("a discovered write is let through")
	}
	c.AllowWrites = true
	if d, err = c.Deployment(t.Context()); err != nil || d.Facts.AllowsWrite("POST", d.Facts.At("/search")) {
		t.Errorf("a discovered write is let through by `allow_writes` (%v)", err)
	}
	if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, "/logout") || !strings.Contains(notes, "openapi.json") {
		t.Errorf("notes: %s", notes)
	}
}

// Without a credential a secured read stays, so that nothing passes for judged
// that was not.
func TestDiscoveryWithoutCredential(t *testing.T) {
	api := &documented{doc: fastAPIDocument, replies: fastAPIReplies()}
	_, found, err := Config{URL: api.serve(t)}.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(found.Reads); strings.Count(got, "GET /secured/") != 1 {
		t.Errorf("reads:\n%s", got)
	}
	if notes := strings.Join(found.Notes, " "); !strings.Contains(notes, "(bearer)") || !strings.Contains(notes, "`credentials.bearer`") {
		t.Errorf("notes: %s", notes)
	}
}

func TestDiscoveryIsBounded(t *testing.T) {
	var doc strings.Builder
	doc.WriteString(`{"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": {`)
	replies := map[string]int{}
	for i := range 300 {
		fmt.Fprintf(&doc, `"/p%d": {"get": {"responses": {"200": {"description": ""}}}},`, i)
		replies[fmt.Sprintf("GET /p%d", i)] = 200 + 300*(i%2)
	}
	doc.WriteString(`"/last": {"get": {"responses": {"200": {"description": ""}}}, "put": {}, "delete": {}}}}`)
	api := &documented{doc: doc.String(), replies: replies}
	_, found, err := Config{URL: api.serve(t)}.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Reads) != privateReads || found.Requests > 40 {
		t.Errorf("%d reads, %d requests", len(found.Reads), found.Requests)
	}
	// What there was no room for is kept for the sweep: 301, of which some were tried.
	if tried := len(found.Reads) + len(found.Left) - len(found.beyond); len(found.beyond)+tried != 301 || tried > tries || len(found.beyond) < 301-tries {
		t.Errorf("%d beyond, %d tried", len(found.beyond), tried)
	}
	if got := found.Methods["/last"]; len(found.Methods) != 1 || !slices.Equal(got, []string{"DELETE", "PUT"}) {
		t.Errorf("methods %v", found.Methods)
	}
	if s := strings.Join(found.Summary(), "\n"); !strings.Contains(s, "beyond the first 8 private") || len(s) > 2000 {
		t.Errorf("the summary: %s", s)
	}
}

// Documents are where frameworks have them, or where a page at the root shows one. What else
// such a page names is not asked for.
func TestDocumentIsFound(t *testing.T) {
	const doc = `{"openapi": "3.1.0", "info": {}, "paths": {"/notes": {"get": {}}}}`
	shows := func(script string) string { return "<!DOCTYPE html><script>" + script + "</script>" }
	for _, c := range []struct {
		name, root, at string // the page at / and /docs, and where the document is
		found          bool
		url            string // that is given, below the server's
	}{
		{"FastAPI", "", "/openapi.json", true, ""},
		{"ASP.NET Core", "", "/openapi/v1.json", true, ""},
		{"NestJS", "", "/api-json", true, ""},
		{"its own URL", "", "/doc/api.json", true, "/doc/api.json"},
		{"the URL of a page that shows it", shows(`SwaggerUIBundle({url: "/spec.json"})`), "/spec.json", true, "/docs"},
		{"the URL of another page", "", "/openapi.json", true, "/redoc"},
		{"Swagger UI at the root", shows(`SwaggerUIBundle({url: "/spec.json", dom_id: "#ui"})`), "/spec.json", true, ""},
		{"Swashbuckle's", shows(`JSON.parse('{"urls":[]}'), {"url": "docs/v7/swagger.json"}`), "/docs/v7/swagger.json", true, ""},
		{"a page that is not about a document", shows(`$.ajax({url: "/logout"})`), "/logout", false, ""},
		{"a document elsewhere", shows(`SwaggerUIBundle({url: "https://api.example.com/spec.json"})`), "/spec.json", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := false
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/", "/docs":
					w.Header().Set("Content-Type", "text/html")
					fmt.Fprint(w, c.root)
				case c.at:
					asked = true
					fmt.Fprint(w, doc)
				case "/notes":
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprint(w, `{"notes": [{"text": "private"}]}`)
				default:
					http.NotFound(w, r)
				}
			}))
			defer s.Close()
			examined, found, err := Config{URL: s.URL + c.url}.discover(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if examined.URL != s.URL || c.found && paths(found.Reads) != "GET /notes private" {
				t.Errorf("of %s it reads %s", examined.URL, paths(found.Reads))
			}
			if want := map[bool]string{true: s.URL + c.at}[c.found]; found.Document != want || asked != c.found {
				t.Errorf("the document is %q, want %q; asked for: %t", found.Document, want, asked)
			}
		})
	}
}

func TestGuessing(t *testing.T) {
	api := &documented{replies: map[string]int{"GET /api/me": 200, "GET /users/me": 401, "GET /v1/models": 200, "GET /health": 200}}
	_, found, err := Config{URL: api.serve(t), Exclude: []string{"/api/user*"}}.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(found.Reads); got != "GET /api/me private\nGET /v1/models private\nGET /health" {
		t.Errorf("reads:\n%s", got)
	}
	if len(found.Errors) != 1 || found.Errors[0].Path != "/users/me" || found.Errors[0].Status != 401 {
		t.Errorf("errors %+v", found.Errors)
	}
	if s := strings.Join(found.Summary(), "\n"); !strings.Contains(s, "No OpenAPI document") {
		t.Errorf("%s", s)
	}
}

func TestDiscoveryIsNotAsked(t *testing.T) {
	for name, c := range map[string]Config{
		"a read":      {URL: "http://127.0.0.1:1", Reads: []string{"/me"}},
		"an endpoint": {URL: "http://127.0.0.1:1", Endpoints: []EndpointConfig{{Path: "/me"}}},
		"none":        {URL: "http://127.0.0.1:1", OpenAPI: "none"},
	} {
		if c.NeedsDiscovery() {
			t.Errorf("%s: discovery is needed", name)
		}
		if _, _, err := c.discover(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err := Config{URL: "http://127.0.0.1:1"}.discover(t.Context())
	var down *UnreachableError
	if !errors.As(err, &down) {
		t.Errorf("nobody listens, and the error is %v", err)
	}
}

func TestOpenAPIFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "api.yaml")
	text := "swagger: '2.0'\ninfo: {title: x, version: '1'}\nbasePath: /v1\npaths:\n  /me:\n    get: {responses: {200: {description: ok}}}\n  /a:\n    put: {responses: {200: {description: ok}}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{"http://127.0.0.1:1": "GET /v1/me private", "http://127.0.0.1:1/v1": "GET /me private", "http://127.0.0.1:1/v2": ""} {
		_, found, err := Config{URL: url, OpenAPI: file}.DiscoverOffline()
		if err != nil {
			t.Fatal(err)
		}
		// Offline the network is not looked at.
		if got := strings.TrimSuffix(paths(found.Reads), " private"); got != strings.TrimSuffix(want, " private") {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	if _, _, err := (Config{URL: "http://127.0.0.1:1", OpenAPI: file + "x"}).DiscoverOffline(); err == nil {
		t.Error("no error about a file that is not there")
	}
}

// What a document declares of the query that may name an origin is tried by attackers; what
// the path has already, and what names nobody, is not noted.
func TestParametersThatMayNameOrigins(t *testing.T) {
	text := `{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{"/me":{"get":{"parameters":[
		{"name":"widgetHost","in":"query"},{"name":"page","in":"query"},{"name":"X-Site","in":"header"},
		{"name":"site","in":"query","required":true,"example":"1"}],"responses":{"200":{"description":"ok"}}}}}}`
	file := filepath.Join(t.TempDir(), "api.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, found, err := Config{URL: "http://127.0.0.1:1", OpenAPI: file}.DiscoverOffline()
	if err != nil || len(found.Reads) != 1 {
		t.Fatalf("%+v, %v", found.Reads, err)
	}
	if got := found.Reads[0]; got.Path != "/me?site=1" || !slices.Equal(got.Parameters, []string{"widgetHost"}) {
		t.Errorf("%s: %q", got.Path, got.Parameters)
	}
}

// sharedIDs is the document that FastAPI 0.165 writes for
//
//	@app.api_route("/api/data", methods=["GET", "PUT", "DELETE"])
//	def data(): ...
//
// where the set of methods happened to end in DELETE: all operations have one id.
const sharedIDs = `{"openapi":"3.1.0","info":{"title":"FastAPI","version":"0.1.0"},"paths":{"/api/data":{
"get":{"summary":"Data","operationId":"data_api_data_%[1]s","responses":{"200":{"description":"Successful Response","content":{"application/json":{"schema":{}}}}}},
"put":{"summary":"Data","operationId":"data_api_data_%[1]s","responses":{"200":{"description":"Successful Response","content":{"application/json":{"schema":{}}}}}},
"delete":{"summary":"Data","operationId":"data_api_data_%[1]s","responses":{"200":{"description":"Successful Response","content":{"application/json":{"schema":{}}}}}}},
"/x":{"get":{"summary":"X","operationId":"x_x_%[1]s","responses":{"200":{"description":"Successful Response","content":{"application/json":{"schema":{}}}}}}}}}`

// Whose method an id ends in says nothing of a route's other methods: whatever order
// Python's set has, the GET is read.
func TestSharedOperationIDs(t *testing.T) {
	for _, method := range []string{"get", "put", "delete"} {
		doc, err := parseDocument(t.Context(), fmt.Appendf(nil, sharedIDs, method))
		if err != nil || len(doc.operations) != 4 {
			t.Fatalf("%+v, %v", doc, err)
		}
		for _, op := range doc.operations {
			if op.reads() && leaveAlone(op.path, op.id, nil) || op.path == "/api/data" && op.id != "" {
				t.Errorf("%s: %s %s with the id %q: %s", method, op.method, op.path, op.id, effect(op.path, op.id))
			}
		}
		api := &documented{doc: fmt.Sprintf(sharedIDs, method), replies: map[string]int{"GET /api/data": 200, "GET /x": 200}}
		_, found, err := Config{URL: api.serve(t)}.discover(t.Context())
		if err != nil || paths(found.Reads) != "GET /api/data private\nGET /x private" {
			t.Errorf("%s: %s, %v", method, paths(found.Reads), err)
		}
	}
}

// What init writes loads, whatever the target says.
func TestScaffold(t *testing.T) {
	nasty := "/a\"b: {x}\n# ${TOKEN} é \u2028'"
	c := Config{URL: "https://api.example.com", Trusted: []string{"https://app.example.com"}}
	d := Discovery{
		Document: "https://api.example.com/openapi.json\nevil: 1",
		Reads:    []scenarios.Endpoint{{Method: "GET", Path: "/api/%7B?x=1&y=é", Private: true}, {Method: "GET", Path: "/open"}},
		Writes:   []scenarios.Endpoint{{Method: "DELETE", Path: "/a:%20b#"[:7], Discovered: true}},
		Errors:   []scenarios.ErrorRecipe{{Status: 401, Method: "GET", Path: "/a", Anonymous: true}},
		Headers:  []string{"X-Y", nasty},
		Logins:   []string{"bearer", "cookie " + nasty},
		Left:     []LeftAlone{{operation: nasty, why: nasty}},
	}
	for _, found := range []Discovery{d, {}} {
		text, err := Scaffold(c, found)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseConfig("c.yaml", text, around())
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got.URL != c.URL || !slices.Equal(got.Trusted, c.Trusted) || len(got.Endpoints) != len(found.Reads)+len(found.Writes) || len(got.Errors) != len(found.Errors) {
			t.Errorf("it is not what was found: %+v\n%s", got, text)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(fastAPIDocument))
	f.Add([]byte("swagger: '2.0'\npaths: {/a: {get: {responses: {200: {description: x}}}}}\n"))
	f.Add([]byte("openapi: 3.0.0\na: &a {k: v}\nb: &b [*a, *a]\nc: &c [*b, *b]\npaths: {<<: [*a, *c]}\n"))
	f.Add([]byte(`{"openapi": "3.1.0", "components": {"parameters": {"a": {"$ref": "#/components/parameters/a"}}}, "paths": {"/{a}": {"parameters": [{"$ref": "#/components/parameters/a"}], "get": {}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var doc document
		var err error
		boundedtest.Modest(t, len(data), func() { doc, err = parseDocument(t.Context(), data) })
		if err != nil {
			return
		}
		for _, op := range doc.operations {
			if at, err := op.fill(nil); err == nil && checkPath("path", at) != nil {
				t.Errorf("%q is no path", at)
			}
		}
	})
}
