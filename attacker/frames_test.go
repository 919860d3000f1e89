package attacker_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// Frames of many kinds of origin make their attempts; one that cannot be opened
// keeps none of the others from it.
func TestFrameThatCannotBeOpenedFaultsItsOwnAttempts(t *testing.T) {
	browsertest.Needed(t)
	stage, err := attacker.NewStage()
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	browser, err := attacker.Start(t.Context(), stage, attacker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()
	tab, err := browser.Tab(t.Context(), "victim")
	if err != nil {
		t.Fatal(err)
	}
	echo := cors.MustParseOrigin("https://api.test")
	stage.Mount(echo, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(tap.ExchangeHeader, "x-"+r.Header.Get(cors.HeaderOrigin))
		w.Header().Set(cors.HeaderAllowOrigin, r.Header.Get(cors.HeaderOrigin))
		_, _ = w.Write([]byte(r.Header.Get(cors.HeaderOrigin)))
	}))
	// Chrome turns http into https on .dev: that origin is not played.
	const preloaded = "http://crossexam.dev"
	origins := strings.Fields("https://a.evil.test http://b.evil.test http://localhost:3000 " + preloaded +
		" https://a_b.evil.test https://a!.evil.test http://192.168.7.7 http://[::1] http://dot.evil.test. https://xn--bcher-kva.test:8443")
	var frames []attacker.Frame
	for _, s := range origins {
		o := cors.MustParseOrigin(s)
		read := attacker.Task{Attempt: scenarios.Attempt{Page: o, Vector: scenarios.Fetch, Omit: true, Method: "GET", URL: echo.String() + "/"}}
		frames = append(frames, attacker.Frame{Origin: o, Tasks: []attacker.Task{read, read}})
	}
	before := browser.Navigations()
	for range 2 { // the host page stays
		sightings, err := tab.RunFrames(t.Context(), frames)
		if err != nil {
			t.Fatal(err)
		}
		for i, origin := range origins {
			if len(sightings[i]) != 2 {
				t.Fatalf("%s: %d sightings", origin, len(sightings[i]))
			}
			for _, s := range sightings[i] {
				switch {
				case origin == preloaded:
					if !strings.Contains(s.Fault, "a frame of "+preloaded+" could not be opened") || s.Page != nil {
						t.Errorf("%s: %+v", origin, s)
					}
				case s.Fault != "" || s.Page == nil || s.Page.Body != origin || s.Loot == nil || s.Loot.Excerpt != origin || len(s.Exchanges) != 1:
					t.Errorf("%s: %+v %+v", origin, s, s.Page)
				}
			}
		}
	}
	if n := browser.Navigations() - before; n != 1 {
		t.Errorf("%d navigations", n)
	}
}
