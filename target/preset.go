package target

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A Preset knows an application: where it is, what it has to read, how it is
// configured and what it logs of that. It completes what an operator left out of
// a configuration, and overrides nothing. What is empty it does not know.
type Preset struct {
	Name  string
	About string // which application, for lists
	is    string // which application, as in "This is Open Notebook"

	// URL is where the application usually is.
	URL string
	// Private and Open are paths of replies to read with GET, the most telling
	// first: those that depend on the victim, and those that are for everybody.
	// Discovery tries them, and leaves out what does not answer.
	Private []string
	Open    []string
	// docsPage is the path of a page that names the OpenAPI document.
	docsPage string
	// Policy is what the application's own front end uses. That it needs no
	// ambient credential completes only deployments that have none.
	Policy PolicyConfig
	// login says how the victim gets in, as a sentence for somebody who gave no
	// credential and met a 401.
	login string

	// Variable is the environment variable with the origins, separated by commas.
	Variable string
	// A start logs one of two lines. warningPattern finds the one that says that
	// nothing is configured and every origin allowed. originsPattern finds the
	// one that lists the origins; its first group is the list as Python prints one.
	// Both are regular expressions of package regexp and end where the message does.
	warningPattern string
	originsPattern string

	// Fix says where the CORS configuration is, in a sentence: which file, variable
	// and image. fixes are what the application's operator does about the violation
	// of one scenario, by its ID or family, as sentences.
	Fix   string
	fixes map[string]string

	// Errors are ways to provoke errors that the operator has to allow, for they are
	// writes: a new configuration offers them.
	Errors []presetError

	// documentTitle and DocumentSchema are by what an OpenAPI document shows the
	// application: its title, or the name of one of its schemas. Greeting is what
	// its reply at / has in it.
	documentTitle  string
	documentSchema string
	greeting       string
	// Stack is the framework that it is made with, by the name of a snippet of the report.
	Stack string
}

// A presetError is a recipe that a new configuration offers, and what the operator has to
// know of it, as a sentence.
type presetError struct {
	Recipe ErrorConfig
	About  string
}

// OpenNotebook is the preset of Open Notebook (measured on 1.9 to 1.11).
func OpenNotebook() Preset {
	return Preset{
		Name:    "open-notebook",
		About:   "Open Notebook, its API on port 5055",
		is:      "Open Notebook",
		URL:     "http://127.0.0.1:5055",
		Private: []string{"/api/notebooks", "/api/notes", "/api/sources", "/api/settings", "/api/models", "/api/credentials"},
		Open:    []string{"/health", "/", "/api/auth/status", "/api/config"},
		Policy: PolicyConfig{
			Credentials: string(scenarios.NoCredentials),
			Methods:     []string{"GET", "POST", "PUT", "DELETE"},
			Headers:     []string{"Authorization", "Content-Type"},
		},
		login:          "Open Notebook asks for its password (OPEN_NOTEBOOK_PASSWORD) as a bearer token, so that nothing behind it can be judged: give it with `credentials.bearer`.",
		Variable:       "CORS_ORIGINS",
		warningPattern: `CORS_ORIGINS is not set\b.*`,
		originsPattern: `CORS allowed origins: (\[.*\])`,
		Fix: "set CORS_ORIGINS in the environment of the API (docker-compose.yml or its .env file, of the image lfnovo/open_notebook) to the front end's " +
			"origins, separated by commas, and start it again; what nginx or Traefik in front answers by itself (413, 502, 504) gets its headers there",
		fixes: map[string]string{
			"WLD-001": openNotebookOrigins, "WLD-002": openNotebookOrigins, "WLD-003": openNotebookPassword, "WLD-004": openNotebookUpgrade, "WLD-005": openNotebookUpgrade,
			"ORG": openNotebookOrigins, "NUL": openNotebookOrigins, "TRU-001": openNotebookOrigins, "CFG": openNotebookOrigins,
			"NET-001": openNotebookPassword, "NET-002": openNotebookPassword,
		},
		Errors: []presetError{{
			Recipe: ErrorConfig{Status: 413, Method: "POST", Path: "/api/sources", BodyBytes: 100<<20 + 1, SafeToWrite: true},
			About:  "An upload of 100 MB, which Open Notebook refuses before login and routing (OPEN_NOTEBOOK_MAX_UPLOAD_SIZE_MB):",
		}},
		documentTitle: "Open Notebook API",
		greeting:      "Open Notebook API",
		Stack:         "fastapi",
	}
}

// What the operator of Open Notebook does.
const (
	openNotebookOrigins  = "In Open Notebook: set CORS_ORIGINS to the front end's origins, separated by commas, in docker-compose.yml or its .env file, and start the API again."
	openNotebookPassword = "In Open Notebook: set OPEN_NOTEBOOK_PASSWORD, and CORS_ORIGINS to the front end's origins, separated by commas, in docker-compose.yml or its .env file, and start the API again."
	openNotebookUpgrade  = openNotebookOrigins + " Since 1.11 it answers with \"*\" alone, and allows no credentials with it."
)

// FixFor is what the application's operator does about a violation of a scenario,
// as sentences, or empty.
func (p Preset) FixFor(id string) string {
	family, _, _ := strings.Cut(id, "-")
	return cmp.Or(p.fixes[id], p.fixes[family])
}

// fastAPI is the preset of applications on fastAPI, which have no configuration of
// CORS in common: only where they document themselves, and where they do it.
func fastAPI() Preset {
	return Preset{
		Name:     "fastapi",
		About:    "any application on FastAPI",
		is:       "an application on FastAPI",
		docsPage: "/docs",
		Fix: "CORS is in the call app.add_middleware(CORSMiddleware, ...) of the module that makes the FastAPI application: list the front end's origins in allow_origins, " +
			"set allow_credentials only for cookies or HTTP authentication, and add it after every other middleware, so that it is outermost; " +
			"the 500 of an unhandled exception never passes it, and needs an exception handler",
		documentSchema: "HTTPValidationError",
		Stack:          "fastapi",
	}
}

// Presets are all presets. Of those that recognise a document the first one counts.
func Presets() []Preset { return []Preset{OpenNotebook(), fastAPI()} }

// presetNamed finds a preset by its name.
func presetNamed(name string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// markdown describes what the preset completes, for docs/configuration.md.
func (p Preset) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**`%s`**: %s.\n\n", p.Name, p.About)
	item := func(what string, list ...string) {
		var words []string
		for _, s := range list {
			if s != "" {
				words = append(words, "`"+s+"`")
			}
		}
		if len(words) > 0 {
			fmt.Fprintf(&b, "- %s: %s\n", what, strings.Join(words, ", "))
		}
	}
	item("`target`", p.URL)
	item("private, tried first", p.Private...)
	item("open", p.Open...)
	item("page that names the OpenAPI document", p.docsPage)
	item("`policy.methods`", p.Policy.Methods...)
	item("`policy.headers`", p.Policy.Headers...)
	item("`policy.credentials`, where no cookie, HTTP authentication or client certificate is given", p.Policy.Credentials)
	item("`launch.variable`", p.Variable)
	item("`startup_log.warning`", p.warningPattern)
	item("`startup_log.origins`", p.originsPattern)
	item("recognised by the document's title", p.documentTitle)
	item("recognised by the document's schema", p.documentSchema)
	item("recognised by its reply at /, which has in it", p.greeting)
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "- offered in a new file, to be allowed: a %d by `%s %s` with a body of %d bytes\n", e.Recipe.Status, e.Recipe.Method, e.Recipe.Path, e.Recipe.BodyBytes)
	}
	fmt.Fprintf(&b, "- where to fix: %s\n", p.Fix)
	return b.String()
}

// PresetNames lists the presets for a sentence.
func PresetNames() string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return strings.Join(names, " or ")
}

// named gives the preset that the configuration names, else the one that discovery
// recognised, and an empty one where there is neither.
func (c Config) named() (Preset, error) {
	if c.Preset == "" && c.found != nil {
		p, _ := presetNamed(c.found.preset)
		return p, nil
	}
	p, ok := presetNamed(c.Preset)
	if !ok && c.Preset != "" {
		return p, fmt.Errorf("there is no preset %q: write %s", c.Preset, PresetNames())
	}
	return p, nil
}

// completed has what the preset knows in the place of what was left out. What
// that is the notes say.
func (c Config) completed(p Preset) (_ Config, notes []string) {
	var from []string
	fill := func(what string, missing bool, value []string, into *[]string) {
		if missing && len(value) > 0 {
			*into = value
			from = append(from, what+" "+strings.Join(value, ", "))
		}
	}
	switch {
	case c.URL == "" && c.Starts():
		c.URL = c.command(p).at(standIn(1))
	case c.URL == "" && p.URL != "":
		c.URL = p.URL
		from = append(from, "the target "+p.URL)
	}
	fill("the policy's methods", c.Policy.Methods == nil, p.Policy.Methods, &c.Policy.Methods)
	fill("the policy's headers", c.Policy.Headers == nil, p.Policy.Headers, &c.Policy.Headers)
	if c.Policy.Credentials == "" && p.Policy.Credentials != "" && !c.Credentials.ambient() {
		c.Policy.Credentials = p.Policy.Credentials
		from = append(from, "the policy's credentials "+p.Policy.Credentials)
	}
	if len(from) > 0 {
		notes = append(notes, fmt.Sprintf("From the preset %s: %s.", p.Name, strings.Join(from, "; ")))
	}
	if p.Fix != "" && c.Preset != "" { // else [Discovery.Recognised] says so
		notes = append(notes, fmt.Sprintf("Where to fix (preset %s): %s.", p.Name, p.Fix))
	}
	return c, notes
}

// ambient reports whether anything was given that the browser adds by itself.
func (c CredentialsConfig) ambient() bool {
	return len(c.Cookies) > 0 || c.Login != nil || c.StorageState != "" || c.Basic != "" || c.ClientCertificate != nil
}

// recognises reports whether a document is one of the preset's application.
func (p Preset) recognises(d document) bool {
	return p.documentTitle != "" && d.title == p.documentTitle ||
		p.documentSchema != "" && slices.Contains(d.schemas, p.documentSchema)
}

// recognised is the name of the first preset that knows the document, or empty.
func recognised(d document) string {
	for _, p := range Presets() {
		if p.recognises(d) {
			return p.Name
		}
	}
	return ""
}

// greeted is the name of the first preset that knows a reply at /, or empty.
func greeted(r *cors.Response) string {
	if r == nil {
		return ""
	}
	for _, p := range Presets() {
		if p.greeting != "" && strings.Contains(r.Body, p.greeting) {
			return p.Name
		}
	}
	return ""
}

// rank is the place of a path in the preset's list, and beyond it for others.
func (p Preset) rank(path string) int {
	path, _, _ = strings.Cut(path, "?")
	if i := slices.Index(p.Private, path); i >= 0 {
		return i
	}
	return len(p.Private)
}

// isOpen reports whether the preset knows the reply to be for everybody.
func (p Preset) isOpen(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return slices.Contains(p.Open, path)
}
