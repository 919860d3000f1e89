package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// graphQL is an endpoint that is read by POST.
var graphQL = scenarios.Endpoint{Method: "POST", Path: "/graphql", Private: true, Reads: true}

func TestProofsOfConcept(t *testing.T) {
	violates := func(change func(*scenarios.Observation)) engine.Result {
		o := read(sampleEvil, true)
		change(&o)
		return judged("ORG-001", scenarios.Must, scenarios.Violates, "", o)
	}
	for _, c := range []struct {
		name   string
		result engine.Result
		want   bool
	}{
		{"a read that was stolen", stolen("WLD-001", sampleEvil), true},
		{"a read that was granted", violates(func(*scenarios.Observation) {}), true},
		{"HEAD", violates(func(o *scenarios.Observation) { o.Attempt.Method = "HEAD" }), true},
		{"a write", violates(func(o *scenarios.Observation) { o.Attempt.Method = "POST" }), false},
		{"a read by POST", violates(func(o *scenarios.Observation) { o.Attempt.Method, o.Attempt.URL = "POST", sampleURL+"/graphql" }), true},
		{"another method there", violates(func(o *scenarios.Observation) { o.Attempt.Method, o.Attempt.URL = "PUT", sampleURL+"/graphql" }), false},
		{"a probe", violates(func(o *scenarios.Observation) { o.Attempt.Vector = scenarios.Probe }), false},
		{"a worker", violates(func(o *scenarios.Observation) { o.Attempt.Vector = scenarios.DataWorker }), true},
		{"a WebSocket", violates(func(o *scenarios.Observation) { o.Attempt.Vector = scenarios.WebSocket }), true},
		{"a script", violates(func(o *scenarios.Observation) { o.Attempt.Vector = scenarios.Script }), true},
		{"a body without a type", violates(func(o *scenarios.Observation) { o.Attempt.Vector = scenarios.UntypedFetch }), false},
		{"a page of the URL's own origin", violates(func(o *scenarios.Observation) { o.Attempt.URL = sampleEvil + "/api/notebooks" }), false},
		{"no matter of reading", judged("HDR-009", scenarios.Info, scenarios.Violates, "", read(sampleEvil, true)), false},
		{"the trusted page", violates(func(o *scenarios.Observation) { o.Attempt.Trusted = true }), false},
		{"nothing was read", violates(func(o *scenarios.Observation) { o.Page = nil }), false},
		{"a read that conforms", judged("TRU-001", scenarios.Must, scenarios.Conforms, "", read(sampleEvil, true)), false},
		{"nothing was attempted", judged("ORG-001", scenarios.Must, scenarios.Violates, ""), false},
	} {
		record := of(c.result)
		record.Target = scenarios.Target{URL: sampleURL, Endpoints: []scenarios.Endpoint{graphQL}}
		if got := reportOf(record, Meta{}).proofsOfConcept(); (len(got) == 1) != c.want {
			t.Errorf("%s: %d pages", c.name, len(got))
		}
	}
	// One page a cause, by its worst read, under the name of the cause.
	got := reportOf(of(stolen("ORG-019", "https://x.test"), stolen("NUL-001", "null"), stolen("WLD-001", sampleEvil), stolen("CRD-002", "https://y.test")), Meta{}).proofsOfConcept()
	if len(got) != 2 || got[0].Name != "every-origin.html" || got[0].Result.ID != "WLD-001" || got[1].Name != "null-origin.html" {
		t.Errorf("%d pages: %+v", len(got), got)
	}
}

// The README says how each page is served at the origin that it needs.
func TestProofsReadme(t *testing.T) {
	suffix := stolen("ORG-003", "https://evilexample.com")
	suffix.Judgement.Rule = &scenarios.Rule{Kind: scenarios.EndsWith, Value: "example.com"}
	port := stolen("ORG-014", "http://localhost.evil.test:3000")
	var b strings.Builder
	pages := reportOf(of(stolen("WLD-001", sampleEvil), suffix, stolen("NUL-001", "null")), Meta{}).proofsOfConcept()
	if err := writeProofsReadme(&b, append(pages, reportOf(of(port), Meta{}).proofsOfConcept()...)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## every-origin.html\n\nWLD-001: Every origin is echoed, with credentials.\n\n1. In this folder: `python3 -m http.server 8000 --bind 127.0.0.1`.\n2. Open `http://localhost:8000/every-origin.html`.",
		"## ends-with.html", "'MAP evilexample.com:443 127.0.0.1:8443'", "open `https://evilexample.com/ends-with.html`",
		"## null-origin.html", "whose origin is `null`",
		"'MAP localhost.evil.test:3000 127.0.0.1:8000'",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

// A read by POST is made as it was declared, body and headers included.
func TestProofOfConceptOfAPost(t *testing.T) {
	o := read(sampleEvil, true)
	o.Attempt.Method, o.Attempt.Body, o.Attempt.URL = "POST", `{"query":"{ me }"}`, sampleURL+"/graphql"
	o.Attempt.Headers = cors.Headers{{Name: "Content-Type", Value: "application/json"}, {Name: "X-CSRF", Value: "1"}}
	record := of(judged("WLD-001", scenarios.Must, scenarios.Violates, "", o))
	record.Target = scenarios.Target{URL: sampleURL, Endpoints: []scenarios.Endpoint{graphQL}}
	page := pocOf(t, reportOf(record, Meta{}))
	for _, want := range []string{`"method":"POST"`, `"body":"{\"query\":\"{ me }\"}"`, `["X-CSRF","1"]`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in %s", want, page[strings.Index(page, "const task"):][:600])
		}
	}
	if strings.Contains(pocOf(t, reportOf(sample(), Meta{})), `"body":`) {
		t.Error("a GET has a body, which fetch refuses")
	}
}

func pocOf(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.proofsOfConcept()[0].writeHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestProofOfConceptPage(t *testing.T) {
	worker := stolen("NUL-002", "null")
	worker.Observations[0].Attempt.Vector = scenarios.DataWorker
	for _, c := range []struct {
		name   string
		result engine.Result
		want   string
	}{
		{"anybody", stolen("WLD-001", sampleEvil), "from any origin but the API's own"},
		{"some origin", stolen("ORG-001", "https://app.example.com.evil.test"), "at the origin https://app.example.com.evil.test"},
		{"a frame", stolen("NUL-001", "null"), "in a sandboxed frame, whose origin is null"},
		{"a worker", worker, "in a sandboxed frame, whose origin is null"},
	} {
		elements, text := parsed(t, pocOf(t, reportOf(of(c.result), Meta{})))
		if !strings.Contains(flat(text), c.want) || !strings.Contains(flat(text), "log in to https://api.example.com/api/notebooks") {
			t.Errorf("%s: got %s", c.name, flat(text))
		}
		if !slices.ContainsFunc(elements, func(n *html.Node) bool { return attribute(n, "id") == "run" }) {
			t.Errorf("%s: there is no button", c.name)
		}
	}
}

// The page can talk to the target alone, and what the target sent cannot get out
// of the string it stands in.
func TestProofOfConceptIsHarmless(t *testing.T) {
	c := stolen("ORG-001", sampleEvil)
	o := &c.Observations[0]
	o.Attempt.URL = "https://api.example.com/</script><script>alert(1)</script>?'\"`${1}\u2028//--><!--"
	o.Attempt.Headers = cors.Headers{{Name: "X-</script>", Value: "'\"\\"}}
	hop := o.Exchanges[0]
	hop.Request.URL = "http://127.0.0.1:5055/x"
	o.Exchanges = append(o.Exchanges, hop)
	c.Subject.Origin += "</script><img src=x onerror=alert(1)>"
	c.Judgement.Reason = hostile
	page := pocOf(t, reportOf(of(c), Meta{Secrets: []string{sampleSession}}))
	elements, text := parsed(t, page)
	checkVisible(t, text, "\n\t")
	scripts := 0
	for _, n := range elements {
		switch n.Data {
		case "script":
			scripts++
			if attribute(n, "src") != "" {
				t.Error("a script comes from elsewhere")
			}
			if code := n.FirstChild.Data; strings.Contains(code, "</script>") || !strings.Contains(code, `\u003c/script\u003e`) {
				t.Errorf("the task is not encoded: %.300s", code)
			}
		case "img", "link", "form", "base", "iframe":
			t.Errorf("there is a <%s>", n.Data)
		}
	}
	if scripts != 1 {
		t.Errorf("there are %d scripts", scripts)
	}
	policy := ""
	for _, n := range elements {
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			policy = attribute(n, "content")
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.HasSuffix(policy, "; connect-src https://api.example.com http://127.0.0.1:5055") {
		t.Errorf("the policy is %q", policy)
	}
	if strings.Contains(page, sampleSession) {
		t.Error("the victim's session is in the page")
	}
}

func TestPolicySources(t *testing.T) {
	for in, want := range map[string]string{
		"https://api.example.com/x":      "https://api.example.com",
		"http://127.0.0.1:5055/":         "http://127.0.0.1:5055",
		"http://[::1]:5055/":             "http:",
		"https://a;script-src/":          "https:",
		"https://*.example.com/":         "https:",
		"https://h.test /x":              "'none'",
		"javascript:alert(1)":            "'none'",
		"https://u:p@api.example.com/x":  "https://api.example.com",
		"https://xn--bcher-kva.example/": "https://xn--bcher-kva.example",
	} {
		if got := cspSource(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// The page may make the request in the way of the attempt, and no other one.
func TestProofOfConceptPolicies(t *testing.T) {
	for vector, want := range map[scenarios.Vector]string{
		scenarios.Fetch:       "script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-src data:; base-uri 'none'; form-action 'none'; connect-src https://api.example.com",
		scenarios.EventSource: "script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-src data:; base-uri 'none'; form-action 'none'; connect-src https://api.example.com",
		scenarios.WebSocket:   "script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-src data:; base-uri 'none'; form-action 'none'; connect-src wss://api.example.com",
		scenarios.Script:      "script-src 'unsafe-inline' https://api.example.com; style-src 'unsafe-inline'; frame-src data:; base-uri 'none'; form-action 'none'; connect-src https://api.example.com",
	} {
		o := read(sampleEvil, true)
		o.Attempt.Vector = vector
		p := newProof(&o)
		if got := pocPolicy(p); got != "default-src 'none'; "+want {
			t.Errorf("%s: %s", vector, got)
		}
	}
}
