package report

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// A snippet is a policy that lets the front end in and nobody else, for one stack.
type snippet struct {
	ID   string
	Name string
	Text string
	// Likely says that the target's replies look like those of this stack.
	Likely bool

	fixture string // the file of fixtures/stacks that was examined with these settings
}

// policySnippets are the stacks that were tried, the target's first. They name its
// trusted origins.
func (r Report) policySnippets() []snippet {
	origins := r.Target.TrustedOrigins
	if len(origins) == 0 {
		origins = []string{"https://app.example.com"}
	}
	credentials := slices.ContainsFunc(r.Target.Credentials, func(c string) bool { return scenarios.Credential(c).Ambient() })
	list := snippetsFor(origins, credentials)
	likely := r.stack()
	for i := range list {
		list[i].Likely = slices.Contains(likely, list[i].ID)
	}
	slices.SortStableFunc(list, func(a, b snippet) int {
		rank := func(s snippet) int {
			if i := slices.Index(likely, s.ID); i >= 0 {
				return i
			}
			return len(likely)
		}
		return rank(a) - rank(b)
	})
	return list
}

// stack names the snippets that fit what the target's replies say of themselves, the
// likeliest first.
func (r Report) stack() []string {
	signs := []struct{ id, header, says string }{
		{"fastapi", "server", "uvicorn"}, {"fastapi", "server", "hypercorn"}, {"django", "server", "wsgiserver"}, {"flask", "server", "werkzeug"},
		{"express", "x-powered-by", "express"}, {"nginx", "server", "nginx"}, {"nginx", "server", "openresty"}, {"caddy", "server", "caddy"}, {"caddy", "via", "caddy"},
	}
	var found []string
	for _, c := range r.Results {
		for _, x := range c.Proof.Exchanges {
			if x.Response == nil {
				continue
			}
			for _, h := range x.Response.Headers {
				for _, s := range signs {
					if strings.EqualFold(h.Name, s.header) && strings.Contains(strings.ToLower(h.Value), s.says) && !slices.Contains(found, s.id) {
						found = append(found, s.id)
					}
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		place := func(id string) int {
			return slices.IndexFunc(signs, func(s struct{ id, header, says string }) bool { return s.id == id })
		}
		return place(a) - place(b)
	})
	return found
}

// snippetsFor writes each for a list of origins. Only what was examined is in here, see
// fixtures/stacks.
func snippetsFor(origins []string, credentials bool) []snippet {
	quoted := make([]string, len(origins))
	patterns := make([]string, len(origins))
	for i, o := range origins {
		b, _ := json.Marshal(visibleLine(o)) // a string: it cannot fail
		quoted[i] = string(b)
		patterns[i] = "\t\"~^" + strings.ReplaceAll(regexp.QuoteMeta(visibleLine(o)), `"`, `\"`) + "$\" $http_origin;"
	}
	list := strings.Join(quoted, ", ")
	plain := make([]string, len(origins))
	for i, o := range origins {
		plain[i] = visibleLine(o)
	}
	// with gives a line where the front end needs credentials.
	with := func(line string) string {
		if credentials {
			return line + "\n"
		}
		return ""
	}
	return []snippet{
		{ID: "fastapi", Name: "FastAPI, Starlette", fixture: "fastapi/app.py", Text: "app.add_middleware(  # last, so that it is outermost\n" +
			"    CORSMiddleware,\n    allow_origins=[" + list + "],\n" + with("    allow_credentials=True,") +
			"    allow_methods=[\"GET\", \"POST\"],\n    allow_headers=[\"Content-Type\"],\n)\n"},
		{ID: "flask", Name: "Flask (flask-cors)", fixture: "flask-cors/app.py", Text: "CORS(\n    app,\n    origins=[" + list + "],\n" +
			with("    supports_credentials=True,") + "    methods=[\"GET\", \"POST\"],\n    allow_headers=[\"Authorization\", \"Content-Type\"],\n)\n"},
		{ID: "django", Name: "Django (django-cors-headers)", fixture: "django-cors-headers/app.py", Text: "CORS_ALLOWED_ORIGINS = [" + list + "]\n" +
			with("CORS_ALLOW_CREDENTIALS = True") + "CORS_ALLOW_METHODS = [\"GET\", \"POST\"]\nCORS_ALLOW_HEADERS = [\"authorization\", \"content-type\"]\n"},
		{ID: "express", Name: "Express (cors)", fixture: "express-cors/server.js", Text: "app.use(cors({\n  origin: [" + list + "],\n" +
			with("  credentials: true,") + "  methods: [\"GET\", \"POST\"],\n  allowedHeaders: [\"Authorization\", \"Content-Type\"],\n}));\n"},
		{ID: "fastify", Name: "Fastify (@fastify/cors)", fixture: "fastify/server.js", Text: "app.register(cors, {\n  origin: [" + list + "],\n" +
			with("  credentials: true,") + "  methods: [\"GET\", \"POST\"],\n  allowedHeaders: [\"Authorization\", \"Content-Type\"],\n});\n"},
		{ID: "hono", Name: "Hono", fixture: "hono/server.js", Text: "app.use(cors({\n  origin: [" + list + "],\n" +
			with("  credentials: true,") + "  allowMethods: [\"GET\", \"POST\"],\n  allowHeaders: [\"Authorization\", \"Content-Type\"],\n}));\n"},
		{ID: "go", Name: "Go (rs/cors)", fixture: "go/nethttp.go", Text: "c := cors.New(cors.Options{\n\tAllowedOrigins: []string{" + list + "},\n" +
			with("\tAllowCredentials: true,") + "\tAllowedMethods: []string{\"GET\", \"POST\"},\n\tAllowedHeaders: []string{\"Authorization\", \"Content-Type\"},\n})\nhttp.Serve(l, c.Handler(mux()))\n"},
		{ID: "nginx", Name: "nginx", fixture: "nginx/list.conf", Text: "map $http_origin $cors_origin {\n" + strings.Join(patterns, "\n") + "\n}\n" +
			with("map $cors_origin $cors_credentials {\n\t\"\" \"\";\n\tdefault true;\n}") +
			"server {\n\tlocation / {\n\t\tadd_header Access-Control-Allow-Origin $cors_origin always;\n" +
			with("\t\tadd_header Access-Control-Allow-Credentials $cors_credentials always;") +
			"\t\tadd_header Vary Origin always;\n\t\tif ($request_method = OPTIONS) {\n\t\t\tadd_header Access-Control-Allow-Origin $cors_origin;\n" +
			with("\t\t\tadd_header Access-Control-Allow-Credentials $cors_credentials;") +
			"\t\t\tadd_header Access-Control-Allow-Methods \"GET, POST\";\n\t\t\tadd_header Access-Control-Allow-Headers \"Authorization, Content-Type\";\n" +
			"\t\t\tadd_header Vary Origin;\n\t\t\treturn 204;\n\t\t}\n\t}\n}\n"},
		{ID: "caddy", Name: "Caddy", fixture: "caddy/list.caddyfile", Text: "@trusted {\n\theader Origin " + strings.Join(plain, "\n\theader Origin ") + "\n}\n" +
			"@preflight {\n\tmethod OPTIONS\n\theader Access-Control-Request-Method *\n}\nheader Vary Origin\nheader @trusted {\n" +
			"\tAccess-Control-Allow-Origin {http.request.header.Origin}\n" + with("\tAccess-Control-Allow-Credentials true") +
			"\tAccess-Control-Allow-Methods \"GET, POST\"\n\tAccess-Control-Allow-Headers \"Authorization, Content-Type\"\n\tdefer\n}\nrespond @preflight 204\n"},
		{ID: "haproxy", Name: "HAProxy", fixture: "haproxy/list.cfg", Text: "http-request set-var(txn.origin) req.hdr(Origin) if { req.hdr(Origin) -m str " + strings.Join(plain, " ") + " }\n" +
			"http-request return status 204 if METH_OPTIONS { req.hdr(Access-Control-Request-Method) -m found }\n" +
			"http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if { var(txn.origin) -m found }\n" +
			with("http-after-response set-header Access-Control-Allow-Credentials true if { var(txn.origin) -m found }") +
			"http-after-response set-header Access-Control-Allow-Methods \"GET, POST\" if { var(txn.origin) -m found }\n" +
			"http-after-response set-header Access-Control-Allow-Headers \"Authorization, Content-Type\" if { var(txn.origin) -m found }\n" +
			"http-after-response add-header Vary Origin\n"},
	}
}

// mendedByPolicy reports whether a list of origins, with its methods and headers, is what
// mends a cause.
func (c Cause) mendedByPolicy() bool {
	if strings.HasPrefix(c.ID, "ORG-") {
		return true
	}
	return slices.Contains([]string{
		"every-origin", "null-origin", "front-end-refused", "lists", "preflights-for-everyone",
		string(scenarios.Contains), string(scenarios.BeginsWith), string(scenarios.BeginsWithDot), string(scenarios.SiteOn), string(scenarios.EndsWith),
		string(scenarios.SubdomainOf), string(scenarios.LabelBelow), string(scenarios.UnescapedDot), string(scenarios.SameHost),
	}, c.ID)
}
