package sweep

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// withSession answers /me and the like to the cookie session=x, and /news to everybody.
func withSession(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/news" || r.URL.Path == "/partners" {
		fmt.Fprint(w, `{"news":"of today"}`)
		return
	}
	if c, err := r.Cookie("session"); err != nil || c.Value != "x" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":"login"}`)
		return
	}
	if !slices.Contains([]string{"/me", "/orders", "/admin", "/bare", "/star"}, r.URL.Path) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	fmt.Fprint(w, `{"user":"alice"}`)
}

// inferredOf has an API at api.example.com, which grants these origins, examined by
// header. grants is told whether the victim's cookie came along.
func inferredOf(t *testing.T, grants func(origin string, cookie bool) bool, more http.HandlerFunc, reads ...string) (Inference, scenarios.Target) {
	t.Helper()
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("session")
		h := w.Header()
		if o := r.Header.Get("Origin"); o != "" && grants(o, err == nil || r.Method == http.MethodOptions) {
			h.Set("Access-Control-Allow-Origin", o)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", "X-Total")
			h.Set("Access-Control-Allow-Methods", "GET, PUT")
			h.Set("Access-Control-Allow-Headers", "Content-Type, X-CSRF-Token")
			h.Set("Access-Control-Max-Age", "600")
		}
		if more != nil {
			more(w, r)
		}
		h.Set("Content-Type", "application/json")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		withSession(w, r)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	d, err := target.Config{URL: "https://api.example.com", OpenAPI: "none", Reads: append([]string{"/me"}, reads...),
		Credentials: target.CredentialsConfig{Cookies: []string{"session=x; Path=/; Secure; SameSite=None"}}}.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.Upstream.URL, d.Upstream.Address = &url.URL{Scheme: "http", Host: "api.example.com"}, server.Addr()
	d.Limits.RequestsPerSecond = 0
	proxy, err := tap.New(tap.Options{Upstream: d.Upstream, Limits: d.Limits, Run: "crossexam-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	a := NewAsker(t.Context(), proxy, d)
	return a.Infer(a.Premises())
}

func TestInference(t *testing.T) {
	listed := func(origins ...string) func(string, bool) bool {
		return func(o string, _ bool) bool { return slices.Contains(origins, o) }
	}
	for _, c := range []struct {
		name    string
		grants  func(origin string, cookie bool) bool
		more    http.HandlerFunc
		granted string // origins, as the policy has them
		kinds   []scenarios.RuleKind
		adopted string
	}{
		{name: "nobody", grants: listed()},
		{name: "a list", grants: listed("https://app.example.com", "http://localhost:5173"), granted: "https://app.example.com http://localhost:5173", adopted: "https://app.example.com http://localhost:5173"},
		{name: "null", grants: listed("null", "https://www.example.com"), granted: "https://www.example.com null", adopted: "https://www.example.com"},
		{name: "everyone", grants: func(string, bool) bool { return true }, granted: "* null", kinds: []scenarios.RuleKind{scenarios.EchoRule}},
		{name: "everyone with a cookie", grants: func(_ string, cookie bool) bool { return cookie }, granted: "* null", kinds: []scenarios.RuleKind{scenarios.EchoRule}},
		{name: "any subdomain", grants: func(o string, _ bool) bool {
			return strings.HasPrefix(o, "https://") && strings.HasSuffix(o, ".example.com")
		},
			granted: "https://www.example.com https://app.example.com https://admin.example.com https://dashboard.example.com https://portal.example.com https://console.example.com",
			kinds:   []scenarios.RuleKind{scenarios.SubdomainOf}},
		{name: "ends with", grants: func(o string, _ bool) bool { return strings.HasSuffix(o, "example.com") },
			granted: "https://example.com https://www.example.com https://app.example.com https://admin.example.com https://dashboard.example.com https://portal.example.com https://console.example.com",
			kinds:   []scenarios.RuleKind{scenarios.EndsWith}},
		{name: "named in a policy", grants: listed("https://front.example.org"), more: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors front.example.org *.example.net")
			}
		}, granted: "https://front.example.org", adopted: "https://front.example.org"},
		{name: "a constant", grants: listed(), more: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "https://front.example.org")
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}, granted: "https://front.example.org", adopted: "https://front.example.org"},
		{name: "any port on localhost", grants: func(o string, _ bool) bool { return strings.HasPrefix(o, "http://localhost:") },
			granted: "http://localhost:3000 http://localhost:5173 http://localhost:8080 http://localhost:4200 http://localhost:8000",
			kinds:   []scenarios.RuleKind{scenarios.SameHost}, adopted: "http://localhost:3000"},
		{name: "a limiter", grants: listed(), more: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") != "" && r.Method == http.MethodGet {
				panic(http.ErrAbortHandler)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, facts := inferredOf(t, c.grants, c.more)
			if len(found.Policies) != 1 {
				t.Fatalf("%d classes of one endpoint", len(found.Policies))
			}
			p := found.Policies[0]
			var granted, adopted []string
			if p.Everyone {
				granted = append(granted, "*")
			}
			for _, o := range p.Granted {
				granted = append(granted, o.String())
			}
			if p.Null {
				granted = append(granted, "null")
			}
			for _, o := range facts.Trusted {
				adopted = append(adopted, o.String())
			}
			if strings.Join(granted, " ") != c.granted || strings.Join(adopted, " ") != c.adopted {
				t.Errorf("granted %q, adopted %q", granted, adopted)
			}
			var kinds []scenarios.RuleKind
			for _, r := range p.Rules {
				kinds = append(kinds, r.Kind)
			}
			if !slices.Equal(kinds, c.kinds) {
				t.Errorf("the rules are %v", p.Rules)
			}
			if with := c.name == "everyone with a cookie"; with != (len(p.Rules) > 0 && p.Rules[0].With == scenarios.Cookie) {
				t.Errorf("the rule is %v", p.Rules)
			}
			if (found.Unanswered > 0) != (c.name == "a limiter") {
				t.Errorf("%d questions got no answer", found.Unanswered)
			}
			if c.granted == "" || c.name == "a constant" {
				return
			}
			if !slices.Equal(p.Methods, []string{"GET", "HEAD", "POST", "PUT"}) || !slices.Equal(p.Headers, []string{"Content-Type", "X-CSRF-Token"}) ||
				!slices.Equal(p.Exposed, []string{"X-Total"}) || p.MaxAge == nil || *p.MaxAge != 600 || !p.Credentials || p.AnyMethod || p.AnyHeader {
				t.Errorf("%+v", p)
			}
		})
	}
}

// Endpoints that decide alike are one class, and others another.
func TestClassesOfEndpoints(t *testing.T) {
	one := InferredPolicy{Credential: scenarios.Cookie, Granted: []cors.Origin{cors.MustParseOrigin("https://app.example.com")}}
	other := one
	other.Null = true
	if !one.decidesAs(one) || one.decidesAs(other) {
		t.Error("classes are told apart wrongly")
	}
}

// Methods, headers and what is open to everybody are told by class, what an answer lists
// is asked about, and so is what is granted without credentials.
func TestInferenceByClass(t *testing.T) {
	found, facts := inferredOf(t, func(o string, _ bool) bool { return o == "https://app.example.com" }, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		switch r.URL.Path {
		case "/admin":
			h.Set("Access-Control-Allow-Methods", "DELETE, PURGE")
			h.Set("Access-Control-Allow-Headers", "X-Admin-Token")
		case "/news", "/star":
			h.Set("Access-Control-Allow-Origin", "*")
			h.Del("Access-Control-Allow-Credentials")
		case "/bare": // every subdomain, without credentials
			h.Del("Access-Control-Allow-Origin")
			if o := r.Header.Get("Origin"); strings.HasPrefix(o, "https://") && strings.HasSuffix(o, ".example.com") {
				h.Set("Access-Control-Allow-Origin", o)
			}
			h.Del("Access-Control-Allow-Credentials")
		case "/partners":
			if o := r.Header.Get("Origin"); o == "https://www.example.com" {
				h.Set("Access-Control-Allow-Origin", o)
			}
		case "/orders":
			h.Set("Access-Control-Allow-Methods", "GET, PUT, PATCH")
		}
	}, "/orders", "/admin", "/bare", "/star", "/news", "/partners")
	usual := []string{"Content-Type", "X-CSRF-Token"}
	for i, want := range []InferredPolicy{
		{Endpoints: []string{"GET /me"}, Credential: scenarios.Cookie, Credentials: true, Methods: []string{"GET", "HEAD", "POST", "PUT"}, Headers: usual},
		{Endpoints: []string{"GET /orders"}, Credential: scenarios.Cookie, Credentials: true, Methods: []string{"GET", "HEAD", "POST", "PUT", "PATCH"}, Headers: usual},
		{Endpoints: []string{"GET /admin"}, Credential: scenarios.Cookie, Credentials: true, Methods: []string{"GET", "HEAD", "POST", "DELETE", "PURGE"}, Headers: []string{"X-Admin-Token"}},
		{Endpoints: []string{"GET /bare"}, Credential: scenarios.Cookie, Rules: []scenarios.Rule{{Kind: scenarios.SubdomainOf}}},
		{Endpoints: []string{"GET /star"}, Credential: scenarios.Cookie, WithoutCredentials: true},
		{Endpoints: []string{"GET /news"}, Open: true, Everyone: true, everyoneBare: true, Null: true},
		{Endpoints: []string{"GET /partners"}, Open: true, Credentials: true},
	} {
		if i >= len(found.Policies) {
			t.Fatalf("%d classes", len(found.Policies))
		}
		got := found.Policies[i]
		if !slices.Equal(got.Endpoints, want.Endpoints) || got.Credential != want.Credential || got.Open != want.Open || got.Credentials != want.Credentials ||
			got.Everyone != want.Everyone || got.WithoutCredentials != want.WithoutCredentials || got.Null != want.Null || len(got.Rules) != len(want.Rules) && !want.Everyone || len(want.Rules) > 0 && got.Rules[0].Kind != want.Rules[0].Kind ||
			want.Methods != nil && (!slices.Equal(got.Methods, want.Methods) || !slices.Equal(got.Headers, want.Headers)) || got.Usable() != (want.Credentials || want.Open) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
	}
	if len(facts.Trusted) != 1 || facts.Trusted[0].String() != "https://app.example.com" {
		t.Errorf("adopted %v", facts.Trusted)
	}
}

// An origin that is granted by itself may be meant, whether a page of it is played or not.
func TestInferenceOfManyOrigins(t *testing.T) {
	own := []string{"http://localhost:3000", "http://localhost:5173", "http://localhost:8080", "http://127.0.0.1:3000", "http://127.0.0.1:5173", "http://127.0.0.1:8080", "https://app.example.com", "https://example.com"}
	_, facts := inferredOf(t, func(o string, _ bool) bool { return slices.Contains(own, o) }, nil)
	if len(facts.Trusted) != mostAdopted || len(facts.Questioned) != len(own)-mostAdopted {
		t.Errorf("adopted %v, and %v besides", facts.Trusted, facts.Questioned)
	}
	for _, o := range own {
		if !facts.Trusts(cors.MustParseOrigin(o)) {
			t.Errorf("%s is a near-miss", o)
		}
	}
}
