package sweep_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/target"
)

// A target that breaks off TLS without the client certificate has refused a stranger, and
// answered: what the victim is granted decides.
func TestSweepWithClientCertificate(t *testing.T) {
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	for name, c := range map[string]struct {
		grants  func(method, origin string) bool
		suspect bool
	}{
		"every origin":           {func(string, string) bool { return true }, true},
		"the trusted one":        {func(_, o string) bool { return o == front.String() }, false},
		"every origin's request": {func(method, o string) bool { return method == http.MethodOptions || o == front.String() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if o := r.Header.Get("Origin"); o != "" && c.grants(r.Method, o) {
					w.Header().Set("Access-Control-Allow-Origin", o)
					w.Header().Set("Access-Control-Allow-Credentials", "true")
					w.Header().Set("Access-Control-Allow-Methods", "PUT")
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"user":"alice"}`))
			}))
			s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
			s.StartTLS()
			t.Cleanup(s.Close)
			d, err := target.Config{
				URL: s.URL, Trusted: []string{front.String()}, InsecureSkipVerify: true, OpenAPI: "none", Reads: []string{"/me"}, Endpoints: []target.EndpointConfig{{Method: http.MethodPut, Path: "/me"}},
				Credentials: target.CredentialsConfig{Cookies: []string{fixtures.CookieName + "=x; Path=/; Secure; SameSite=None"}},
			}.Deployment(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			d.Credentials.ClientCertificate = &target.ClientCertificate{TLS: certificate}
			d.Facts.Credentials = []scenarios.Credential{scenarios.Together(scenarios.ClientCert, scenarios.Cookie)}
			r, err := sweep.Run(t.Context(), sweep.Request{Deployment: &d, Run: "crossexam-test"})
			if err != nil {
				t.Fatal(err)
			}
			if r.Suspects() != c.suspect || r.Doubt() != "" || !r.Endpoints[0].Private() {
				t.Errorf("suspects is %v, in doubt for %q: %+v", r.Suspects(), r.Doubt(), r.Endpoints)
			}
		})
	}
}
