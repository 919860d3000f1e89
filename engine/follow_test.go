package engine

import (
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// The target is followed to https where that was asked for, and nowhere else.
func TestFollowToHTTPS(t *testing.T) {
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://127.0.0.1:1"+r.URL.Path, http.StatusMovedPermanently)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	for _, follow := range []bool{false, true} {
		x, err := checked(t.Context(), Request{Config: target.Config{
			URL: "http://" + server.Addr(), Trusted: []string{}, Reads: []string{"/me"}, OpenAPI: "none", FollowToHTTPS: follow,
		}, Lab: &Lab{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.followToHTTPS(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := x.Deployment().Facts.URL == "https://127.0.0.1:1"; got != follow {
			t.Errorf("followed: %v, examined is %s", follow, x.Deployment().Facts.URL)
		}
		if said := strings.Contains(strings.Join(x.Record().Notes, " "), "was examined instead"); said != follow {
			t.Errorf("followed: %v, told: %q", follow, x.Record().Notes)
		}
	}
}

// Without it the redirect is a diagnosis, as before.
func TestRedirectsToHTTPSAreDiagnosed(t *testing.T) {
	found := scenarios.Target{URL: "http://127.0.0.1:1", Premises: []scenarios.Premise{{
		Endpoint: "GET /me", Finding: scenarios.Redirected, Victim: scenarios.Reply{Status: 301, Location: "https://127.0.0.1/me"},
	}}}
	if d := whyNothingPrivate(found, target.Discovery{}); d.Kind != RedirectsToHTTPS {
		t.Errorf("%+v", d)
	}
}
