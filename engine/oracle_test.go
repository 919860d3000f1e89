package engine

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

const (
	somePage   = "https://app.example"
	someTarget = "https://api.example"
)

func headers(nameValue ...string) cors.Headers {
	var h cors.Headers
	for nv := range slices.Chunk(nameValue, 2) {
		h = append(h, cors.Header{Name: nv[0], Value: nv[1]})
	}
	return h
}

func exchangeOf(method string, status int, response ...string) cors.Exchange {
	return cors.Exchange{
		Request:  cors.Request{Method: method, URL: someTarget + "/", Headers: headers("Origin", somePage)},
		Response: &cors.Response{Status: status, Headers: headers(response...)},
	}
}

func preflightOf(status int, response ...string) cors.Exchange {
	x := exchangeOf("OPTIONS", status, response...)
	x.Request.Headers = append(x.Request.Headers, headers(cors.HeaderRequestMethod, "PUT")...)
	return x
}

// read is a page that got an answer with these headers.
func read(names ...string) func(*scenarios.Observation) {
	return func(o *scenarios.Observation) {
		o.Page.Readable = true
		for _, n := range names {
			o.Page.Headers = append(o.Page.Headers, cors.Header{Name: n})
		}
	}
}

// blocked is a page that got nothing.
func blocked(r cors.Reason) func(*scenarios.Observation) {
	return func(o *scenarios.Observation) { o.Block = scenarios.Block{Reason: r, Network: "net::ERR_FAILED"} }
}

// A disagreement is said where Chrome and the standard differ, and only where
// everything is known that decides.
func TestDisagreement(t *testing.T) {
	grant := []string{cors.HeaderAllowOrigin, somePage, cors.HeaderAllowCredentials, "true"}
	granting := func(more ...string) []string { return append(slices.Clone(grant), more...) }
	consent := preflightOf(204, granting(cors.HeaderAllowMethods, "PUT", cors.HeaderAllowHeaders, "authorization,x-a")...)
	granted, refused := exchangeOf("GET", 200, grant...), exchangeOf("GET", 200)
	reading, missing := read(), blocked(cors.MissingAllowOriginHeader)
	type edit = func(*scenarios.Observation)
	attempt := func(change func(*scenarios.Attempt)) edit {
		return func(o *scenarios.Observation) { change(&o.Attempt) }
	}
	put := attempt(func(a *scenarios.Attempt) { a.Method = "PUT" })
	bearer := attempt(func(a *scenarios.Attempt) {
		a.Trusted, a.Identity, a.KeyHeaders = true, scenarios.Bearer, []string{"Authorization"}
	})
	vector := func(v scenarios.Vector) edit { return attempt(func(a *scenarios.Attempt) { a.Vector = v }) }
	last := func(change func(*cors.Exchange)) edit {
		return func(o *scenarios.Observation) { change(&o.Exchanges[len(o.Exchanges)-1]) }
	}
	status := func(code int, header ...string) edit {
		return last(func(x *cors.Exchange) {
			x.Response.Status, x.Response.Headers = code, append(slices.Clone(x.Response.Headers), headers(header...)...)
		})
	}
	wire := func(xs ...cors.Exchange) []cors.Exchange { return xs }
	for _, tc := range []struct {
		name  string
		wire  []cors.Exchange
		chrom []edit
		want  string // what Chrome says and what the standard says; empty where they agree
	}{
		{"read", wire(granted), []edit{reading}, ""},
		{"refused", wire(refused), []edit{missing}, ""},
		{"read without a grant", wire(refused), []edit{reading},
			"Chrome says that the page may read it, the Fetch standard says that it is blocked for MissingAllowOriginHeader"},
		{"refused in spite of a grant", wire(granted), []edit{missing},
			"Chrome says that it is blocked for MissingAllowOriginHeader, the Fetch standard says that the page may read it"},
		{"another reason", wire(exchangeOf("GET", 200, cors.HeaderAllowOrigin, "*")), []edit{missing},
			"Chrome says that it is blocked for MissingAllowOriginHeader, the Fetch standard says that it is blocked for WildcardOriginNotAllowed"},
		{"another stage", wire(preflightOf(204), exchangeOf("PUT", 200)), []edit{put, missing}, ""},
		{"an unnamed mismatch", wire(exchangeOf("GET", 200, cors.HeaderAllowOrigin, "x")), []edit{blocked(cors.AllowOriginMismatch)}, ""},
		{"an unnamed mismatch of a preflight", wire(preflightOf(200, cors.HeaderAllowOrigin, "x, y")),
			[]edit{put, blocked(cors.PreflightInvalidAllowOriginValue)}, ""},
		{"no mismatch", wire(exchangeOf("GET", 200, cors.HeaderAllowOrigin, "x")), []edit{missing},
			"Chrome says that it is blocked for MissingAllowOriginHeader, the Fetch standard says that it is blocked for InvalidAllowOriginValue"},

		{"consent", wire(consent, exchangeOf("PUT", 200, grant...)), []edit{put, reading}, ""},
		{"no consent", wire(consent, exchangeOf("PATCH", 200, grant...)), []edit{attempt(func(a *scenarios.Attempt) { a.Method = "PATCH" }), reading},
			""}, // an exchange follows the refusal, whose it is nobody knows
		{"a cached consent", wire(exchangeOf("PUT", 200, grant...)), []edit{put, reading}, ""},
		{"a preflight for nothing", wire(consent, granted), []edit{reading},
			"Chrome says that it needs a preflight, the Fetch standard says that it needs none"},
		{"a bearer token", wire(consent, granted), []edit{bearer, reading}, ""},
		{"a header", wire(consent, granted), []edit{attempt(func(a *scenarios.Attempt) { a.Headers = headers("X-A", "1") }), reading}, ""},
		{"a null origin", wire(exchangeOf("GET", 200, grant...)), []edit{vector(scenarios.SandboxedFrame), reading},
			"the Fetch standard says that it is blocked for AllowOriginMismatch"},

		{"headers", wire(exchangeOf("GET", 200, granting("X-A", "1", "Pragma", "x", cors.HeaderExposeHeaders, "x-a")...)), []edit{read("pragma", "x-a")}, ""},
		{"a hidden header", wire(exchangeOf("GET", 200, granting("X-A", "1", "Pragma", "x")...)), []edit{read("pragma", "x-a")},
			`Chrome says that the page may read the headers ["pragma" "x-a"], the Fetch standard says ["pragma"]`},
		{"a missing header", wire(exchangeOf("GET", 200, granting("Pragma", "x")...)), []edit{reading},
			`Chrome says that the page may read the headers [], the Fetch standard says ["pragma"]`},
		{"headers that the tap alters", wire(exchangeOf("GET", 200, granting("Content-Length", "1", "Content-Type", "x")...)),
			[]edit{read("transfer-encoding", strings.ToLower(tap.ExchangeHeader))}, ""},

		{"a fault", wire(refused), []edit{reading, func(o *scenarios.Observation) { o.Fault = "lost" }}, ""},
		{"a probe", wire(refused), []edit{reading, vector(scenarios.Probe)}, ""},
		{"no exchange", nil, []edit{reading}, ""},
		{"no page", wire(granted), []edit{missing, func(o *scenarios.Observation) { o.Page = nil }}, ""},
		{"withheld", wire(refused), []edit{reading, last(func(x *cors.Exchange) { x.Withheld, x.Response = true, nil })}, ""},
		{"no response", wire(refused), []edit{reading, last(func(x *cors.Exchange) { x.Fault, x.Response = "closed", nil })}, ""},
		{"a faulty response", wire(refused), []edit{reading, last(func(x *cors.Exchange) { x.Fault = "cut" })}, ""},
		{"local network", wire(granted), []edit{blocked(cors.LocalNetworkAccessPermissionDenied)}, ""},
		{"aborted", wire(granted), []edit{blocked(""), func(o *scenarios.Observation) { o.Page.Error = "timeout" }}, ""},
		{"a login prompt", wire(refused), []edit{reading, status(401, "WWW-Authenticate", "Basic")}, ""},
		{"a 401 without a prompt", wire(refused), []edit{reading, status(401, "WWW-Authenticate", "Bearer")}, "MissingAllowOriginHeader"},
		{"408", wire(refused), []edit{reading, status(408)}, ""},
		{"421", wire(refused), []edit{reading, status(421)}, ""},
		{"a request of another host", wire(refused), []edit{reading, last(func(x *cors.Exchange) { x.Request.URL = "http://api.example/" })}, ""},
		{"a redirect to another host", wire(refused), []edit{reading, status(302, "Location", "//other.example/")}, ""},
		{"a redirect to nowhere", wire(refused), []edit{reading, status(302, "Location", "http://[")}, ""},
		{"a redirect", wire(exchangeOf("GET", 302, granting("Location", "/x")...), refused), []edit{reading}, "MissingAllowOriginHeader"},
		{"a redirect cut off", wire(exchangeOf("GET", 302, granting("Location", "/x")...)), []edit{reading}, ""},
	} {
		o := scenarios.Observation{
			Attempt: scenarios.Attempt{
				Page: cors.MustParseOrigin(somePage), Vector: scenarios.Fetch, Method: "GET", URL: someTarget + "/",
			},
			Page:      &scenarios.PageView{},
			Exchanges: slices.Clone(tc.wire),
		}
		for i, x := range o.Exchanges {
			response := *x.Response
			o.Exchanges[i].Response = &response
		}
		for _, e := range tc.chrom {
			e(&o)
		}
		got := disagreement(o)
		if (got == "") != (tc.want == "") || !strings.HasSuffix(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if got != "" && !strings.HasPrefix(got, `the browser and the oracle disagree about GET "https://api.example/" from https://app.example (`) {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}

// On what Chrome did on the fixtures they agree, and disagree when the grant of a
// recorded answer is turned into its opposite.
func TestDisagreementOnRecordings(t *testing.T) {
	files, err := filepath.Glob("../scenarios/testdata/recordings/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings (%v)", err)
	}
	settled := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recording struct {
			Observations []scenarios.Observation `json:"observations"`
		}
		if err := json.Unmarshal(b, &recording); err != nil {
			t.Fatal(err)
		}
		for _, o := range recording.Observations {
			if d := disagreement(o); d != "" {
				t.Errorf("%s: %s", filepath.Base(file), d)
			}
			if !isSettled(o) {
				continue
			}
			settled++
			response := o.Exchanges[len(o.Exchanges)-1].Response
			if response.Headers.Has(cors.HeaderAllowOrigin) {
				response.Headers = nil
			} else {
				response.Headers = granted(o.Attempt.Origin().String())
			}
			if disagreement(o) == "" {
				t.Errorf("%s: %s %s from %s: the opposite passes too", filepath.Base(file), o.Attempt.Method, o.Attempt.URL, o.Attempt.Page)
			}
		}
	}
	if settled < 50 {
		t.Errorf("only %d recorded observations settle anything", settled)
	}
}

// A grant that came from elsewhere than the target ends the run without a verdict.
func TestForgedGrantEndsTheRun(t *testing.T) {
	browsertest.Needed(t)
	lab, err := OpenLab(t.Context(), attacker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	staged, err := StageNotebook(lab, fixtures.Notebook{
		Policy: fixtures.Hardened(), Login: fixtures.SessionCookie,
		Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer staged.Close()
	plan := NewPlan(scenarios.Catalogue(), staged.Deployment.Facts).Select(func(i Item) bool { return i.Scenario.ID == "WLD-001" })
	x, err := StartPlan(t.Context(), lab, staged.Deployment, plan)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	lab.stage.Mount(plan.Target.Origin(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.tap.ServeHTTP(&forger{ResponseWriter: w, origin: r.Header.Get(cors.HeaderOrigin)}, r)
	}))
	_, err = x.Result(t.Context(), plan.Items[0])
	var fault *Fault
	if !errors.As(err, &fault) || fault.Stage != StageEvidence || !strings.Contains(fault.Error(), "disagree") {
		t.Fatalf("error %v", err)
	}
	if r := x.Record(); r.Fault == nil || len(r.Results) > 0 {
		t.Errorf("fault %v, results %v", r.Fault, r.Results)
	}
	t.Log(fault)
}

// A forger stands between the tap and the browser, and grants what the target
// does not.
type forger struct {
	http.ResponseWriter
	origin string
}

func (f *forger) WriteHeader(status int) {
	f.Header().Set(cors.HeaderAllowOrigin, f.origin)
	f.Header().Set(cors.HeaderAllowCredentials, "true")
	f.ResponseWriter.WriteHeader(status)
}

func (f *forger) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// Whatever a target answers and Chrome tells, there is a sentence or none.
func FuzzDisagreement(f *testing.F) {
	o := scenarios.Observation{
		Attempt: scenarios.Attempt{
			Page: cors.MustParseOrigin(somePage), Vector: scenarios.Fetch, Method: "GET", URL: someTarget + "/",
			Headers: headers("X-A", "\u00fc\u4e00"),
		},
		Page:      &scenarios.PageView{Readable: true},
		Exchanges: []cors.Exchange{preflightOf(204), exchangeOf("GET", 302, "Location", "/"), exchangeOf("GET", 200, "X", "\n")},
	}
	for _, reason := range []cors.Reason{cors.Allowed, cors.MissingAllowOriginHeader, cors.LocalNetworkAccessPermissionDenied} {
		o.Block.Reason = reason
		o.Page.Readable = reason == cors.Allowed
		b, err := json.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var o scenarios.Observation
		if json.Unmarshal(b, &o) != nil {
			return
		}
		got := disagreement(o)
		if got != "" && !isSettled(o) {
			t.Errorf("it is not settled: %s", got)
		}
		if disagreement(o) != got {
			t.Error("twice the same, and two sentences")
		}
	})
}
