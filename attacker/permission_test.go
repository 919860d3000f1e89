package attacker

import (
	"io"
	"net/http"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// What Chrome lets a page on a public address do depends on the victim's answer,
// however the target is named; a page on loopback is not asked.
func TestPublicPagesNeedPermissionForTheLocalNetwork(t *testing.T) {
	needsBrowser(t)
	stage, err := NewStage()
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	browser, err := Start(t.Context(), stage, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()

	targets := []string{
		"https://api.notebook.test", "http://127.0.0.1:5055", "http://localhost:5055", "http://notebook.localhost:5055",
		"http://192.168.7.7:5055", "http://nas.local", "http://nas.lan:5055", "http://api.notebook.test",
	}
	open := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(cors.HeaderAllowOrigin, "*")
		w.Header().Set(tap.ExchangeHeader, "1")
		io.WriteString(w, "private")
	})
	for _, at := range targets {
		stage.Mount(cors.MustParseOrigin(at), open)
	}
	pages := []struct {
		origin string
		reason cors.Reason
	}{
		{"https://refused.public-attacker.test", cors.LocalNetworkAccessPermissionDenied},
		{"https://granted.public-attacker.test", cors.Allowed},
		{"https://evil.test", cors.Allowed},
	}
	// The first victim has the browser's own context, the second one of its own.
	for _, victim := range []string{"first", "second"} {
		tab, err := browser.Tab(t.Context(), victim)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			origin := cors.MustParseOrigin(page.origin)
			permission, public := scenarios.LocalNetworkPermission(origin)
			if public {
				if err := tab.PermitLocalNetwork(t.Context(), origin, permission); err != nil {
					t.Fatal(err)
				}
			}
			if err := tab.Open(t.Context(), origin, Malicious); err != nil {
				t.Fatal(err)
			}
			var tasks []Task
			for _, at := range targets {
				if !public && !cors.MustParseOrigin(at).IsPotentiallyTrustworthy() {
					continue // mixed content, whatever the network
				}
				tasks = append(tasks, Task{Attempt: scenarios.Attempt{Page: origin, Vector: scenarios.Fetch, Omit: true, Method: "GET", URL: at + "/"}})
			}
			sightings, err := tab.Run(t.Context(), tasks)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range sightings {
				read := page.reason == cors.Allowed
				if s.Page.Readable != read || s.Block.Reason != page.reason || (s.Loot != nil) != read {
					t.Errorf("%s, %s to %s: readable %t, %+v, loot %v; want %q",
						victim, page.origin, tasks[i].Attempt.URL, s.Page.Readable, s.Block, s.Loot, page.reason)
				}
			}
		}
	}
}
