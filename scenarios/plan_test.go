package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// planned targets of every kind.
func targets() map[string]Target {
	public := rich()
	public.Errors = public.Errors[:0]
	policyless := rich(Bearer)
	policyless.Policy = Policy{}
	return map[string]Target{
		"cookie":           rich(Cookie),
		"several":          rich(Cookie, Basic, ClientCert),
		"bearer":           rich(Bearer),
		"bearer, cookie":   rich(Bearer, Cookie),
		"no policy":        policyless,
		"network":          at("http://192.168.7.7:5055", rich(Network)),
		"loopback":         at("http://localhost:5055", rich(Cookie)),
		"plain http":       at("http://api.internal.example", rich(Cookie, Network)),
		"under a path":     at("https://example.com/v1", rich(Basic)),
		"public":           public,
		"nothing declared": {URL: "https://api.example.com"},
	}
}

func TestPlansAreCasesOrAReason(t *testing.T) {
	for name, target := range targets() {
		for _, s := range Catalogue() {
			t.Run(name+"/"+s.ID, func(t *testing.T) {
				cases, reason := s.Plan(target)
				if (len(cases) == 0) != (reason != "") {
					t.Fatalf("%d cases and the reason %q", len(cases), reason)
				}
				if reason != "" && (!strings.HasSuffix(reason, ".") || strings.Contains(reason, ". ")) {
					t.Errorf("the reason is not one sentence: %q", reason)
				}
				subjects := map[Subject]bool{}
				for _, c := range cases {
					if subjects[c.Subject] {
						t.Errorf("two cases of %+v", c.Subject)
					}
					subjects[c.Subject] = true
					checkAttempts(t, target, c)
				}
			})
		}
	}
}

func checkAttempts(t *testing.T, target Target, c Case) {
	t.Helper()
	if len(c.Attempts) == 0 || c.Judge == nil || c.Subject.Endpoint == "" || c.Subject.Origin == "" {
		t.Errorf("%+v is incomplete", c.Subject)
	}
	for _, a := range c.Attempts {
		if !strings.HasPrefix(a.URL, target.URL+"/") && cors.OriginOfURL(a.URL) != rebound(target) || a.Method == "" {
			t.Errorf("%s %s is not a request to the target", a.Method, a.URL)
		}
		if slices.Contains(target.Trusted, a.Page) != a.Trusted && a.Vector != Probe {
			t.Errorf("the page %s is trusted: %t", a.Page, a.Trusted)
		}
		if a.Identity.Ambient() && a.Omit && a.Identity != ClientCert || a.Identity.Includes(Network) || a.Identity.OfFrontEnd() && a.Vector != Probe && (!a.Trusted || a.Omit == a.Identity.Ambient()) {
			t.Errorf("%s cannot be observed as %q (omit %t, trusted %t)", a.URL, a.Identity, a.Omit, a.Trusted)
		}
		if v, ok := a.Headers.Get("Authorization"); ok && v != "Bearer crossexam" {
			t.Errorf("there is a secret in the headers: %s", v)
		}
		if a.Vector == Probe && !cors.IsSafeMethod(a.Method) && !target.AllowsWrite(a.Method, a.URL) {
			t.Errorf("Crossexam itself sends %s", a.Method)
		}
	}
}

// described is a case in one line.
func described(c Case) string {
	var as []string
	for _, a := range c.Attempts {
		words := []string{string(a.Vector), a.Method, a.URL[len("https://api.example.com"):]}
		if a.Vector != Probe {
			words = append(words, "on", a.Page.String())
		}
		if a.Identity != Anonymous {
			words = append(words, "as", string(a.Identity))
		}
		for _, h := range a.Headers {
			words = append(words, "with", h.Name+":"+h.Value)
		}
		as = append(as, strings.Join(words, " "))
	}
	return fmt.Sprintf("%s, %s, %s: %s", c.Subject.Endpoint, c.Subject.Origin, c.Subject.Credential, strings.Join(as, " | "))
}

func TestWhatScenariosAskFor(t *testing.T) {
	cookie, methods := oneEndpoint(Cookie), oneEndpoint(Network)
	methods.Policy.Methods = []string{"GET", "POST", "PUT"}
	writable := oneEndpoint(Cookie)
	writable.Trusted = nil
	writable.Endpoints = append(writable.Endpoints, Endpoint{Method: "POST", Path: privateRead.Path, Private: true, Body: "{}", SafeToWrite: true})
	for _, tt := range []struct {
		id     string
		target Target
		want   []string
	}{
		{"WLD-001", cookie, []string{"GET /api/notebooks, https://evil.test, cookie: fetch GET /api/notebooks on https://evil.test as cookie | " +
			"fetch GET /api/notebooks on https://evil.test | probe GET /api/notebooks | probe GET /api/notebooks as cookie with Origin:https://evil.test"}},
		{"WLD-002", cookie, []string{"GET /api/notebooks, http://evil.test, cookie: fetch GET /api/notebooks on http://evil.test as cookie | " +
			"fetch GET /api/notebooks on http://evil.test | probe GET /api/notebooks | probe GET /api/notebooks as cookie with Origin:http://evil.test | fetch GET /api/notebooks on https://evil.test as cookie"}},
		{"WLD-003", methods, []string{"GET /api/notebooks, https://evil.test, network: fetch GET /api/notebooks on https://evil.test | " +
			"fetch GET /api/notebooks on https://evil.test | probe GET /api/notebooks | probe GET /api/notebooks"}},
		{"NUL-001", cookie, []string{"GET /api/notebooks, null, cookie: sandboxed-frame GET /api/notebooks on https://evil.test as cookie | " +
			"sandboxed-page-frame GET /api/notebooks on https://evil.test as cookie | sandboxed-page GET /api/notebooks on https://evil.test as cookie | " +
			"data-frame GET /api/notebooks on https://evil.test as cookie | fetch GET /api/notebooks on https://evil.test | " +
			"probe GET /api/notebooks | probe GET /api/notebooks as cookie with Origin:null | fetch GET /api/notebooks on https://evil.test as cookie"}},
		{"PRE-001", methods, []string{"PUT /api/notebooks, https://evil.test, network: fetch PUT /api/notebooks on https://evil.test"}},
		{"PRE-003", methods, []string{
			"POST /api/notebooks, https://evil.test, network: fetch POST /api/notebooks on https://evil.test with Content-Type:application/json",
			"PUT /api/notebooks, https://evil.test, network: fetch PUT /api/notebooks on https://evil.test"}},
		{"PRE-006", oneEndpoint(Bearer), []string{
			"GET /api/notebooks, https://evil.test, : fetch GET /api/notebooks on https://evil.test | " +
				"fetch GET /api/notebooks on https://evil.test with Content-Type:application/json | probe GET /api/notebooks",
			"GET /api/notebooks, https://app.example.org, bearer: fetch GET /api/notebooks on https://app.example.org | " +
				"fetch GET /api/notebooks on https://app.example.org as bearer | probe GET /api/notebooks"}},
		{"WLD-005", writable, []string{
			"GET /api/notebooks, https://evil.test, cookie: fetch GET /api/notebooks on https://evil.test | probe GET /api/notebooks | " +
				"fetch GET /api/notebooks on https://evil.test as cookie | probe GET /api/notebooks as cookie with Origin:https://evil.test | " +
				"probe GET /api/notebooks with Origin:https://evil.test with Authorization:Bearer crossexam",
			"HEAD /api/notebooks, https://evil.test, cookie: fetch HEAD /api/notebooks on https://evil.test | probe HEAD /api/notebooks | " +
				"fetch HEAD /api/notebooks on https://evil.test as cookie | probe HEAD /api/notebooks as cookie with Origin:https://evil.test | " +
				"probe HEAD /api/notebooks with Origin:https://evil.test with Authorization:Bearer crossexam | " +
				"fetch GET /api/notebooks on https://evil.test | fetch GET /api/notebooks on https://evil.test as cookie | probe GET /api/notebooks as cookie with Origin:https://evil.test",
			"POST /api/notebooks, https://evil.test, cookie: probe POST /api/notebooks with Origin:https://evil.test with Content-Type:application/json | " +
				"probe POST /api/notebooks with Content-Type:application/json | fetch POST /api/notebooks on https://evil.test as cookie with Content-Type:application/json | " +
				"probe POST /api/notebooks as cookie with Origin:https://evil.test with Content-Type:application/json | " +
				"probe POST /api/notebooks with Origin:https://evil.test with Authorization:Bearer crossexam with Content-Type:application/json"}},
		{"PRE-006", writable, []string{
			"GET /api/notebooks, https://evil.test, cookie: fetch GET /api/notebooks on https://evil.test as cookie | " +
				"fetch GET /api/notebooks on https://evil.test as cookie with Content-Type:application/json | probe GET /api/notebooks",
			"POST /api/notebooks, https://evil.test, cookie: probe POST /api/notebooks as cookie with Origin:https://evil.test with Content-Type:application/json | " +
				"fetch POST /api/notebooks on https://evil.test as cookie with Content-Type:application/json | probe POST /api/notebooks with Content-Type:application/json"}},
		{"HDR-002", oneEndpoint(Bearer), []string{"GET /api/notebooks, https://app.example.org, bearer: " +
			"probe GET /api/notebooks as bearer with Origin:https://app.example.org | probe GET /api/notebooks as bearer with Origin:https://evil.test | " +
			"probe GET /api/notebooks as bearer"}},
		{"ERR-001", cookie, []string{
			"GET /api/notebooks (401), https://app.example.org, : fetch GET /api/notebooks on https://app.example.org | fetch GET /api/notebooks on https://app.example.org as cookie",
			"GET /nothing-here (404), https://app.example.org, cookie: fetch GET /nothing-here on https://app.example.org as cookie | fetch GET /api/notebooks on https://app.example.org as cookie"}},
		{"ERR-002", oneEndpoint(Cookie, Basic), []string{
			"GET /api/notebooks (401), https://evil.test, : fetch GET /api/notebooks on https://evil.test",
			"GET /nothing-here (404), https://evil.test, cookie: fetch GET /nothing-here on https://evil.test as cookie | fetch GET /nothing-here on https://evil.test",
			"GET /nothing-here (404), https://evil.test, basic: fetch GET /nothing-here on https://evil.test as basic | fetch GET /nothing-here on https://evil.test"}},
	} {
		t.Run(tt.id, func(t *testing.T) {
			s, _ := Find(tt.id)
			cases, _ := s.Plan(tt.target)
			var got []string
			for _, c := range cases {
				got = append(got, described(c))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
	unhandled := oneEndpoint(Cookie)
	unhandled.Errors = []ErrorRecipe{{Status: 500, Method: "GET", Path: "/crash", Unhandled: true}}
	if cases, _ := planReadableErrors(unhandled); len(cases) > 0 {
		t.Error("ERR-001 is not about unhandled errors")
	}
	if cases, _ := planHiddenErrors(unhandled); len(cases) != 1 {
		t.Error("ERR-002 is about unhandled errors too")
	}
}

// Each navigation costs as much as ten attempts. The family ORG has its pages in
// frames, which cost a quarter of that, and its attempts have a bound of their own.
func TestOneEndpointNeedsFewPagesAndAttempts(t *testing.T) {
	target := oneEndpoint(Cookie)
	pages, attempts := map[string]bool{}, map[string]bool{}
	for _, s := range Catalogue() {
		if s.Family() == "ORG" {
			continue
		}
		cases, _ := s.Plan(target)
		for _, c := range cases {
			for _, a := range c.Attempts {
				attempts[a.Key()] = true
				if a.Vector != Probe {
					pages[fmt.Sprint(a.Page, a.Trusted)] = true
				}
			}
		}
	}
	if len(pages) > 5 {
		t.Errorf("%d pages: %v", len(pages), pages)
	}
	if len(attempts) > 65 {
		t.Errorf("%d attempts", len(attempts))
	}
	t.Logf("%d pages, %d attempts", len(pages), len(attempts))
}

// Two trusted origins are dozens of near-misses, each asked once.
func TestNearMissesAreAskedOnce(t *testing.T) {
	target := rich(Cookie)
	others := map[string]bool{}
	attempts := map[string]bool{}
	for _, s := range Catalogue() {
		cases, _ := s.Plan(target)
		for _, c := range cases {
			for _, a := range c.Attempts {
				if s.Family() == "ORG" {
					attempts[a.Key()] = true
				} else {
					others[a.Key()] = true
				}
			}
		}
	}
	for key := range others {
		delete(attempts, key)
	}
	if len(attempts) < 50 || len(attempts) > 180 {
		t.Errorf("%d attempts of the family ORG alone", len(attempts))
	}
}

// The family ORG, and what of it is about trusted origins.
const (
	wholeORG = "ORG-001 ORG-002 ORG-003 ORG-004 ORG-005 ORG-006 ORG-007 ORG-008 ORG-009 ORG-010 ORG-011 " +
		"ORG-012 ORG-013 ORG-014 ORG-015 ORG-016 ORG-017 ORG-018 ORG-019 ORG-020 ORG-021 "
)

func TestScenariosThatDoNotApply(t *testing.T) {
	noTrust := rich(Cookie)
	noTrust.Trusted = nil
	for _, tt := range []struct {
		name   string
		target Target
		want   string // the IDs
	}{
		{"cookie", rich(Cookie), "WLD-003 ORG-008 ORG-020 CRD-003 TRU-005"},
		{"basic", rich(Basic), "WLD-003 ORG-008 ORG-020 CRD-001 CRD-002 CRD-003 TRU-005"},
		{"bearer", rich(Bearer), "WLD-001 WLD-002 WLD-003 " + wholeORG + "NUL-001 NUL-002 NUL-003 NUL-004 CRD-001 CRD-002 PRE-003 ALT-001 ALT-002 ALT-003 ALT-004"},
		{"network", rich(Network), "WLD-001 WLD-002 ORG-008 ORG-020 CRD-001 CRD-002 CRD-003 TRU-005"},
		{"nothing trusted", noTrust, "WLD-003 WLD-006 WLD-007 ORG-008 ORG-017 ORG-019 ORG-020 CRD-003 PRE-004 PRE-005 PRE-007 PRE-008 ERR-001 ERR-004 ERR-005 ERR-007 HDR-002 HDR-006 TRU-001 TRU-002 TRU-003 TRU-004 TRU-005"},
		{"an address", at("https://192.0.2.7", rich(Cookie)), "WLD-003 ORG-008 ORG-020 CRD-002 CRD-003 TRU-005"},
		{"a single label", at("http://localhost:5055", rich(Cookie)), "WLD-003 ORG-008 ORG-020 CRD-002 CRD-003 TRU-005"},
		{"plain http", at("http://api.internal.example", rich(Cookie)), "WLD-002 WLD-003 ORG-008 ORG-020 CRD-003 TRU-005"},
		{"nothing declared", Target{URL: "https://api.example.com"},
			"WLD-001 WLD-002 WLD-003 WLD-004 WLD-005 WLD-006 WLD-007 " + wholeORG + "NUL-001 NUL-002 NUL-003 NUL-004 CRD-001 CRD-002 CRD-003 CRD-004 CRD-005 PRE-003 PRE-004 PRE-005 PRE-007 PRE-008 ERR-001 ERR-002 ERR-003 ERR-004 ERR-005 ERR-006 ERR-007 HDR-001 HDR-002 HDR-003 HDR-004 HDR-006 HDR-007 HDR-008 HDR-009 TRU-001 TRU-002 TRU-003 TRU-004 TRU-005 ALT-001 ALT-002 ALT-003 ALT-004"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, s := range Catalogue() {
				if s.Family() == "NET" || s.Family() == "CFG" {
					continue // which have tables of their own
				}
				if _, reason := s.Plan(tt.target); reason != "" {
					got = append(got, s.ID)
				}
			}
			want := strings.Fields(tt.want)
			for _, id := range got {
				if !slices.Contains(want, id) {
					t.Errorf("%s does not apply: add it to this list, if that is right", id)
				}
			}
			for _, id := range want {
				if !slices.Contains(got, id) {
					t.Errorf("%s applies: take it out of this list, if that is right", id)
				}
			}
		})
	}
}

// What shows nothing about the target convicts nobody and acquits nobody.
func TestNoEvidenceNoVerdict(t *testing.T) {
	worthless := map[string]func(Attempt) Observation{
		"nothing":             func(a Attempt) Observation { return Observation{Attempt: a} },
		"a fault":             broken,
		"a local-network ban": localNetworkBlock,
		"a dead connection": func(a Attempt) Observation {
			x := sent(a, nil)
			x.Fault = "the target closed the connection"
			return observe(a, x)
		},
		"a certificate error": func(a Attempt) Observation {
			o := observe(a)
			o.Block.Network = "net::ERR_CERT_AUTHORITY_INVALID"
			return o
		},
		"a reason without an answer": func(a Attempt) Observation {
			o := observe(a)
			o.Block = Block{Reason: cors.MissingAllowOriginHeader, Network: "net::ERR_FAILED"}
			return o
		},
		"a preflight's reason without an answer": func(a Attempt) Observation {
			o := observe(a)
			o.Block = Block{Reason: cors.PreflightMissingAllowOriginHeader, Network: "net::ERR_FAILED"}
			return o
		},
	}
	for kind, make := range worthless {
		for name, target := range targets() {
			for _, s := range Catalogue() {
				cases, _ := s.Plan(target)
				for _, c := range cases {
					var obs []Observation
					for _, a := range c.Attempts {
						obs = append(obs, make(a))
					}
					j := c.Judge(NewObservations(obs))
					sentWrite := kind == "a dead connection" && (s.ID == "PRE-001" || s.ID == "PRE-003")
					if j.Verdict != CannotTell && !sentWrite || j.Reason == "" {
						t.Errorf("%s on %s judges %s of %s %v: %s", s.ID, name, j.Verdict, kind, c.Subject, j.Reason)
					}
				}
			}
		}
	}
}

func TestWritesGoWhereTheyAreDeclared(t *testing.T) {
	target := rich(Cookie)
	for method, want := range map[string]Endpoint{
		"PUT":    replace,
		"DELETE": remove,
		"PATCH":  {Method: "PATCH", Path: create.Path},
	} {
		if got := endpointFor(target, method); got.String() != want.String() || got.Body != want.Body {
			t.Errorf("%s goes to %+v", method, got)
		}
	}
	if got := endpointFor(oneEndpoint(), "PUT"); got.Path != privateRead.Path {
		t.Errorf("without a write, PUT goes to %s", got)
	}
	if got := endpointFor(Target{}, "PUT"); got.Path != "/" {
		t.Errorf("without an endpoint, PUT goes to %s", got)
	}
	if got := usedMethods(target); !slices.Equal(got, []string{"POST", "PUT", "DELETE"}) {
		t.Errorf("used methods %v", got)
	}
}

// What is accepted or compared is found by ID and subject, in another run too.
func TestSubjectsAreSteady(t *testing.T) {
	for name, target := range targets() {
		subjects := func(label string) (all []string) {
			target := target
			target.Label = label
			target.Errors = append(slices.Clone(target.Errors), ErrorRecipe{Status: 404, Method: "GET", Path: "/crossexam-" + label})
			for _, s := range Catalogue() {
				cases, _ := s.Plan(target)
				for _, c := range cases {
					all = append(all, fmt.Sprintf("%s %+v", s.ID, c.Subject))
				}
			}
			return all
		}
		first := subjects("f1rst")
		for _, subject := range subjects("s3cond") {
			if !slices.Contains(first, subject) {
				t.Errorf("%s: not so in another run: %s", name, subject)
			}
		}
	}
}

// What only the API's own document names is asked of an attacker, and not of the
// trusted front end.
func TestDiscoveredMethods(t *testing.T) {
	target := Target{
		URL:     "https://api.example.com",
		Trusted: []cors.Origin{cors.MustParseOrigin("https://app.example.com")},
		Endpoints: []Endpoint{
			{Method: "GET", Path: "/a", Private: true},
			{Method: "DELETE", Path: "/a", Discovered: true},
		},
	}
	if got := usedMethods(target); !slices.Equal(got, []string{"DELETE"}) {
		t.Errorf("used: %v", got)
	}
	if cases, why := planTrustedWrites(target); len(cases) != 0 || !strings.Contains(why, "DELETE") {
		t.Errorf("%d cases, %q", len(cases), why)
	}
	target.Policy.Methods = []string{"PUT"}
	if cases, _ := planTrustedWrites(target); len(cases) != 1 || cases[0].Attempts[0].Method != "PUT" {
		t.Errorf("%+v", cases)
	}
}
