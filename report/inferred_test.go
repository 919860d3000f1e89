package report

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/target"
)

// What an API was seen to trust is told by class, asked about once for each decision, and
// written as a configuration that names what was granted by itself.
func TestInferred(t *testing.T) {
	origins := func(of ...string) (all []cors.Origin) {
		for _, o := range of {
			all = append(all, cors.MustParseOrigin(o))
		}
		return all
	}
	list := origins("https://app.example.com", "http://localhost:3000", "http://localhost:5173")
	anyPort := scenarios.Rule{Kind: scenarios.SameHost, Value: "localhost", AnyPort: true, Of: list[1]}
	sixty := 60
	private := sweep.InferredPolicy{Endpoints: []string{"GET /me", "GET /orders"}, Credential: scenarios.Cookie, Granted: list, Credentials: true,
		Rules: []scenarios.Rule{anyPort}, Methods: []string{"GET", "HEAD", "POST", "PUT"}, Headers: []string{"X-Trace-Id"}, Exposed: []string{"X-Total"}, MaxAge: &sixty}
	admin := private
	admin.Endpoints, admin.Methods = []string{"GET /admin"}, []string{"GET", "HEAD", "POST", "DELETE"}
	open := sweep.InferredPolicy{Endpoints: []string{"GET /news"}, Open: true, Everyone: true, Null: true, Methods: []string{"GET", "HEAD", "POST"}}
	bare := sweep.InferredPolicy{Endpoints: []string{"GET /me"}, Credential: scenarios.Cookie, Granted: list[:1], Methods: []string{"GET", "HEAD", "POST"}}
	star := sweep.InferredPolicy{Endpoints: []string{"GET /me"}, Credential: scenarios.Cookie, WithoutCredentials: true, Methods: []string{"GET", "HEAD", "POST"}}
	asked := scenarios.Target{Endpoints: []scenarios.Endpoint{
		{Method: "POST", Path: "/graphql", Name: "me", Private: true, Reads: true, Headers: cors.Headers{{Name: "Content-Type", Value: "application/json"}, {Name: "X-CSRF", Value: "1"}},
			Body: "{\"query\":\"query Me($id: ID = \\\"${x}\\\") { me { name } }\\n# \\u00e9\"}"},
		{Method: "GET", Path: "/bff", Private: true, Headers: cors.Headers{{Name: "X-CSRF", Value: "1"}}},
	}}
	query := private
	query.Endpoints, query.Rules, query.Granted = []string{"POST /graphql#me", "GET /bff", "GET /me"}, nil, list[:1]
	for _, c := range []struct {
		name      string
		policies  []sweep.InferredPolicy
		says      []string // of the terminal
		not       []string
		questions int
		config    target.Config // what of it is compared
	}{
		{"classes and a rule", []sweep.InferredPolicy{private, admin, open},
			[]string{`the host "localhost", on any port`, "origins: as for GET /me, with its matcher and credentials", "GET /news, open to everybody:", "headers: X-Trace-Id", "max age: 60 seconds",
				"https://app.example.com (why) may read GET /me, GET /orders, GET /admin, by its headers: is it yours?",
				`http://localhost:3000 may read GET /me, GET /orders, GET /admin, by its headers, as http://localhost:5173 may, because every origin is granted that has the host "localhost", on any port: which of them are yours?`},
			[]string{"https://app.example.com (why) may read GET /me, GET /orders, GET /admin, GET /news"}, 2,
			target.Config{Trusted: []string{"https://app.example.com"}, Reads: []string{"/me", "/orders", "/admin"}, Policy: target.PolicyConfig{Credentials: "include", Methods: []string{"GET", "HEAD", "POST", "PUT", "DELETE"}, Headers: []string{"X-Trace-Id"}}}},
		{"a list without credentials", []sweep.InferredPolicy{bare}, []string{"origins: https://app.example.com", "an exact list", "not granted, so that no page gets what they open"}, []string{"is it yours"}, 0,
			target.Config{Trusted: []string{}, Reads: []string{"/me"}, Policy: target.PolicyConfig{Credentials: "none", Methods: []string{"GET", "HEAD", "POST"}}}},
		{"everyone without credentials", []sweep.InferredPolicy{star}, []string{"origins: *", "every origin is granted, without credentials"}, []string{"none of the origins"}, 0,
			target.Config{Trusted: []string{}, Reads: []string{"/me"}, Policy: target.PolicyConfig{Credentials: "none", Methods: []string{"GET", "HEAD", "POST"}}}},
		{"a query", []sweep.InferredPolicy{query}, []string{"POST /graphql#me, GET /bff, GET /me, with cookie:"}, nil, 1,
			target.Config{Trusted: []string{"https://app.example.com"}, Reads: []string{"/me"}, Policy: target.PolicyConfig{Credentials: "include", Methods: []string{"GET", "HEAD", "POST", "PUT"}, Headers: []string{"X-Trace-Id"}}}},
		{"by two credentials", []sweep.InferredPolicy{bare, private}, nil, nil, 2,
			target.Config{Trusted: []string{"https://app.example.com"}, Reads: []string{"/me", "/orders"}, Policy: target.PolicyConfig{Credentials: "include", Methods: []string{"GET", "HEAD", "POST", "PUT"}, Headers: []string{"X-Trace-Id"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inference := sweep.Inference{Policies: c.policies}
			for _, o := range list {
				inference.Candidates = append(inference.Candidates, scenarios.Candidate{Origin: o, Why: "why"})
			}
			r := Report{Target: Target{URL: "https://api.example.com"}, Inferred: newInferred(engine.Record{Inference: &inference, Target: asked})}
			p := &printer{r: r, o: TextOptions{Width: 100}}
			p.inferred()
			said := strings.Join(strings.Fields(p.b.String()), " ")
			for _, s := range c.says {
				if !strings.Contains(said, s) {
					t.Errorf("%q is not said:\n%s", s, p.b.String())
				}
			}
			for _, s := range c.not {
				if strings.Contains(said, s) {
					t.Errorf("%q is said:\n%s", s, p.b.String())
				}
			}
			if got := r.Inferred.Questions(); len(got) != c.questions {
				t.Errorf("asks %q", got)
			}
			var b bytes.Buffer
			file := filepath.Join(t.TempDir(), "policy.yaml")
			if err := r.writePolicy(&b); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := target.LoadConfig(file)
			if err != nil {
				t.Fatalf("%v:\n%s", err, b.String())
			}
			if got.URL != r.Target.URL || !slices.Equal(got.Trusted, c.config.Trusted) || got.Trusted == nil || !slices.Equal(got.Reads, c.config.Reads) ||
				got.Policy.Credentials != c.config.Policy.Credentials || !slices.Equal(got.Policy.Methods, c.config.Policy.Methods) || !slices.Equal(got.Policy.Headers, c.config.Policy.Headers) {
				t.Errorf("%+v of\n%s", got, b.String())
			}
			if c.name == "a query" {
				// What was asked is what will be asked.
				again, err := got.Deployment(t.Context())
				if err != nil || len(again.Facts.Endpoints) != 3 {
					t.Fatalf("%v, %+v of\n%s", err, again.Facts.Endpoints, b.String())
				}
				for i, e := range asked.Endpoints {
					e.SafeToWrite = e.Reads
					if !reflect.DeepEqual(again.Facts.Endpoints[1+i], e) {
						t.Errorf("%+v, and it was %+v, of\n%s", again.Facts.Endpoints[1+i], e, b.String())
					}
				}
			}
			if slices.ContainsFunc(c.policies, func(p sweep.InferredPolicy) bool { return p.Open }) && (len(got.Endpoints) != 1 || !got.Endpoints[0].Open || strings.Contains(b.String(), "null is granted")) {
				t.Errorf("open endpoints are %+v of\n%s", got.Endpoints, b.String())
			}
		})
	}
}
