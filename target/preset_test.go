package target

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// A preset fills in what was left out, and nothing else.
func TestPresetCompletes(t *testing.T) {
	p := OpenNotebook()
	d, err := Config{Preset: p.Name, Trusted: []string{"https://app.example"}, Credentials: CredentialsConfig{Bearer: "t"}}.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Facts; got.URL != p.URL || !slices.Equal(got.Policy.Methods, p.Policy.Methods) || !slices.Equal(got.Policy.Headers, p.Policy.Headers) ||
		got.Policy.Credentials != scenarios.NoCredentials {
		t.Errorf("%+v", got)
	}
	if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, "From the preset open-notebook: the target "+p.URL) || !strings.Contains(notes, "Where to fix") || !strings.Contains(notes, "docker-compose.yml") {
		t.Errorf("notes: %s", notes)
	}
	own := Config{
		URL: "https://api.example.com", Preset: p.Name,
		Policy:      PolicyConfig{Methods: []string{"GET"}, Headers: []string{}},
		Credentials: CredentialsConfig{Basic: "a:b"},
	}
	if d, err = own.Deployment(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := d.Facts; got.URL != own.URL || !slices.Equal(got.Policy.Methods, own.Policy.Methods) || len(got.Policy.Headers) != 0 || got.Policy.Credentials != "" {
		t.Errorf("what was said is overridden: %+v", got)
	}
	if d, err = (Config{URL: own.URL}).Deployment(t.Context()); err != nil || d.Facts.Policy.Methods != nil || len(d.Notes) != 0 {
		t.Errorf("without a preset: %+v, %v", d, err)
	}
}

func TestUnknownPreset(t *testing.T) {
	_, err := Config{URL: "https://api.example.com", Preset: "nothing"}.Deployment(t.Context())
	if err == nil || !strings.Contains(err.Error(), `no preset "nothing": write open-notebook or fastapi`) {
		t.Error(err)
	}
}

func TestPresetsCanBeUsed(t *testing.T) {
	for _, p := range Presets() {
		if _, ok := presetNamed(p.Name); !ok || p.About == "" || p.Fix == "" {
			t.Errorf("%+v", p)
		}
		for _, path := range slices.Concat(p.Private, p.Open) {
			if err := checkPath("a path", path); err != nil || leaveAlone(path, "", nil) {
				t.Errorf("%s: %s, %v", p.Name, path, err)
			}
		}
		c, _ := Config{URL: p.URL, Trusted: []string{"https://app.example"}}.completed(p)
		if c.URL == "" {
			c.URL = "http://127.0.0.1:1"
		}
		if _, err := c.Deployment(t.Context()); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

// openNotebookDocument is the document of an application whose login is a
// middleware, of which it says nothing.
func openNotebookDocument(title string) string {
	paths := []string{"/api/aaa", "/api/settings", "/api/notebooks", "/health", "/api/config", "/api/zzz"}
	var b strings.Builder
	for i, p := range paths {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `%q: {"get": {"responses": {"200": {"description": ""}}}}`, p)
	}
	return `{"openapi": "3.1.0", "info": {"title": "` + title + `", "version": "1"}, "paths": {` + b.String() + `}, "components": {"schemas": {"HTTPValidationError": {}}}}`
}

// What the preset knows to be private is read first, and what it knows to be open
// is no secret, login or not.
func TestPresetGuidesDiscovery(t *testing.T) {
	replies := map[string]int{}
	for _, p := range []string{"/api/aaa", "/api/settings", "/api/notebooks", "/health", "/api/config", "/api/zzz"} {
		replies["GET "+p] = 200
	}
	api := &documented{doc: openNotebookDocument("Open Notebook API"), replies: replies}
	_, found, err := Config{URL: api.serve(t), Preset: "open-notebook", Credentials: CredentialsConfig{Bearer: "t"}}.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := "GET /api/notebooks private\nGET /api/settings private\nGET /api/aaa private\nGET /api/zzz private\nGET /health\nGET /api/config"
	if got := paths(found.Reads); got != want {
		t.Errorf("reads:\n%s", got)
	}
	api = &documented{replies: map[string]int{"GET /api/notes": 200, "GET /health": 200}}
	_, found, err = Config{URL: api.serve(t), Preset: "open-notebook", Exclude: []string{"/api/models"}}.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(found.Reads); got != "GET /api/notes private\nGET /health" || slices.Contains(api.asked, "GET /api/models") {
		t.Errorf("without a document: %s; asked %q", got, api.asked)
	}
}

// A login that the document does not tell of must not make the rest pass for all
// there is.
func TestUndocumentedLogin(t *testing.T) {
	locked := map[string]int{"GET /api/aaa": 401, "GET /api/settings": 401, "GET /api/notebooks": 401, "GET /api/zzz": 401}
	open := maps.Clone(locked)
	open["GET /health"], open["GET /api/config"] = 200, 200
	for _, c := range []struct {
		preset  string
		replies map[string]int
		doc     string
		reads   string
		says    string
	}{
		{"open-notebook", open, openNotebookDocument("x"), "GET /health\nGET /api/config\nGET /api/notebooks private", "OPEN_NOTEBOOK_PASSWORD"},
		{"fastapi", locked, openNotebookDocument("x"), "GET /api/notebooks private", "401 at /api/notebooks"},
		{"open-notebook", locked, "", "GET /api/notebooks private", "OPEN_NOTEBOOK_PASSWORD"},
	} {
		api := &documented{doc: c.doc, replies: c.replies}
		_, found, err := Config{URL: api.serve(t), Preset: c.preset}.discover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := paths(found.Reads); got != c.reads || !strings.Contains(strings.Join(found.Notes, " "), c.says) {
			t.Errorf("%s: reads\n%s\nnotes %q", c.preset, got, found.Notes)
		}
	}
}

// A preset that is recognised acts as one that is named: by the document, or by the
// reply at /.
func TestPresetIsRecognised(t *testing.T) {
	for title, want := range map[string]string{"Open Notebook API": "open-notebook", "Shop": "fastapi"} {
		replies := map[string]int{"GET /api/aaa": 200, "GET /api/zzz": 200, "GET /api/notebooks": 200, "GET /api/config": 200}
		api := &documented{doc: openNotebookDocument(title), replies: replies}
		url := api.serve(t)
		c, found, err := Config{URL: url, Trusted: []string{"https://app.example"}, Credentials: CredentialsConfig{Bearer: "t"}}.discover(t.Context())
		p, _ := presetNamed(want)
		if err != nil || found.preset != want || !strings.HasPrefix(found.Summary()[0], "This is "+p.is+" (preset "+want+"): ") {
			t.Errorf("%s: %q, %q, %v", title, found.preset, found.Summary(), err)
		}
		text, err := Scaffold(c, found)
		if err != nil || !strings.Contains(string(text), "\npreset: "+want+"\n") {
			t.Errorf("%v\n%s", err, text)
		}
		d, err := c.Deployment(t.Context())
		if err != nil || d.Preset.Name != want || d.Discovery == nil || !slices.Equal(d.Facts.Policy.Methods, p.Policy.Methods) || d.Facts.Policy.Credentials != scenarios.CredentialsPolicy(p.Policy.Credentials) {
			t.Errorf("%s: it does not complete the deployment: %+v, %v", title, d.Facts.Policy, err)
		}
		if got := paths(found.Reads); want == "open-notebook" && got != "GET /api/notebooks private\nGET /api/aaa private\nGET /api/zzz private\nGET /api/config" {
			t.Errorf("%s: reads\n%s", title, got)
		}
		if _, found, _ = (Config{URL: url, Preset: "open-notebook"}).discover(t.Context()); found.recognised != "" {
			t.Errorf("what is named is recognised: %q", found.recognised)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		replies := map[string]string{"/": `{"message": "Open Notebook API is running"}`, "/api/notes": `[{"id": 1}]`, "/health": `{"status": "healthy"}`}
		body, ok := replies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}))
	defer server.Close()
	if _, found, err := (Config{URL: server.URL}).discover(t.Context()); err != nil || found.preset != "open-notebook" || paths(found.Reads) != "GET /api/notes private\nGET /health\nGET /" {
		t.Errorf("by its greeting: %q, %s, %v", found.preset, paths(found.Reads), err)
	}
}

// What only Open Notebook has is told to nobody else, and to its operator with each
// scenario that it is about.
func TestFixesBelongToThePreset(t *testing.T) {
	for _, s := range scenarios.Catalogue() {
		if strings.Contains(s.Fix, "OPEN_NOTEBOOK") || strings.Contains(s.Fix, "Open Notebook") {
			t.Errorf("%s tells everybody: %s", s.ID, s.Fix)
		}
	}
	p := OpenNotebook()
	for id, want := range map[string]string{"WLD-001": "CORS_ORIGINS", "WLD-003": "OPEN_NOTEBOOK_PASSWORD", "ORG-004": "CORS_ORIGINS", "NET-001": "OPEN_NOTEBOOK_PASSWORD", "HDR-001": ""} {
		if got := p.FixFor(id); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", id, got)
		}
	}
	for id := range p.fixes {
		if !slices.ContainsFunc(scenarios.Catalogue(), func(s scenarios.Scenario) bool { return s.ID == id || s.Family() == id }) {
			t.Errorf("there is no scenario or family %s", id)
		}
	}
	if got := (Preset{}).FixFor("WLD-003"); got != "" {
		t.Errorf("no preset: %q", got)
	}
}

// The page of the documentation names the document, wherever it is.
func TestDocumentOfAPage(t *testing.T) {
	for name, c := range map[string]struct{ link, want string }{
		"elsewhere":      {"/hidden/schema.json", "/hidden/schema.json"},
		"relative":       {"hidden/schema.json", "/hidden/schema.json"},
		"another host":   {"https://evil.test/hidden/schema.json", ""},
		"with a login":   {"http://u:p@HOST/hidden/schema.json", ""},
		"another scheme": {"javascript:alert(1)", ""},
		"nothing there":  {"/nothing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/docs":
					fmt.Fprintf(w, "<script>const ui = SwaggerUIBundle({\n url: '%s',\n", strings.ReplaceAll(c.link, "HOST", r.Host))
				case "/hidden/schema.json":
					fmt.Fprint(w, openNotebookDocument("x"))
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			want := c.want
			if want != "" {
				want = server.URL + want
			}
			if _, found, err := (Config{URL: server.URL}).discover(t.Context()); err != nil || found.Document != want {
				t.Errorf("%q, %v", found.Document, err)
			}
		})
	}
}

// What a preset offers in a new configuration is a recipe once its comment signs are
// taken away, whether other errors are in the file or not.
func TestPresetOffersErrors(t *testing.T) {
	for name, errors := range map[string][]scenarios.ErrorRecipe{
		"alone":         nil,
		"beside others": {{Status: 404, Method: "GET", Path: "/api/nothing"}},
	} {
		found := Discovery{preset: "open-notebook", Reads: []scenarios.Endpoint{{Method: "GET", Path: "/api/notebooks", Private: true}}, Errors: errors}
		c := Config{URL: "http://127.0.0.1:5055", Trusted: []string{"https://app.example"}, Preset: "open-notebook"}
		text, err := Scaffold(c, found)
		if err != nil {
			t.Fatal(err)
		}
		before, offered, ok := strings.Cut(string(text), "#   # An upload of 100 MB")
		if !ok || !strings.Contains(before, "errors:\n") {
			t.Fatalf("%s: nothing is offered:\n%s", name, text)
		}
		offered, _, _ = strings.Cut(offered, "\n\n")
		_, list, _ := strings.Cut(offered, "\n")
		file := "trusted: [https://app.example]\ntarget: http://127.0.0.1:5055\nerrors:\n" + strings.ReplaceAll("\n"+list, "\n# ", "\n")
		config, err := parseConfig("c.yaml", []byte(file), around())
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, file)
		}
		if e := config.Errors; len(e) != 1 || e[0].Status != 413 || e[0].BodyBytes <= 100<<20 || !e[0].SafeToWrite {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
