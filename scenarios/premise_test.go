package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func typed(status int, kind, body string) *cors.Response {
	return &cors.Response{Status: status, Headers: cors.Headers{{Name: "Content-Type", Value: kind}}, Body: body}
}

func jsonReply(status int, body string) *cors.Response {
	return typed(status, "application/json", body)
}

func moved(to string) *cors.Response {
	return &cors.Response{Status: 302, Headers: cors.Headers{{Name: "Location", Value: to}}}
}

func TestNewPremise(t *testing.T) {
	me := Endpoint{Method: "GET", Path: "/me", Private: true}
	mine := jsonReply(200, `{"user": "alice", "at": 1}`)
	later := jsonReply(200, `{"user": "alice", "at": 2}`)
	login := jsonReply(401, `{"error":"login"}`)
	for _, c := range []struct {
		name  string
		cred  Credential
		asked Asked
		want  Finding
		part  string // of the witness
	}{
		{"a login", Cookie, Asked{Victim: mine, Stranger: login, Again: later}, Private, `"user": "alice"`},
		{"a login that says 403", Cookie, Asked{Victim: mine, Stranger: jsonReply(403, "{}"), Again: mine}, Private, `"user": "alice"`},
		{"a login that redirects", Cookie, Asked{Victim: mine, Stranger: moved("https://idp.test/?x"), Again: mine}, Private, `"user": "alice"`},
		{"a stranger gets less", Cookie, Asked{Victim: mine, Stranger: jsonReply(200, `{"user": null, "at": 1}`), Again: later}, Private, `"user": "alice"`},
		{"an empty private reply", Cookie, Asked{Victim: jsonReply(204, ""), Stranger: login, Again: jsonReply(204, "")}, Private, ""},
		{"everybody gets the same", Cookie, Asked{Victim: mine, Stranger: mine, Again: mine}, Open, ""},
		{"everybody gets the same but the time", Cookie, Asked{Victim: mine, Stranger: jsonReply(200, `{"user": "alice", "at": 3}`), Again: later}, Open, ""},
		{"all is different each time", Cookie, Asked{Victim: jsonReply(200, `{"id":"a1"}`), Stranger: jsonReply(200, `{"id":"b2"}`), Again: jsonReply(200, `{"id":"c3"}`)}, Unsteady, ""},
		{"a page with a token", Cookie, Asked{Victim: typed(200, "text/html", "<p>token one</p>"), Stranger: typed(200, "text/html", "<p>token two</p>"), Again: typed(200, "text/html", "<p>token one</p>")}, NoData, ""},
		{"a page behind a login", Cookie, Asked{Victim: typed(200, "text/html", "<p>Hello Alice</p>"), Stranger: moved("/login"), Again: typed(200, "text/html", "<p>Hello Alice</p>")}, Private, "Hello Alice"},
		{"the login itself", Cookie, Asked{Victim: typed(200, "text/html", "<form><input name=p type='password'>"), Stranger: login, Again: typed(200, "text/html", "<form><input name=p type='password'>")}, CredentialRefused, ""},
		{"a page of one's own password", Cookie, Asked{Victim: typed(200, "text/html", "<input type=password><input type=\"password\">"), Stranger: login, Again: typed(200, "text/html", "<input type=password><input type=\"password\">")}, Private, ""},
		{"a wrong token", Bearer, Asked{Victim: login, Stranger: login, Again: login}, CredentialRefused, ""},
		{"another refusal", Cookie, Asked{Victim: jsonReply(403, "{}"), Stranger: login, Again: jsonReply(403, "{}")}, CredentialRefused, ""},
		{"a session for one request", Cookie, Asked{Victim: mine, Stranger: login, Again: login}, Ended, ""},
		{"a limiter", Cookie, Asked{Victim: jsonReply(429, "{}"), Stranger: login, Again: mine}, Limited, ""},
		{"a limiter for strangers", Cookie, Asked{Victim: mine, Stranger: jsonReply(429, "{}"), Again: mine}, Limited, ""},
		{"a redirect to the login", Cookie, Asked{Victim: moved("https://idp.test/authorize?state=secret"), Stranger: moved("/"), Again: moved("/")}, Redirected, ""},
		{"nothing there", Cookie, Asked{Victim: jsonReply(404, "{}"), Stranger: login, Again: jsonReply(404, "{}")}, Missing, ""},
		{"a gateway without a target", Cookie, Asked{Victim: jsonReply(502, "{}"), Stranger: login, Again: jsonReply(502, "{}")}, Failing, ""},
		{"a gateway whose target stops", Cookie, Asked{Victim: mine, Stranger: login, Again: jsonReply(502, "{}")}, Failing, ""},
		{"a gateway whose target stops earlier", Cookie, Asked{Victim: mine, Stranger: jsonReply(504, "{}"), Again: mine}, Failing, ""},
		{"a stranger crashes it", Cookie, Asked{Victim: mine, Stranger: jsonReply(500, "{}"), Again: mine}, Private, `"user": "alice"`},
		{"a certificate", ClientCert, Asked{Victim: mine, Again: mine, Shut: true}, Private, `"user": "alice"`},
		{"no answer to a stranger", Cookie, Asked{Victim: mine, Again: mine}, Silent, ""},
		{"no credential and a login", Anonymous, Asked{Victim: login, Stranger: login, Again: login}, LoginNeeded, ""},
		{"no credential and none wanted", Anonymous, Asked{Victim: mine, Stranger: mine, Again: mine}, Open, ""},

		{"data in the network", Network, Asked{Victim: jsonReply(200, `[{"text":"my secret prompt"}]`), Again: jsonReply(200, `[{"text":"my secret prompt"}]`)}, PrivateByNetwork, `"text":"my secret prompt"`},
		{"models in the network", Network, Asked{Victim: jsonReply(200, `{"models":[{"name":"llama3"}]}`), Again: jsonReply(200, `{"models":[{"name":"llama3"}]}`)}, PrivateByNetwork, `"name":"llama3"`},
		{"a landing page", Network, Asked{Victim: typed(200, "text/html", "<!doctype html><title>Tool</title>"), Again: typed(200, "text/html", "<!doctype html><title>Tool</title>")}, NoData, ""},
		{"a page without a type", Network, Asked{Victim: typed(200, "", "<!DOCTYPE html><title>Tool</title>"), Again: mine}, NoData, ""},
		{"a word on health", Network, Asked{Victim: jsonReply(200, `{"status":"ok","version":"1.2"}`), Again: jsonReply(200, `{"status":"ok","version":"1.2"}`)}, NoData, ""},
		{"a greeting", Network, Asked{Victim: typed(200, "text/plain", "Ollama is running"), Again: typed(200, "text/plain", "Ollama is running")}, NoData, ""},
		{"the same for every path", Network, Asked{Victim: jsonReply(200, `{"app":{"x":["data"]}}`), Again: jsonReply(200, `{"app":{"x":["data"]}}`), Unknown: jsonReply(200, `{"app":{"x":["data"]}}`)}, Alike, ""},
		{"a greeting that the operator named", Network, Asked{Victim: typed(200, "text/plain", "door is open"), Again: typed(200, "text/plain", "door is open"), Named: true}, PrivateByNetwork, "door is open"},
		{"a page that the operator named", Network, Asked{Victim: typed(200, "text/html", "<b>door</b>"), Again: typed(200, "text/html", "<b>door</b>"), Named: true}, NoData, ""},
		{"a page that the operator declared", Network, Asked{Victim: typed(200, "text/html", "<b>door</b>"), Again: typed(200, "text/html", "<b>door</b>"), Named: true, Declared: true}, PrivateByNetwork, "door"},
		{"data that always changes", Network, Asked{Victim: jsonReply(200, `{"temperature":21.5,"humidity":40}`), Again: jsonReply(200, `{"temperature":21.7,"humidity":41}`)}, PrivateByNetwork, `"temperature"`},
		{"data that always changes, to a victim", Cookie, Asked{Victim: jsonReply(200, `{"balance":21.5}`), Stranger: jsonReply(200, `{"error":3}`), Again: jsonReply(200, `{"balance":21.7}`)}, Private, `"balance"`},
		{"words for anything that always change", Cookie, Asked{Victim: jsonReply(200, `{"status":1,"time":2}`), Stranger: jsonReply(200, `{"data":7}`), Again: jsonReply(200, `{"status":3,"time":4}`)}, Unsteady, ""},
		{"a login in the network", Network, Asked{Victim: login, Again: login}, LoginNeeded, ""},
	} {
		p := NewPremise(me, c.cred, c.asked)
		if p.Finding != c.want {
			t.Errorf("%s: %s, want %s", c.name, p.Finding, c.want)
		}
		if c.part != "" && (len(p.Witness.Parts) == 0 || p.Witness.Parts[0] != c.part) {
			t.Errorf("%s: the witness is %q, want %q first", c.name, p.Witness.Parts, c.part)
		}
		if s := p.Sentence(); !strings.HasPrefix(s, "GET /me: ") {
			t.Errorf("%s: %q", c.name, s)
		}
		if strings.Contains(p.Sentence(), "state=secret") {
			t.Errorf("%s: the query of a redirect is told: %s", c.name, p.Sentence())
		}
		if p.Holds() != (c.want == Private || c.want == PrivateByNetwork) {
			t.Errorf("%s: holds is %v", c.name, p.Holds())
		}
	}
}

func TestWitness(t *testing.T) {
	w := Witness{Status: 200, Parts: []string{`"user": "alice"`, `"iban": "DE00"`}}
	for _, c := range []struct {
		name  string
		reply *cors.Response
		want  bool
	}{
		{"the private reply", jsonReply(200, `{"user": "alice", "iban": "DE00"}`), true},
		{"one of two parts", jsonReply(206, `{"user": "bob", "iban": "DE00"}`), true},
		{"what strangers get", jsonReply(200, `{"user": null}`), false},
		{"a limiter that repeats the question", jsonReply(429, `{"user": "alice"}`), false},
		{"no reply", nil, false},
	} {
		if w.CarriedBy(c.reply) != c.want {
			t.Errorf("%s: not %v", c.name, c.want)
		}
	}
	if !(Witness{Status: 200}).CarriedBy(jsonReply(200, "anything")) {
		t.Error("a witness without parts goes by the status")
	}
}

func TestSegmentsOfACutBody(t *testing.T) {
	r := jsonReply(200, `[{"row": "first"}, {"row": "sec`)
	r.Truncated = true
	got := segments(r)
	if len(got) != 1 || got[0] != `"row": "first"` {
		t.Errorf("%q", got)
	}
}

// A refusal is told with what it says to people, which often names what is missing.
func TestRefusalsAreQuoted(t *testing.T) {
	me := Endpoint{Method: "GET", Path: "/me", Private: true}
	for _, c := range []struct {
		name    string
		reply   *cors.Response
		want    string
		refused bool // as such
	}{
		{"data", jsonReply(403, `{"error": "Origin required"}`), "403 (`{\"error\": \"Origin required\"}`)", false},
		{"a page", typed(400, "text/html", "<html><head><title>Bad Request (400)</title></head><body><style>p{}</style><p>long</p></body></html>"), "400 (`Bad Request (400)`)", true},
		{"a page without a title", typed(405, "text/html", "<style>p{}</style><h1>Method\n Not  Allowed</h1>"), "405 (`Method Not Allowed`)", true},
		{"nothing", typed(422, "", ""), "422 to the victim", true},
		{"not there", jsonReply(404, `{"detail":"Not Found"}`), "there is nothing to read", false},
		{"long", typed(400, "text/plain", strings.Repeat("é", 3000)), strings.Repeat("é", 80) + "…`", true},
		{"no text", typed(400, "image/png", "\x89PNG\x00\x01"), "400 to the victim", true},
	} {
		p := NewPremise(me, Cookie, Asked{Victim: c.reply, Stranger: c.reply})
		if s := p.Sentence(); !strings.Contains(s, c.want) || p.RefusedAsSuch() != c.refused {
			t.Errorf("%s: refused as such is %v: %s", c.name, p.RefusedAsSuch(), s)
		}
	}
	if p := NewPremise(me, Cookie, Asked{Victim: jsonReply(200, `{"user":"alice"}`), Again: jsonReply(200, `{"user":"alice"}`), Stranger: jsonReply(401, `{"error":"login"}`)}); strings.Contains(p.Sentence(), "error") {
		t.Errorf("what a stranger is told is not quoted where a premise holds: %s", p.Sentence())
	}
}

// An API where the test user has nothing answers everybody alike.
func TestNothingInIt(t *testing.T) {
	me := Endpoint{Method: "GET", Path: "/notes", Private: true}
	for body, want := range map[string]bool{
		`[]`: true, `{}`: true, `{"items":[],"total":0,"next":null}`: true, `{"data":{"notes":[]}}`: true,
		`[1]`: false, `{"total":2}`: false, `{"user":"alice"}`: false, ``: false, `nothing`: false,
	} {
		r := jsonReply(200, body)
		s := NewPremise(me, Cookie, Asked{Victim: r, Stranger: r, Again: r}).Sentence()
		if strings.Contains(s, "put something there for the test user") != want {
			t.Errorf("%q: %s", body, s)
		}
	}
}

// A success that is an error by its body is told as one: the query may be wrong.
func TestErrorsThatSucceedAreQuoted(t *testing.T) {
	me := Endpoint{Method: "POST", Path: "/graphql", Private: true}
	for body, want := range map[string]bool{
		`{"errors":[{"message":"PersistedQueryNotFound"}]}`:      true,
		`{"jsonrpc":"2.0","id":1,"error":{"code":-32601}}`:       true,
		`{"error":"unauthorized","code":401}`:                    true,
		`{"errors":[],"data":{"me":{"iban":"DE00"}}}`:            false,
		`{"error":null,"data":{"me":{"iban":"DE00"}}}`:           false,
		`{"data":{"me":{"iban":"DE00","said":"error in line"}}}`: false,
	} {
		r := jsonReply(200, body)
		s := NewPremise(me, Cookie, Asked{Victim: r, Stranger: r, Again: r}).Sentence()
		if strings.Contains(s, "an error") != want || strings.Contains(s, "`{") != want {
			t.Errorf("%s: %s", body, s)
		}
	}
}
