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

// withSession answers /me to the cookie session=x.
func withSession(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("session"); err != nil || c.Value != "x" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":"login"}`)
		return
	}
	if r.URL.Path != "/me" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	fmt.Fprint(w, `{"user":"alice"}`)
}

// inferredOf has an API at api.example.com, which grants these origins, examined by
// header. grants is told whether the victim's cookie came along.
func inferredOf(t *testing.T, grants func(origin string, cookie bool) bool, more http.HandlerFunc) (Inference, scenarios.Target) {
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
	d, err := target.Config{URL: "https://api.example.com", OpenAPI: "none", Reads: []string{"/me"},
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
