package sweep_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/target"
)

// What is granted to an origin that nobody can register is granted too. It binds as the
// requirement does that a proof is about, has the same cause, and says what it takes. What
// the operator declared to trust is no grant.
func TestGrantsToOthersThanAnyone(t *testing.T) {
	is := func(origins ...string) func(cors.Origin) bool {
		return func(o cors.Origin) bool {
			for _, s := range origins {
				if o.String() == s {
					return true
				}
			}
			return false
		}
	}
	below := func(o cors.Origin) bool {
		return o.Scheme() == "https" && o.HasDefaultPort() && strings.HasSuffix(o.Host(), ".example.com")
	}
	const shop = "https://shop.example.org"
	for _, c := range []struct {
		name    string
		trusted string // besides the front end; empty for none
		assumed bool
		grants  func(cors.Origin) bool
		word    string
		cause   string
		level   scenarios.Level
		takes   string
	}{
		{"nobody", "", false, is(), "not granted", "", "", ""},
		{"http", shop, false, is("http://shop.example.org"), "granted", "same-host", scenarios.Must, "network path"},
		{"another port", shop, false, func(o cors.Origin) bool { return o.Scheme() == "https" && o.Host() == "shop.example.org" }, "granted", "same-host", scenarios.Should, "attackers cannot register"},
		{"subdomains of the trusted host", shop, false, func(o cors.Origin) bool {
			return o.Scheme() == "https" && strings.HasSuffix(o.Host(), ".shop.example.org")
		}, "granted", "subdomain-of", scenarios.Should, "a page on some host under example.org"},
		{"siblings, on the site of the API that a cookie opens", "", false, below, "granted", "subdomain-of", scenarios.Must, "a page on some host under example.com"},
		{"siblings over http too", "", false, func(o cors.Origin) bool { return strings.HasSuffix(o.Host(), ".example.com") && o.HasDefaultPort() }, "granted", "subdomain-of", scenarios.Must, "network path"},
		{"siblings, declared", "https://*.example.com", false, below, "not granted", "", "", ""},
		{"siblings, where the rest is assumed", "", true, below, "granted", "subdomain-of", scenarios.Must, "a page on some host under example.com"},
		{"previews on a shared service", "https://shop.vercel.app", false, func(o cors.Origin) bool {
			label, ok := strings.CutSuffix(o.Host(), ".vercel.app")
			return ok && !strings.Contains(label, ".")
		}, "granted", "site-on", scenarios.Must, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := swept(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if o, err := cors.ParseOrigin(r.Header.Get("Origin")); err == nil && (o == front || o.String() == c.trusted || !o.IsOpaque() && c.grants(o)) {
					w.Header().Set("Access-Control-Allow-Origin", o.String())
					w.Header().Set("Access-Control-Allow-Credentials", "true")
				}
				if r.Header.Get("Cookie") != fixtures.RoutesCookie {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`[{"owner":"victim"}]`))
			}), func(config *target.Config) {
				config.OpenAPI, config.Reads = "none", []string{"/me"}
				switch {
				case c.assumed:
					config.Trusted = nil
				case c.trusted != "":
					config.Trusted = append(config.Trusted, c.trusted)
				}
			})
			if len(r.Classes) != 1 || r.Doubt() != "" || r.Assumed != c.assumed {
				t.Fatalf("%d classes, %q", len(r.Classes), r.Doubt())
			}
			class := r.Classes[0]
			if class.Word() != c.word || class.Level != c.level || r.Suspects() != (c.level == scenarios.Must) || r.Advised() != (c.level == scenarios.Should) {
				t.Errorf("%s, %q: %+v", class.Word(), class.Level, class.Granted)
			}
			found := c.word == "not granted"
			for _, g := range class.Granted {
				found = found || g.Cause == c.cause && g.Decision == sweep.WithCredentials && strings.Contains(g.Takes, c.takes) && g.Requirement != ""
			}
			if !found {
				t.Errorf("%+v", class.Granted)
			}
		})
	}
}
