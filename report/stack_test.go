package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// The replies are those of the fixtures of the stacks to a path that they do not know.
func TestStackOfReplies(t *testing.T) {
	for _, tt := range []struct {
		headers, body string
		status        int
		want          string
	}{
		{"server: uvicorn", `{}`, 200, "fastapi"},
		{"server: uvicorn\ncontent-type: application/json", `{"detail":"Notebook not found"}`, 404, "fastapi"},
		{"server: uvicorn\ncontent-type: application/json", `{"status_code":404,"detail":"Not Found"}`, 404, ""}, // Litestar's
		{"server: hypercorn-h11\ncontent-type: text/html; charset=utf-8", "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n", 404, "flask"},
		{"server: uvicorn", "", 404, "fastapi"}, // to a HEAD
		{"server: nginx\ncontent-type: application/json", `{"detail":"Not Found"}`, 404, "nginx fastapi"},
		{"Server: waitress\nContent-Type: text/html; charset=utf-8", "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n", 404, "flask"},
		{"X-Powered-By: Express", `{}`, 401, "express"},
		{"Content-Type: text/html; charset=utf-8", "<!DOCTYPE html>\n<body>\n<pre>Cannot GET /nope</pre>\n</body>", 404, "express"},
		{"content-type: application/json; charset=utf-8", `{"message":"Route GET:/nope not found","error":"Not Found","statusCode":404}`, 404, "fastify"},
		{"content-type: text/plain; charset=UTF-8", "404 Not Found", 404, "hono"},
		{"Content-Type: text/plain; charset=utf-8", "Not Found", 404, ""},
		{"Vary: Origin\nContent-Type: text/plain; charset=utf-8\nContent-Length: 9\nDate: x\nConnection: keep-alive\nKeep-Alive: timeout=5", "Not Found", 404, "koa"},
		{"Content-Type: text/plain; charset=utf-8\nContent-Length: 9\nETag: W/\"9-0g\"\nDate: x", "Not Found", 404, ""},   // Express's sendStatus, without its name
		{"Content-Type: text/plain; charset=utf-8\nDate: x\nTransfer-Encoding: chunked", "Not Found", 404, ""},            // Node without a framework
		{"content-type: text/plain; charset=utf-8\ncontent-length: 9\ndate: x", "Not Found", 404, ""},                     // hyper, under axum
		{"Date: x\nContent-Length: 9\nContent-Type: text/plain; charset=utf-8", "Not Found", 404, ""},                     // net/http that writes the words
		{"Server: nginx\nDate: x\nContent-Type: text/plain; charset=utf-8\nContent-Length: 9", "Not Found", 404, "nginx"}, // whoever is behind it
		{"Date: x\nContent-Type: text/plain; charset=utf-8\nContent-Length: 9\nVary: Origin", "Not Found", 404, "fiber"},
		{"Server: waitress\nContent-Type: text/html; charset=utf-8", "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n", 404, "django"},
		{"Server: gunicorn\nContent-Type: application/json", `{"detail":"Authentication credentials were not provided."}`, 403, "django"},
		{"Server: waitress\nContent-Type: application/json", `{"error": "not found"}`, 404, ""}, // Django's, Pyramid's and Bottle's JSON are alike
		{"Server: gunicorn\nContent-Type: application/json", "{\"error\":\"Unauthorized\"}\n", 401, "flask"},
		{"Content-Type: application/json", "{\"error\":\"Unauthorized\"}\n", 401, ""}, // Go's encoder writes so, too
		{"content-type: text/html\ncache-control: no-cache", "<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n", 502, "haproxy"},
		{"Content-Type: text/html", "<html><body><h1>It works</h1>\nA page.\n</body></html>\n", 200, ""},
		{"Content-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff", "404 page not found\n", 404, "go"},
		{"Content-Type: text/plain", "404 page not found", 404, "gin"},
		{"Content-Type: application/json", "{\"message\":\"Not Found\"}\n", 404, "echo"},
		{"Content-Type: text/plain; charset=utf-8", "Cannot GET /nope", 404, "fiber-2"},
		{"Content-Type: application/json", `{"timestamp":"2026-11-29T09:05:06.991Z","status":404,"error":"Not Found","path":"/nope"}`, 404, "spring"},
		{"Cache-Control: no-cache, no-store, max-age=0, must-revalidate", "", 401, "spring"},
		{"Server: Caddy\nContent-Type: text/plain; charset=utf-8", "404 page not found\n", 404, "caddy go"},
		{"Content-Type: application/json", `{"detail":"Not Found"}`, 200, ""},
		{"Content-Type: text/html", `{"detail":"Not Found"}`, 404, ""},
	} {
		var lines cors.Headers
		for l := range strings.Lines(tt.headers) {
			name, value, _ := strings.Cut(strings.TrimSpace(l), ": ")
			lines = append(lines, cors.Header{Name: name, Value: value})
		}
		got := strings.Join(stack([]cors.Response{{Status: tt.status, Headers: lines, Body: tt.body}}), " ")
		if got != tt.want {
			t.Errorf("%q %d %q: %q, want %q", tt.headers, tt.status, tt.body, got, tt.want)
		}
	}
	for _, s := range signs {
		if !slices.ContainsFunc(snippetsFor(CORSPolicy{}), func(one Snippet) bool { return one.ID == s.id }) {
			t.Errorf("the sign of %s leads to no snippet", s.id)
		}
	}
}

// What the cache of the examination answers says nothing of the target: it is nginx.
func TestOurOwnCacheIsNoStack(t *testing.T) {
	r := Report{Results: []Result{{Proof: Proof{Exchanges: []Exchange{
		{Response: &Response{Status: 200, Headers: []Header{{Name: "Server", Value: "nginx"}, {Name: scenarios.CacheStatus, Value: "HIT"}}}},
		{Response: &Response{Status: 404, Headers: []Header{{Name: "Content-Type", Value: "text/plain"}}, Body: "404 page not found"}},
	}}}}}
	if got := strings.Join(r.stacks(), " "); got != "gin" {
		t.Errorf("the target is taken for %q, want gin", got)
	}
}

// Who writes the snippet into its server as it stands, and nothing else, must not take from
// the front end what it has: its methods, the headers that it sends and those that it reads.
func TestSnippetKeepsWhatTheFrontEndNeeds(t *testing.T) {
	record := of(judged("TRU-003", scenarios.Must, scenarios.Conforms, "", frontEndRead("x-csrf-token, content-type", "X-Total-Count")))
	record.Target.Endpoints = []scenarios.Endpoint{{Method: "GET", Path: "/a"}, {Method: "DELETE", Path: "/a"}}
	record.Target.Policy.Exposed = []string{"ETag", "*"}
	p := reportOf(record, Meta{}).policy()
	for what, pair := range map[string][2][]string{
		"methods": {p.Methods, {"DELETE", "GET", "POST"}},
		"headers": {p.Headers, {"Content-Type", "X-Csrf-Token"}},
		"exposed": {p.Exposed, {"ETag", "X-Total-Count"}},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
}

// frontEndRead is a read of the front end with its preflight.
func frontEndRead(headers, exposed string) scenarios.Observation {
	o := read(sampleEvil, true)
	o.Exchanges = []cors.Exchange{
		{Request: cors.Request{Method: "OPTIONS", Headers: cors.Headers{{Name: "Origin", Value: sampleEvil}, {Name: "Access-Control-Request-Method", Value: "DELETE"}, {Name: "access-control-request-headers", Value: headers}}}, Response: &cors.Response{Status: 204}},
		{Request: cors.Request{Method: "GET"}, Response: &cors.Response{Status: 200, Headers: cors.Headers{{Name: "Access-Control-Expose-Headers", Value: exposed + ", etag"}}}},
	}
	return o
}
