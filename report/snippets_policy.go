package report

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A CORSPolicy is what a front end needs of an API.
type CORSPolicy struct {
	Origins     []string // that may read
	Methods     []string
	Headers     []string // of requests
	Exposed     []string // headers of responses
	Credentials bool     // the browser's own go along, such as cookies
	MaxAge      int      // seconds that browsers may keep the answer to a preflight; 0 says nothing
}

// A Snippet is a policy that lets a front end in and nobody else, for one stack.
type Snippet struct {
	ID   string
	Name string
	Text string
	// Likely says that the target's replies look like those of this stack.
	Likely bool
	// Untried says that no server was run with it: it is written by the documentation.
	Untried bool

	fixture string // the file of fixtures/stacks that was examined with these settings
}

// Snippets writes a policy for the stacks that are known, those first of which the
// target's answers speak.
func Snippets(p CORSPolicy, answers []cors.Headers) []Snippet {
	return ranked(snippetsFor(p), stack(answers))
}

// ranked has the likely ones first, in their order.
func ranked(list []Snippet, likely []string) []Snippet {
	for i := range list {
		list[i].Likely = slices.Contains(likely, list[i].ID)
	}
	slices.SortStableFunc(list, func(a, b Snippet) int {
		rank := func(s Snippet) int {
			if i := slices.Index(likely, s.ID); i >= 0 {
				return i
			}
			return len(likely)
		}
		return rank(a) - rank(b)
	})
	return list
}

// snippetsFor writes a policy for each stack.
func snippetsFor(p CORSPolicy) []Snippet {
	w := snippetWriter{p}
	return []Snippet{
		{ID: "fastapi", Name: "FastAPI, Starlette", fixture: "fastapi/app.py", Text: w.starlette()},
		{ID: "flask", Name: "Flask (flask-cors)", fixture: "flask-cors/app.py", Text: w.flask()},
		{ID: "django", Name: "Django (django-cors-headers)", fixture: "django-cors-headers/app.py", Text: w.django()},
		{ID: "express", Name: "Express (cors)", fixture: "express-cors/server.js", Text: "app.use(cors({ // const cors = require(\"cors\"), before the routes\n" + w.node("methods", "allowedHeaders", "exposedHeaders") + "}));\n"},
		{ID: "fastify", Name: "Fastify (@fastify/cors)", fixture: "fastify/server.js", Text: "app.register(cors, { // const cors = require(\"@fastify/cors\")\n" + w.node("methods", "allowedHeaders", "exposedHeaders") + "});\n"},
		{ID: "hono", Name: "Hono", fixture: "hono/server.js", Text: "app.use(cors({ // import { cors } from \"hono/cors\"; before the routes\n" + w.node("allowMethods", "allowHeaders", "exposeHeaders") + "}));\n"},
		{ID: "go", Name: "Go (rs/cors)", fixture: "go/nethttp.go", Text: w.rsCORS()},
		{ID: "go-jub0bs", Name: "Go (jub0bs/cors)", fixture: "go/nethttp.go", Text: w.jub0bsCORS()},
		{ID: "spring", Name: "Spring", fixture: "spring/src/main/java/stack/Application.java", Text: w.spring()},
		{ID: "nginx", Name: "nginx", fixture: "nginx/list.conf", Text: w.nginx()},
		{ID: "caddy", Name: "Caddy", fixture: "caddy/list.caddyfile", Text: w.caddy()},
		{ID: "haproxy", Name: "HAProxy", fixture: "haproxy/list.cfg", Text: w.haproxy()},
		{ID: "traefik", Name: "Traefik (file provider)", fixture: "traefik/main.go", Text: w.traefik()},
		{ID: "gateway-api", Name: "Kubernetes Gateway API (HTTPRoute)", Untried: true, Text: w.gatewayAPI()},
	}
}

// A snippetWriter writes a policy in the languages of the stacks. What the target had a
// say in stays within its quotation marks.
type snippetWriter struct{ CORSPolicy }

// list is a list of strings as JSON, Python, JavaScript, Go and YAML write them.
func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		b, _ := json.Marshal(visibleLine(item)) // a string: it cannot fail
		quoted[i] = string(b)
	}
	return strings.Join(quoted, ", ")
}

// header is a list as the value of a header, in quotation marks.
func header(items []string) string {
	b, _ := json.Marshal(visibleLine(strings.Join(items, ", "))) // likewise
	return string(b)
}

// when gives lines where they are needed.
func when(needed bool, lines string) string {
	if needed {
		return lines
	}
	return ""
}

func (w snippetWriter) age() string { return strconv.Itoa(w.MaxAge) }

func (w snippetWriter) starlette() string {
	return "from fastapi.middleware.cors import CORSMiddleware\n\napp.add_middleware(  # last, so that it is outermost\n    CORSMiddleware,\n    allow_origins=[" + list(w.Origins) + "],\n" +
		when(w.Credentials, "    allow_credentials=True,\n") + "    allow_methods=[" + list(w.Methods) + "],\n    allow_headers=[" + list(w.Headers) + "],\n" +
		when(len(w.Exposed) > 0, "    expose_headers=["+list(w.Exposed)+"],\n") + when(w.MaxAge > 0, "    max_age="+w.age()+",\n") + ")\n"
}

func (w snippetWriter) flask() string {
	return "from flask_cors import CORS\n\nCORS(\n    app,\n    origins=[" + list(w.Origins) + "],\n" + when(w.Credentials, "    supports_credentials=True,\n") +
		"    methods=[" + list(w.Methods) + "],\n    allow_headers=[" + list(w.Headers) + "],\n" +
		when(len(w.Exposed) > 0, "    expose_headers=["+list(w.Exposed)+"],\n") + when(w.MaxAge > 0, "    max_age="+w.age()+",\n") + ")\n"
}

func (w snippetWriter) django() string {
	lower := make([]string, len(w.Headers))
	for i, name := range w.Headers {
		lower[i] = strings.ToLower(name)
	}
	return "CORS_ALLOWED_ORIGINS = [" + list(w.Origins) + "] # with corsheaders in INSTALLED_APPS, and corsheaders.middleware.CorsMiddleware first in MIDDLEWARE\n" + when(w.Credentials, "CORS_ALLOW_CREDENTIALS = True\n") +
		"CORS_ALLOW_METHODS = [" + list(w.Methods) + "]\nCORS_ALLOW_HEADERS = [" + list(lower) + "]\n" +
		when(len(w.Exposed) > 0, "CORS_EXPOSE_HEADERS = ["+list(w.Exposed)+"]\n") + when(w.MaxAge > 0, "CORS_PREFLIGHT_MAX_AGE = "+w.age()+"\n")
}

// node is for the middlewares of Node, which differ in the names of three options.
func (w snippetWriter) node(methods, headers, exposed string) string {
	return "  origin: [" + list(w.Origins) + "],\n" + when(w.Credentials, "  credentials: true,\n") +
		"  " + methods + ": [" + list(w.Methods) + "],\n  " + headers + ": [" + list(w.Headers) + "],\n" +
		when(len(w.Exposed) > 0, "  "+exposed+": ["+list(w.Exposed)+"],\n") + when(w.MaxAge > 0, "  maxAge: "+w.age()+",\n")
}

func (w snippetWriter) rsCORS() string {
	return "c := cors.New(cors.Options{ // import \"github.com/rs/cors\"\n\tAllowedOrigins: []string{" + list(w.Origins) + "},\n" + when(w.Credentials, "\tAllowCredentials: true,\n") +
		"\tAllowedMethods: []string{" + list(w.Methods) + "},\n\tAllowedHeaders: []string{" + list(w.Headers) + "},\n" +
		when(len(w.Exposed) > 0, "\tExposedHeaders: []string{"+list(w.Exposed)+"},\n") + when(w.MaxAge > 0, "\tMaxAge: "+w.age()+",\n") +
		"})\nhttp.Serve(l, c.Handler(mux()))\n"
}

func (w snippetWriter) jub0bsCORS() string {
	return "c, err := cors.NewMiddleware(cors.Config{ // import \"github.com/jub0bs/cors\"\n\tOrigins: []string{" + list(w.Origins) + "},\n" + when(w.Credentials, "\tCredentialed: true,\n") +
		"\tMethods: []string{" + list(w.Methods) + "},\n" + when(len(w.Headers) > 0, "\tRequestHeaders: []string{"+list(w.Headers)+"},\n") +
		when(len(w.Exposed) > 0, "\tResponseHeaders: []string{"+list(w.Exposed)+"},\n") + when(w.MaxAge > 0, "\tMaxAgeInSeconds: "+w.age()+",\n") +
		"})\nif err != nil {\n\treturn err\n}\nhttp.Serve(l, c.Wrap(mux()))\n"
}

// spring writes a filter: it holds with Spring Security and without.
func (w snippetWriter) spring() string {
	return "@Bean // with Spring Security: http.cors(withDefaults())\nCorsFilter corsFilter() {\n" +
		"    CorsConfiguration c = new CorsConfiguration();\n    c.setAllowedOrigins(List.of(" + list(w.Origins) + "));\n" +
		when(w.Credentials, "    c.setAllowCredentials(true);\n") + "    c.setAllowedMethods(List.of(" + list(w.Methods) + "));\n" +
		"    c.setAllowedHeaders(List.of(" + list(w.Headers) + "));\n" + when(len(w.Exposed) > 0, "    c.setExposedHeaders(List.of("+list(w.Exposed)+"));\n") +
		when(w.MaxAge > 0, "    c.setMaxAge("+w.age()+"L);\n") +
		"    UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();\n    source.registerCorsConfiguration(\"/**\", c);\n    return new CorsFilter(source);\n}\n"
}

func (w snippetWriter) nginx() string {
	patterns := make([]string, len(w.Origins))
	for i, o := range w.Origins {
		patterns[i] = "\t\"~^" + strings.ReplaceAll(regexp.QuoteMeta(visibleLine(o)), `"`, `\"`) + "$\" $http_origin;"
	}
	return "map $http_origin $cors_origin {\n" + strings.Join(patterns, "\n") + "\n}\n" +
		when(w.Credentials, "map $cors_origin $cors_credentials {\n\t\"\" \"\";\n\tdefault true;\n}\n") +
		"server {\n\tlocation / {\n\t\tadd_header Access-Control-Allow-Origin $cors_origin always;\n" +
		when(w.Credentials, "\t\tadd_header Access-Control-Allow-Credentials $cors_credentials always;\n") +
		when(len(w.Exposed) > 0, "\t\tadd_header Access-Control-Expose-Headers "+header(w.Exposed)+" always;\n") +
		"\t\tadd_header Vary Origin always;\n\t\tif ($request_method = OPTIONS) {\n\t\t\tadd_header Access-Control-Allow-Origin $cors_origin;\n" +
		when(w.Credentials, "\t\t\tadd_header Access-Control-Allow-Credentials $cors_credentials;\n") +
		"\t\t\tadd_header Access-Control-Allow-Methods " + header(w.Methods) + ";\n" +
		when(len(w.Headers) > 0, "\t\t\tadd_header Access-Control-Allow-Headers "+header(w.Headers)+";\n") +
		when(w.MaxAge > 0, "\t\t\tadd_header Access-Control-Max-Age "+w.age()+";\n") +
		"\t\t\tadd_header Vary Origin;\n\t\t\treturn 204;\n\t\t}\n\t}\n}\n"
}

func (w snippetWriter) caddy() string {
	plain := make([]string, len(w.Origins))
	for i, o := range w.Origins {
		plain[i] = visibleLine(o)
	}
	return "@trusted {\n\theader Origin " + strings.Join(plain, "\n\theader Origin ") + "\n}\n" +
		"@preflight {\n\tmethod OPTIONS\n\theader Access-Control-Request-Method *\n}\nheader Vary Origin\nheader @trusted {\n" +
		"\tAccess-Control-Allow-Origin {http.request.header.Origin}\n" + when(w.Credentials, "\tAccess-Control-Allow-Credentials true\n") +
		"\tAccess-Control-Allow-Methods " + header(w.Methods) + "\n" + when(len(w.Headers) > 0, "\tAccess-Control-Allow-Headers "+header(w.Headers)+"\n") +
		when(len(w.Exposed) > 0, "\tAccess-Control-Expose-Headers "+header(w.Exposed)+"\n") + when(w.MaxAge > 0, "\tAccess-Control-Max-Age "+w.age()+"\n") +
		"\tdefer\n}\nrespond @preflight 204\n"
}

func (w snippetWriter) haproxy() string {
	plain := make([]string, len(w.Origins))
	for i, o := range w.Origins {
		plain[i] = visibleLine(o)
	}
	set := func(name, value string) string {
		return "http-after-response set-header " + name + " " + value + " if { var(txn.origin) -m found }\n"
	}
	return "http-request set-var(txn.origin) req.hdr(Origin) if { req.hdr(Origin) -m str " + strings.Join(plain, " ") + " }\n" +
		"http-request return status 204 if METH_OPTIONS { req.hdr(Access-Control-Request-Method) -m found }\n" +
		set("Access-Control-Allow-Origin", "%[var(txn.origin)]") + when(w.Credentials, set("Access-Control-Allow-Credentials", "true")) +
		set("Access-Control-Allow-Methods", header(w.Methods)) + when(len(w.Headers) > 0, set("Access-Control-Allow-Headers", header(w.Headers))) +
		when(len(w.Exposed) > 0, set("Access-Control-Expose-Headers", header(w.Exposed))) + when(w.MaxAge > 0, set("Access-Control-Max-Age", w.age())) +
		"http-after-response add-header Vary Origin\n"
}

func (w snippetWriter) traefik() string {
	return "http:\n  middlewares:\n    cors: # name it in the router's middlewares\n      headers:\n        accessControlAllowOriginList: [" + list(w.Origins) + "]\n" +
		when(w.Credentials, "        accessControlAllowCredentials: true\n") + "        accessControlAllowMethods: [" + list(w.Methods) + "]\n" +
		"        accessControlAllowHeaders: [" + list(w.Headers) + "]\n" + when(len(w.Exposed) > 0, "        accessControlExposeHeaders: ["+list(w.Exposed)+"]\n") +
		when(w.MaxAge > 0, "        accessControlMaxAge: "+w.age()+"\n") + "        addVaryHeader: true\n"
}

// gatewayAPI writes a filter for the rules of an HTTPRoute. Its allowCredentials is left
// out where nothing needs it.
func (w snippetWriter) gatewayAPI() string {
	return "rules: # of the HTTPRoute\n  - filters:\n      - type: CORS\n        cors:\n          allowOrigins: [" + list(w.Origins) + "]\n" +
		when(w.Credentials, "          allowCredentials: true\n") + "          allowMethods: [" + list(w.Methods) + "]\n" +
		when(len(w.Headers) > 0, "          allowHeaders: ["+list(w.Headers)+"]\n") + when(len(w.Exposed) > 0, "          exposeHeaders: ["+list(w.Exposed)+"]\n") +
		when(w.MaxAge > 0, "          maxAge: "+w.age()+"\n")
}
