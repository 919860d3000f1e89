package target

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/crossexam/crossexam/scenarios"
)

// Scaffold writes a commented crossexam.yaml for a configuration and what was
// discovered with it. Credentials are not written: the file says how to.
func Scaffold(c Config, d Discovery) ([]byte, error) {
	data := struct {
		Config
		Found   Discovery
		Errors  []scenarios.ErrorRecipe
		Methods []string
		Preset  Preset
		Presets []Preset
		Spare   []Reference // references that only stand by
		Bearer  bool
		Basic   bool
		Cookie  string   // its name, or empty for none
		Keys    []string // headers
		Query   []string // parameters
	}{Config: c, Found: d}
	data.Preset, _ = presetNamed(cmp.Or(c.Preset, d.preset))
	data.Presets = Presets()
	data.Methods = []string{"GET"}
	for _, w := range d.Writes {
		data.Methods = append(data.Methods, w.Method)
	}
	if data.Preset.Policy.Methods != nil {
		data.Methods = data.Preset.Policy.Methods
	}
	// What is provoked without being named need not stand in the file.
	data.Errors = slices.DeleteFunc(slices.Clone(d.Errors), func(r scenarios.ErrorRecipe) bool { return r.Anonymous && len(d.Reads) == 0 })
	data.Spare = slices.DeleteFunc(slices.Clone(d.References), func(r Reference) bool { return !r.Spare })
	data.Found.References = slices.DeleteFunc(slices.Clone(d.References), func(r Reference) bool { return r.Spare })
	data.Bearer = slices.Contains(d.Logins, "bearer")
	data.Basic = slices.Contains(d.Logins, "basic")
	for _, l := range d.Logins {
		in, quoted, _ := strings.Cut(l, " ")
		name, err := strconv.Unquote(quoted)
		switch {
		case in == "cookie":
			data.Cookie = "session"
			if err == nil && cookieName.MatchString(name) {
				data.Cookie = name
			}
		case err != nil:
		case in == "header":
			data.Keys = append(data.Keys, name)
		case in == "query":
			data.Query = append(data.Query, name)
		}
	}
	if len(d.Logins) == 0 {
		data.Cookie = "session"
	}
	t, err := template.New("crossexam.yaml").Funcs(template.FuncMap{
		"quote":   func(v any) string { return quoted(v) },
		"comment": comment,
		"left":    func(l LeftAlone) string { return comment(fmt.Sprintf("%s: %s", l.operation, l.why)) },
	}).Parse(scaffold)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// comment keeps a text that the target had a say in on its line.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufeff' {
			return ' '
		}
		return r
	}, s)
}

const scaffold = `# yaml-language-server: $schema=https://raw.githubusercontent.com/crossexam/crossexam/main/target/crossexam.schema.json
#
# A deployment for Crossexam, as 'crossexam {{if .Found.Watched}}learn{{else}}init{{end}}' found it. Every key is described
# in docs/configuration.md. Run it with: crossexam test --config crossexam.yaml
# Flags win over CROSSEXAM_* variables, these over this file, this over defaults.

# URL of the API.
target: {{quote .URL}}

# Origins that may read the API: scheme, host and port of your front end, no path.
{{- if .Trusted}}
trusted:
{{- range .Trusted}}
  - {{quote .}}
{{- end}}
{{- else}}
# Without it, here or as --trusted, a run finds out which origins the API trusts. Where
# the front end is of the API's own origin, and no other is trusted: trusted: []
# https://*.example.com stands for one label or more before the domain.
# trusted:
#   - https://app.example.com
{{- end}}

# The application, whose preset completes what is left out here:
{{- range .Presets}}
#   {{.Name}}: {{.About}}
{{- end}}
{{- if .Preset.Name}}
preset: {{.Preset.Name}}
{{- else}}
# preset: fastapi
{{- end}}

# The policy that the API should have. What is left out is not held against it.
{{- if .Policy.Methods}}
policy:
{{- if .Policy.Credentials}}
  credentials: {{.Policy.Credentials}}
{{- else}}
  # credentials: none # or include, where the front end uses cookies
{{- end}}
  methods: {{quote .Policy.Methods}}
{{- if .Policy.Headers}}
  headers: {{quote .Policy.Headers}}
{{- else if .Found.Watched}}
  headers: []
{{- else}}
  # headers: ["Content-Type"]
{{- end}}
{{- if .Policy.Exposed}}
  exposed: {{quote .Policy.Exposed}}{{if not .Found.Watched}} # the API exposes these; leave out what the front end does not read{{end}}
{{- else if .Found.Watched}}
  exposed: [] # the front end reads none but those that every page may
{{- else}}
  # exposed: []
{{- end}}
{{- if .Policy.MaxAge}}
  max_age: {{.Policy.MaxAge}}
{{- else}}
  # max_age: 600
{{- end}}
{{- else}}
# policy:
#   credentials: none # or include, where the front end uses cookies
#   methods: {{comment (quote .Methods)}}
{{- if .Found.Headers}}
#   headers: {{comment (quote .Found.Headers)}}
{{- else}}
#   headers: ["Content-Type"]
{{- end}}
#   exposed: []
#   max_age: 600
{{- end}}

{{- if .Found.Recording}}

# What the front end was seen to do, by {{comment .Found.Recording}}.
{{- range .Found.Notes}}
# {{comment .}}
{{- end}}
{{- else if .Found.Document}}

# Found in the OpenAPI document {{comment .Found.Document}}
{{- else}}

# No OpenAPI document was found; the usual paths were tried.
{{- end}}
{{- if .Config.Endpoints}}
endpoints:
{{- range .Config.Endpoints}}
{{- if .Reads}}
  - method: {{.Method}}
    path: {{quote .Path}}
{{- if .Headers}}
    headers: {{quote .Headers}} # of every request, and no secret
{{- end}}
    body: {{quote .Body}}
    reads: true # it changes nothing, so that it is sent like a GET
{{- if .Open}}
    open: true # the same for everybody
{{- end}}
{{- else if .Method}}
  - method: {{.Method}}
    path: {{quote .Path}}
    # body: '{}'
    # safe_to_write: true # really send it; without it, the write is withheld
{{- else}}
  - path: {{quote .Path}}
{{- if .Headers}}
    headers: {{quote .Headers}} # of every request, and no secret
{{- end}}
{{- if .Open}}
    open: true # the same for everybody
{{- end}}
{{- end}}
{{- end}}
{{- else if or .Found.Reads .Found.Writes}}
endpoints:
{{- range .Found.Reads}}
{{- if .Reads}}
  - method: {{.Method}}
    path: {{quote .Path}}
    headers: {{ "{" }}{{range $i, $h := .Headers}}{{if $i}}, {{end}}{{quote $h.Name}}: {{quote $h.Value}}{{end}}{{ "}" }}
    body: {{quote .Body}}
    reads: true # it changes nothing, so that it is sent like a GET
{{- else}}
  - path: {{quote .Path}}
{{- end}}
{{- if not .Private}}
    open: true # the same for everybody
{{- end}}
{{- end}}
{{- range .Found.Writes}}
  - method: {{.Method}}
    path: {{quote .Path}}
    # body: '{}'
    # safe_to_write: true # really send it; without it, the write is withheld
{{- end}}
{{- else}}
# endpoints:
#   - path: /api/notebooks
#   - method: POST
#     path: /api/notebooks
#     body: '{"name": "Made by Crossexam"}'
{{- end}}

# GraphQL is read by a POST of a query for what only the victim gets:
# graphql: {path: /graphql, query: "{ me { email } }"}
{{- if .Found.Left}}

# Left alone:
{{- range .Found.Left}}
#   {{left .}}
{{- end}}
{{- end}}

# Requests that are answered with an error. A 404 is provoked anyway.
{{- if .Config.Errors}}
errors:
{{- range .Config.Errors}}
  - status: {{.Status}}
    path: {{quote .Path}}
{{- if .Anonymous}}
    anonymous: true
{{- end}}
{{- end}}
{{- else if .Errors}}
errors:
{{- range .Errors}}
  - status: {{.Status}}
    path: {{quote .Path}}
{{- if .Anonymous}}
    anonymous: true
{{- end}}
{{- end}}
{{- else}}
# errors:
#   - status: 422
#     path: /api/notebooks?limit=abc
{{- end}}
{{- range .Preset.Errors}}
#   # {{.About}}
#   - status: {{.Recipe.Status}}
#     method: {{.Recipe.Method}}
#     path: {{quote .Recipe.Path}}
#     body_bytes: {{.Recipe.BodyBytes}}
#     safe_to_write: {{.Recipe.SafeToWrite}}
{{- end}}

# What else carries the victim's data. Each is tried only if it is named.
{{- if .EventStreams}}
event_streams: {{quote .EventStreams}}
{{- else if .Found.Streams}}
# event_streams:
{{- range .Found.Streams}}
#   - {{comment (quote .)}}
{{- end}}
{{- else}}
# event_streams: [/api/events]
{{- end}}
{{- if .WebSockets}}
websockets:
{{- range .WebSockets}}
  - path: {{quote .Path}}
{{- if .Protocols}}
    protocols: {{quote .Protocols}}
{{- end}}
{{- if .FirstMessage}}
    first_message: {{quote .FirstMessage}}
{{- end}}
{{- if .Then}}
    then: {{quote .Then}}
{{- end}}
{{- end}}
{{- else}}
# websockets: [/api/live] # an OpenAPI document says nothing of them
{{- end}}
{{- if .Redirects}}
redirects: {{quote .Redirects}}
{{- else}}
# redirects: [/api/latest]
{{- end}}

# What the victim has. Secrets are best kept out of this file: ${NAME} stands for
# a variable of the environment, ${file:PATH} for the content of a file.
{{- if .Found.References}}
credentials:
{{- range .Found.References}}
  {{.Key}}: {{quote .Value}}
{{- end}}
{{- range .Spare}}
  # {{.Key}}: {{comment (quote .Value)}} # in the place of the login
{{- end}}
{{- else}}
{{- if .Found.Logins}}
# The document asks for: {{range $i, $l := .Found.Logins}}{{if $i}}, {{end}}{{comment $l}}{{end}}
{{- end}}
# credentials:
{{- if or .Bearer (not .Found.Logins)}}
#   bearer: ${API_TOKEN} # the trusted front end sends it
{{- end}}
{{- if .Keys}}
#   headers: # so does it these
{{- range .Keys}}
#     {{comment (quote .)}}: ${API_KEY}
{{- end}}
{{- else if not .Found.Logins}}
#   headers: {X-API-Key: "${API_KEY}"} # so does it this
{{- end}}
{{- if .Query}}
#   query: # and adds these to its URLs
{{- range .Query}}
#     {{comment (quote .)}}: ${API_KEY}
{{- end}}
{{- else if not .Found.Logins}}
#   query: {api_key: "${API_KEY}"} # and adds this to its URLs
{{- end}}
{{- if .Cookie}}
#   cookies: ["{{.Cookie}}=${SESSION}; Secure; HttpOnly; SameSite=None"]
{{- end}}
#   login: # or the browser logs in itself
#     path: /login
#     form: {username: victim@example.com, password: "${VICTIM_PASSWORD}"}
{{- if or .Basic (not .Found.Logins)}}
#   basic: victim:${VICTIM_PASSWORD}
{{- end}}
#   storage_state: state.json # of Playwright
#   client_certificate: {file: victim.p12, password: "${CROSSEXAM_CLIENT_CERT_PASSWORD}"}
#   together: true # the API wants all of them in one request, and not one of them
#   network: true # the victim's place in the network gives access
{{- end}}

# What the API logged at its start (CFG-001, CFG-002), in a file or from a command:
# startup_log: {command: [docker, logs, api]}

# How to start the API here, once with the trusted origins and then with mistakes in
# them (CFG-003). With a target above, that is examined for all the rest.
# launch:
#   command: [uvicorn, "api.main:app", --port, "{port}"]
#   variable: {{or .Preset.Variable "CORS_ORIGINS"}}

# limits:
#   requests_per_second: 5
#   concurrency: 2
#   header_timeout: 30s # for a slow API
#   patience: 20m # with a target that answers 429 or 503 and is asked again later
# follow_to_https: true # where an http:// target redirects to https:// on its host
# connect_to: 127.0.0.1:8080 # where the API is, whatever host its URL names
# direct: true # the browser talks to the API itself, for one that treats others differently
# insecure_skip_verify: true # accept any certificate of the API
# allow_writes: true # let the writes above reach the API, as if each were safe_to_write
# browser: {user_agent: "..."} # where an API wants another than Chrome's
# openapi: openapi.yaml # a file or URL, or none to look for no document
# exclude: ["/admin/*"] # paths that discovery leaves alone
# examine: 20 # private endpoints that are examined in whole; the others are asked by header
# accepted: accepted.yaml # violations that do not fail a run; 'crossexam accept' writes it
`
