package report

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A sign is what replies of a stack have and those of others have not.
type sign struct {
	id string // of the snippet
	// header has to be there, with says in its value.
	header, says string
	// body is what it answers of itself to what it does not know; nil for any reply.
	body      *regexp.Regexp
	mediaType string // begins the type of that reply
	// errors says that it is what it answers to any mistake, and not with 404 alone.
	errors bool
	// own is what a reply with the header begins with where it answers 404: one that does
	// not is of another framework on the same server. Nil for a header that says it all.
	own *regexp.Regexp
	// names are what the names of the reply's header lines have to match, with a blank after
	// each, in their order and their case; nil for any.
	names *regexp.Regexp
}

// signs have what names itself first: frameworks, then what stands in front of them, whose
// snippet holds wherever the list is. A body is the weakest.
// The bodies are those of a path without a route, as the fixtures of the stacks answer.
// Traefik, and Go's routers on net/http, have nothing of their own.
var signs = []sign{
	{id: "fastapi", header: "server", says: "uvicorn", own: starlettes},
	{id: "fastapi", header: "server", says: "hypercorn", own: starlettes},
	{id: "django", header: "server", says: "wsgiserver"},
	{id: "flask", header: "server", says: "werkzeug"},
	{id: "express", header: "x-powered-by", says: "express"},
	{id: "spring", header: "cache-control", says: "no-cache, no-store, max-age=0, must-revalidate"}, // Spring Security's, which answers before any route
	{id: "nginx", header: "server", says: "nginx"},
	{id: "nginx", header: "server", says: "openresty"},
	{id: "caddy", header: "server", says: "caddy"},
	{id: "caddy", header: "via", says: "caddy"},
	{id: "haproxy", body: regexp.MustCompile(`^<html><body><h1>\d\d\d [A-Za-z -]+</h1>\n[A-Z][^<]*\n</body></html>\n$`), mediaType: "text/html", errors: true},
	{id: "spring", body: regexp.MustCompile(`^\{"timestamp":"[^"]*","status":[45]\d\d,"error":"[A-Z][A-Za-z ]+","path":`), mediaType: "application/json", errors: true},
	{id: "fastapi", body: regexp.MustCompile(`^\{"detail":"Not Found"\}$`), mediaType: "application/json"},
	{id: "flask", body: regexp.MustCompile(`(?i)^<!doctype html>\s*<html lang=en>\s*<title>[45]\d\d [a-z ]+</title>`), mediaType: "text/html", errors: true},
	// gunicorn and waitress serve others, too, whose JSON has blanks after the colons or ends without a line's end.
	{id: "flask", header: "server", says: "waitress", body: flaskJSON, mediaType: "application/json", errors: true},
	{id: "flask", header: "server", says: "gunicorn", body: flaskJSON, mediaType: "application/json", errors: true},
	{id: "django", body: regexp.MustCompile(`^\s*<!doctype html>\n<html lang="en">\n<head>\n  <title>[^<]+</title>\n</head>\n<body>\n  <h1>[^<]+</h1><p>[^<]*</p>\n</body>\n</html>\n$`), mediaType: "text/html", errors: true},
	{id: "django", body: regexp.MustCompile(`^\{"detail":"Authentication credentials were not provided\."\}$`), mediaType: "application/json", errors: true}, // Django REST framework's
	{id: "fastify", body: regexp.MustCompile(`^\{"message":"Route GET:.* not found","error":"Not Found","statusCode":404\}$`), mediaType: "application/json"},
	{id: "express", body: regexp.MustCompile(`<pre>Cannot GET /.*</pre>`), mediaType: "text/html"},
	{id: "fiber-2", body: regexp.MustCompile(`^Cannot GET /\S*$`), mediaType: "text/plain"},
	{id: "echo", body: regexp.MustCompile(`^\{"message":"Not Found"\}\n$`), mediaType: "application/json"},
	{id: "gin", body: regexp.MustCompile(`^404 page not found$`), mediaType: "text/plain"},
	{id: "go", body: regexp.MustCompile(`^404 page not found\n$`), mediaType: "text/plain"},
	{id: "hono", body: regexp.MustCompile(`^404 Not Found$`), mediaType: "text/plain;charset=utf-8"},
	// Many answer with these two words. Koa's lines stand as Node writes them, without the ETag
	// of Express; Fiber 3's as fasthttp does, which puts the date first and then the type.
	{id: "koa", body: regexp.MustCompile(`^Not Found$`), mediaType: "text/plain;charset=utf-8", names: regexp.MustCompile(`\bContent-Type Content-Length Date `)},
	{id: "fiber", body: regexp.MustCompile(`^Not Found$`), mediaType: "text/plain;charset=utf-8", names: regexp.MustCompile(`^Date Content-Type Content-Length `)},
}

// starlettes is how Starlette begins a 404, or FastAPI, or an application of theirs with words
// of its own. Litestar, Quart, Falcon and Datasette are on the same servers.
var starlettes = regexp.MustCompile(`^(\{"detail":|Not Found$|$)`)

// flaskJSON is what jsonify writes: no blanks, and a line's end.
var flaskJSON = regexp.MustCompile(`^\{"\w+":("[^"]*"|\d+|null|true|false)[^\n]*\}\n$`)

// shows reports whether a reply has the sign.
func (s sign) shows(a cors.Response) bool {
	if s.header != "" {
		if value, ok := a.Headers.Get(s.header); !ok || !strings.Contains(strings.ToLower(value), s.says) {
			return false
		}
	}
	if s.body == nil {
		return true
	}
	if s.names != nil {
		var names strings.Builder
		for _, h := range a.Headers {
			names.WriteString(h.Name + " ")
		}
		if !s.names.MatchString(names.String()) {
			return false
		}
	}
	mistake := a.Status == http.StatusNotFound || s.errors && a.Status >= http.StatusBadRequest
	typ, _ := a.Headers.Get("content-type")
	return mistake && strings.HasPrefix(strings.ReplaceAll(strings.ToLower(typ), " ", ""), s.mediaType) && s.body.MatchString(a.Body)
}

// contradicted reports whether a reply is of the same server, and of another framework.
func (s sign) contradicted(a cors.Response) bool {
	return s.own != nil && a.Status == http.StatusNotFound && s.shows(a) && !s.own.MatchString(a.Body)
}

// stack names the snippets that fit what a server's replies say of themselves, the
// likeliest first.
func stack(answers []cors.Response) []string {
	var found []string
	for _, s := range signs {
		if !slices.Contains(found, s.id) && slices.ContainsFunc(answers, s.shows) && !slices.ContainsFunc(answers, s.contradicted) {
			found = append(found, s.id)
		}
	}
	return found
}

// stacks are those that the target reveals: the one that its document speaks of first,
// since what answers in front of it is not where its list is.
func (r Report) stacks() []string {
	var answers []cors.Response
	for _, c := range r.Results {
		for _, x := range c.Proof.Exchanges {
			if x.Response == nil {
				continue
			}
			lines := wireHeaders(x.Response.Headers)
			if _, cached := lines.Get(scenarios.CacheStatus); cached {
				continue // by our own cache, which is nginx
			}
			answers = append(answers, cors.Response{Status: x.Response.Status, Headers: lines, Body: x.Response.Body})
		}
	}
	likely := stack(answers)
	if s := r.Target.Stack; s != "" {
		likely = append([]string{s}, slices.DeleteFunc(likely, func(l string) bool { return l == s })...)
	}
	return likely
}
