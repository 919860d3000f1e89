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
}

// Snippets writes a policy for the stacks that are known, those first of which the
// target's answers speak.
func Snippets(p CORSPolicy, answers []cors.Response) []Snippet {
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
		{ID: "fastapi", Name: "FastAPI, Starlette", Text: w.starlette()},
		{ID: "flask", Name: "Flask (flask-cors)", Text: w.flask()},
		{ID: "django", Name: "Django (django-cors-headers)", Text: w.django()},
		{ID: "express", Name: "Express (cors)", Text: w.express()},
		{ID: "fastify", Name: "Fastify (@fastify/cors)", Text: w.fastify()},
		{ID: "hono", Name: "Hono", Text: w.hono()},
		{ID: "koa", Name: "Koa (@koa/cors)", Text: w.koa()},
		{ID: "go", Name: "Go (rs/cors)", Text: w.rsCORS()},
		{ID: "go-jub0bs", Name: "Go (jub0bs/cors)", Text: w.jub0bsCORS()},
		{ID: "chi", Name: "chi (go-chi/cors)", Text: w.chi()},
		{ID: "gorilla", Name: "gorilla/handlers", Text: w.gorilla()},
		{ID: "gin", Name: "gin (gin-contrib/cors)", Text: w.gin()},
		{ID: "echo", Name: "Echo 4 and 5", Text: w.echo()},
		{ID: "fiber", Name: "Fiber 3", Text: w.fiber3()},
		{ID: "fiber-2", Name: "Fiber 2", Text: w.fiber2()},
		{ID: "spring", Name: "Spring", Text: w.spring()},
		{ID: "nginx", Name: "nginx", Text: w.nginx()},
		{ID: "caddy", Name: "Caddy", Text: w.caddy()},
		{ID: "haproxy", Name: "HAProxy", Text: w.haproxy()},
		{ID: "traefik", Name: "Traefik (file provider)", Text: w.traefik()},
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
	return "from fastapi.middleware.cors import CORSMiddleware\n\napp.add_middleware(  # after every other one, so that it is outermost\n    CORSMiddleware,\n    allow_origins=[" + list(w.Origins) + "],\n" +
		when(w.Credentials, "    allow_credentials=True,\n") + "    allow_methods=[" + list(w.Methods) + "],\n    allow_headers=[" + list(w.Headers) + "],\n" +
		when(len(w.Exposed) > 0, "    expose_headers=["+list(w.Exposed)+"],\n") + when(w.MaxAge > 0, "    max_age="+w.age()+",\n") + ")\n"
}

func (w snippetWriter) flask() string {
	return "from flask_cors import CORS\n\nCORS(  # the only one: a cross_origin on a route counts instead\n    app,\n    origins=[" + list(w.Origins) + "],\n" + when(w.Credentials, "    supports_credentials=True,\n") +
		"    methods=[" + list(w.Methods) + "],\n    allow_headers=[" + list(w.Headers) + "],\n" +
		when(len(w.Exposed) > 0, "    expose_headers=["+list(w.Exposed)+"],\n") + when(w.MaxAge > 0, "    max_age="+w.age()+",\n") + ")\n"
}

func (w snippetWriter) django() string {
	lower := make([]string, len(w.Headers))
	for i, name := range w.Headers {
		lower[i] = strings.ToLower(name)
	}
	return "# settings.py, with corsheaders.middleware.CorsMiddleware first in MIDDLEWARE\nCORS_ALLOW_ALL_ORIGINS = False\nCORS_ALLOWED_ORIGIN_REGEXES = []\n" +
		"CORS_ALLOWED_ORIGINS = [" + list(w.Origins) + "]\n" + when(w.Credentials, "CORS_ALLOW_CREDENTIALS = True\n") +
		"CORS_ALLOW_METHODS = [" + list(w.Methods) + "]\nCORS_ALLOW_HEADERS = [" + list(lower) + "]\n" +
		when(len(w.Exposed) > 0, "CORS_EXPOSE_HEADERS = ["+list(w.Exposed)+"]\n") + when(w.MaxAge > 0, "CORS_PREFLIGHT_MAX_AGE = "+w.age()+"\n")
}

// node is for the middlewares of Node, which differ in the names of three options.
func (w snippetWriter) node(methods, headers, exposed string) string {
	return "  origin: [" + list(w.Origins) + "],\n" + when(w.Credentials, "  credentials: true,\n") +
		"  " + methods + ": [" + list(w.Methods) + "],\n  " + headers + ": [" + list(w.Headers) + "],\n" +
		when(len(w.Exposed) > 0, "  "+exposed+": ["+list(w.Exposed)+"],\n") + when(w.MaxAge > 0, "  maxAge: "+w.age()+",\n")
}

func (w snippetWriter) express() string {
	return "const cors = require(\"cors\");\n\napp.use(cors({ // before logins and routes\n" + w.node("methods", "allowedHeaders", "exposedHeaders") + "}));\n"
}

func (w snippetWriter) fastify() string {
	return "app.register(require(\"@fastify/cors\"), { // before logins and routes\n" + w.node("methods", "allowedHeaders", "exposedHeaders") + "});\n"
}

func (w snippetWriter) hono() string {
	return "import { cors } from \"hono/cors\";\n\napp.use(cors({ // before logins and routes\n" + w.node("allowMethods", "allowHeaders", "exposeHeaders") + "}));\n"
}

// koa has a function: there is no option for a list.
func (w snippetWriter) koa() string {
	_, rest, _ := strings.Cut(w.node("allowMethods", "allowHeaders", "exposeHeaders"), "\n")
	return "const cors = require(\"@koa/cors\");\n\nconst origins = [" + list(w.Origins) + "];\napp.use(cors({ // before logins and routes\n" +
		"  origin: (ctx) => (origins.includes(ctx.get(\"Origin\")) ? ctx.get(\"Origin\") : \"\"),\n" + rest + "}));\n"
}

// outermost is where a middleware of net/http belongs.
const outermost = " // around the router, logins and recovery\n"

func (w snippetWriter) rsCORS() string {
	return "import \"github.com/rs/cors\"\n\nc := cors.New(cors.Options{\n" + w.rsOptions() + "})\nhandler = c.Handler(handler)" + outermost
}

// chi has a copy of rs/cors.
func (w snippetWriter) chi() string {
	return "import \"github.com/go-chi/cors\"\n\nr.Use(cors.Handler(cors.Options{ // before every other Use\n" + w.rsOptions() + "}))\n"
}

func (w snippetWriter) rsOptions() string {
	return "\tAllowedOrigins: []string{" + list(w.Origins) + "},\n" + when(w.Credentials, "\tAllowCredentials: true,\n") +
		"\tAllowedMethods: []string{" + list(w.Methods) + "},\n\tAllowedHeaders: []string{" + list(w.Headers) + "},\n" +
		when(len(w.Exposed) > 0, "\tExposedHeaders: []string{"+list(w.Exposed)+"},\n") + when(w.MaxAge > 0, "\tMaxAge: "+w.age()+",\n")
}

func (w snippetWriter) jub0bsCORS() string {
	return "import \"github.com/jub0bs/cors\"\n\nc, err := cors.NewMiddleware(cors.Config{\n\tOrigins: []string{" + list(w.Origins) + "},\n" + when(w.Credentials, "\tCredentialed: true,\n") +
		"\tMethods: []string{" + list(w.Methods) + "},\n" + when(len(w.Headers) > 0, "\tRequestHeaders: []string{"+list(w.Headers)+"},\n") +
		when(len(w.Exposed) > 0, "\tResponseHeaders: []string{"+list(w.Exposed)+"},\n") + when(w.MaxAge > 0, "\tMaxAgeInSeconds: "+w.age()+",\n") +
		"})\nif err != nil {\n\tlog.Fatal(err)\n}\nhandler = c.Wrap(handler)" + outermost
}

func (w snippetWriter) gorilla() string {
	return "import \"github.com/gorilla/handlers\"\n\nhandler = handlers.CORS(" + strings.TrimSpace(outermost) + "\n\thandlers.AllowedOrigins([]string{" + list(w.Origins) + "}),\n" +
		when(w.Credentials, "\thandlers.AllowCredentials(),\n") + "\thandlers.AllowedMethods([]string{" + list(w.Methods) + "}),\n" +
		"\thandlers.AllowedHeaders([]string{" + list(w.Headers) + "}),\n" + when(len(w.Exposed) > 0, "\thandlers.ExposedHeaders([]string{"+list(w.Exposed)+"}),\n") +
		when(w.MaxAge > 0, "\thandlers.MaxAge("+w.age()+"),\n") + ")(handler)\n"
}

func (w snippetWriter) gin() string {
	return "import (\n\t\"github.com/gin-contrib/cors\"\n" + when(w.MaxAge > 0, "\t\"time\"\n") + ")\n\nr.Use(cors.New(cors.Config{ // before every other Use\n" +
		w.config(func(items []string) string { return "[]string{" + list(items) + "}" }) + when(w.MaxAge > 0, "\tMaxAge: "+w.age()+" * time.Second,\n") + "}))\n"
}

func (w snippetWriter) echo() string {
	return "import \"github.com/labstack/echo/v4/middleware\" // or v5\n\ne.Use(middleware.CORSWithConfig(middleware.CORSConfig{ // before every other Use\n" +
		w.config(func(items []string) string { return "[]string{" + list(items) + "}" }) + when(w.MaxAge > 0, "\tMaxAge: "+w.age()+",\n") + "}))\n"
}

func (w snippetWriter) fiber3() string {
	return "import \"github.com/gofiber/fiber/v3/middleware/cors\"\n\napp.Use(cors.New(cors.Config{ // before every other Use\n" +
		w.config(func(items []string) string { return "[]string{" + list(items) + "}" }) + when(w.MaxAge > 0, "\tMaxAge: "+w.age()+",\n") + "}))\n"
}

func (w snippetWriter) fiber2() string {
	return "import \"github.com/gofiber/fiber/v2/middleware/cors\"\n\napp.Use(cors.New(cors.Config{ // before every other Use\n" +
		w.config(header) + when(w.MaxAge > 0, "\tMaxAge: "+w.age()+",\n") + "}))\n"
}

// config is for the middlewares of Go's frameworks, which differ in what a list is.
func (w snippetWriter) config(items func([]string) string) string {
	return "\tAllowOrigins: " + items(w.Origins) + ",\n" + when(w.Credentials, "\tAllowCredentials: true,\n") + "\tAllowMethods: " + items(w.Methods) + ",\n" +
		when(len(w.Headers) > 0, "\tAllowHeaders: "+items(w.Headers)+",\n") + when(len(w.Exposed) > 0, "\tExposeHeaders: "+items(w.Exposed)+",\n")
}

// spring writes a filter: it holds with Spring Security and without.
func (w snippetWriter) spring() string {
	return "// in a @Configuration class, in the place of @CrossOrigin and addCorsMappings; with Spring Security: http.cors(withDefaults())\n@Bean\nCorsFilter corsFilter() {\n" +
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
	return "# in the http block\nmap $http_origin $cors_origin {\n" + strings.Join(patterns, "\n") + "\n}\n" +
		when(w.Credentials, "map $cors_origin $cors_credentials {\n\t\"\" \"\";\n\tdefault true;\n}\n") +
		"server {\n\tlocation / { # in each that passes on; no other add_header Access-Control-*\n" + hides("\t\tproxy_hide_header Access-Control-Allow-", ";") + "\t\tadd_header Access-Control-Allow-Origin $cors_origin always;\n" +
		when(w.Credentials, "\t\tadd_header Access-Control-Allow-Credentials $cors_credentials always;\n") +
		when(len(w.Exposed) > 0, "\t\tadd_header Access-Control-Expose-Headers "+header(w.Exposed)+" always;\n") +
		"\t\tadd_header Vary Origin always;\n\t\tif ($request_method = OPTIONS) {\n\t\t\tadd_header Access-Control-Allow-Origin $cors_origin;\n" +
		when(w.Credentials, "\t\t\tadd_header Access-Control-Allow-Credentials $cors_credentials;\n") +
		"\t\t\tadd_header Access-Control-Allow-Methods " + header(w.Methods) + ";\n" +
		when(len(w.Headers) > 0, "\t\t\tadd_header Access-Control-Allow-Headers "+header(w.Headers)+";\n") +
		when(w.MaxAge > 0, "\t\t\tadd_header Access-Control-Max-Age "+w.age()+";\n") +
		"\t\t\tadd_header Vary Origin;\n\t\t\treturn 204;\n\t\t}\n\t}\n}\n"
}

// hides are lines that leave out what the application behind a proxy says, so that the
// proxy's policy is the only one.
func hides(before, after string) string {
	return before + "Origin" + after + "\n" + before + "Credentials" + after + "\n"
}

func (w snippetWriter) caddy() string {
	plain := make([]string, len(w.Origins))
	for i, o := range w.Origins {
		plain[i] = visibleLine(o)
	}
	return "# in the site's block; take CORS out of the application: to other origins its header stays\n@trusted {\n\theader Origin " + strings.Join(plain, "\n\theader Origin ") + "\n}\n" +
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
	return "# in the frontend\nhttp-request set-var(txn.origin) req.hdr(Origin) if { req.hdr(Origin) -m str " + strings.Join(plain, " ") + " }\n" +
		"http-request return status 204 if METH_OPTIONS { req.hdr(Access-Control-Request-Method) -m found }\n" +
		hides("http-after-response del-header Access-Control-Allow-", "") + set("Access-Control-Allow-Origin", "%[var(txn.origin)]") + when(w.Credentials, set("Access-Control-Allow-Credentials", "true")) +
		set("Access-Control-Allow-Methods", header(w.Methods)) + when(len(w.Headers) > 0, set("Access-Control-Allow-Headers", header(w.Headers))) +
		when(len(w.Exposed) > 0, set("Access-Control-Expose-Headers", header(w.Exposed))) + when(w.MaxAge > 0, set("Access-Control-Max-Age", w.age())) +
		"http-after-response add-header Vary Origin\n"
}

func (w snippetWriter) traefik() string {
	return "# take CORS out of the application: to other origins its header stays\nhttp:\n  middlewares:\n    cors: # name it in the router's middlewares\n      headers:\n        accessControlAllowOriginList: [" + list(w.Origins) + "]\n" +
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
