package engine

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/target"
)

// Endpoints that the operator named are swept as those that discovery finds, where there
// are more than are examined in whole: of each policy class one is examined, and what an
// accepted deviation is about.
func TestNamedEndpointsAreSwept(t *testing.T) {
	front := cors.MustParseOrigin("https://notebook.example.com")
	api := fixtures.NewRoutes(5, []cors.Origin{front}, fixtures.SevenPolicies(60)...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	prepare := func(t *testing.T, paths []string, change func(*Request)) *Examination {
		t.Helper()
		r := Request{Lab: &Lab{}, Config: target.Config{
			URL: server.URL, Trusted: []string{front.String()}, Reads: paths,
			Credentials: target.CredentialsConfig{Cookies: []string{fixtures.RoutesCookie + "; Path=/; Secure; SameSite=None"}},
		}}
		if change != nil {
			change(&r)
		}
		x, err := NewExamination(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(x.Close)
		if err := x.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		return x
	}
	policies := func(x *Examination) []string {
		var names []string
		for _, e := range x.Record().Target.PrivateReads() {
			if name := api.Policy(e.Path); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names
	}
	t.Run("60", func(t *testing.T) {
		x := prepare(t, api.Paths(), nil)
		s := x.Record().Sweep
		if s == nil || len(s.Endpoints) != 60 || len(s.Classes) != 7 || len(s.Examined) != 8 {
			t.Fatalf("the sweep: %+v", s)
		}
		if n := len(x.Record().Target.PrivateReads()); n != 8 || len(policies(x)) != 7 {
			t.Errorf("%d are examined, of the policies %v", n, policies(x))
		}
		if n := len(x.deployment.Beyond); n != 52 {
			t.Errorf("%d are left for the browser to try", n)
		}
	})
	t.Run("8", func(t *testing.T) {
		x := prepare(t, api.Paths()[:8], nil)
		if r := x.Record(); r.Sweep != nil || len(r.Target.PrivateReads()) != 8 {
			t.Errorf("few endpoints are swept: %+v", r.Sweep)
		}
	})
	t.Run("as many as are wanted", func(t *testing.T) {
		for _, n := range []int{3, 12, 60} {
			x := prepare(t, api.Paths(), func(r *Request) { r.Config.Examine = n })
			if got := len(x.Record().Target.PrivateReads()); got != max(n, 7) || (x.Record().Sweep == nil) != (n == 60) {
				t.Errorf("examine %d: %d are examined", n, got)
			}
		}
	})
	t.Run("as many of those that are found", func(t *testing.T) {
		for _, n := range []int{3, 12} {
			x := prepare(t, nil, func(r *Request) { r.Config.Examine = n })
			if got := len(x.Record().Target.PrivateReads()); got != max(n, 7) {
				t.Errorf("examine %d: %d are examined", n, got)
			}
		}
	})
	t.Run("an accepted one", func(t *testing.T) {
		last := "GET " + api.Paths()[59]
		x := prepare(t, api.Paths(), func(r *Request) {
			r.Accepted = target.Accepted{{ID: "ORG-001", Subject: target.SubjectPattern{Endpoint: last}, Expires: time.Now().Add(48 * time.Hour)}}
		})
		if !strings.Contains(fmt.Sprint(x.Record().Sweep.Examined), last) || len(x.Record().Target.PrivateReads()) > 10 {
			t.Errorf("%s is not among %v", last, x.Record().Sweep.Examined)
		}
	})
}
