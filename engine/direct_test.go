package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
)

// A witness counts what reaches a target.
type witness struct {
	http.Handler
	mu     sync.Mutex
	direct map[string]int // by method, of requests that no tap has forwarded
	writes []string       // but the login, and what is declared safe to write
}

func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	if r.Header.Get("Crossexam-Run") == "" && strings.Contains(r.UserAgent(), "Chrome") {
		w.direct[r.Method]++
	}
	if r.Method != "GET" && r.Method != "HEAD" && r.Method != "OPTIONS" && r.URL.Path != fixtures.LoginPath && r.Method+r.URL.Path != "POST/api/notebooks" {
		w.writes = append(w.writes, r.Method+" "+r.URL.Path)
	}
	w.mu.Unlock()
	w.Handler.ServeHTTP(out, r)
}

// A browser that talks to the target itself judges as one behind a tap does, but for
// WebSockets, and no write leaves it.
func TestDirect(t *testing.T) {
	for _, c := range []struct {
		policy   fixtures.Policy
		login    fixtures.Login
		at       string
		convicts []string
	}{
		{fixtures.Hardened(), fixtures.SessionCookie, engine.StagedURL, nil},
		{fixtures.WildcardEchoAlways(), fixtures.SessionCookie, engine.StagedURL, fixtures.WildcardEchoAlways().Convicts},
		{fixtures.Hardened(), fixtures.HTTPBasic, engine.StagedURL, nil},
		{fixtures.Hardened(), fixtures.NoLogin, engine.LocalURL, nil},
		{fixtures.WildcardWithoutCredentials(), fixtures.NoLogin, engine.LocalURL, fixtures.WildcardWithoutCredentials().ConvictsOpen},
	} {
		t.Run(c.policy.Name+" "+string(c.login), func(t *testing.T) {
			lab := openLab(t, attacker.Options{})
			n := fixtures.Notebook{
				Policy: c.policy, Login: c.login,
				Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
				Hosts:   []string{cors.MustParseOrigin(c.at).Host()},
			}
			s := stageAt(t, lab, n, c.at)
			seen := &witness{Handler: n.Handler(), direct: map[string]int{}}
			server, err := loopback.Serve(seen, lab.Stage().Authority())
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			s.Deployment.Upstream.Address = server.Addr()
			s.Deployment.Direct = true
			// The fixture's certificate is of the lab's authority, so that the lab is first.
			if err := engine.GoDirect(t.Context(), lab, s.Deployment); err != nil {
				t.Fatal(err)
			}
			record := examineTelling(t, lab, s, c.policy, c.convicts)
			want := slices.DeleteFunc(slices.Clone(c.convicts), func(id string) bool { return id == "ALT-001" })
			slices.Sort(want)
			if got := convicted(record); !slices.Equal(got, want) {
				t.Errorf("convicted by %v\nthrough a tap %v", got, want)
			}
			for _, r := range record.Results {
				if r.Verdict() == scenarios.CannotTell && !strings.Contains(r.Judgement.Reason, "lets nobody hold or see a WebSocket") {
					t.Errorf("%s %v: %s: %s", r.Scenario.ID, r.Subject, r.Verdict(), r.Judgement.Reason)
				}
				if r.Scenario.ID == "ALT-001" && r.Verdict() == scenarios.Conforms {
					t.Error("ALT-001 conforms, and was not seen")
				}
			}
			if !slices.ContainsFunc(record.Notes, func(n string) bool { return strings.Contains(n, "(`direct`)") }) {
				t.Errorf("the notes are silent: %q", record.Notes)
			}
			if len(seen.writes) > 0 || len(record.Withheld) < 2 {
				t.Errorf("the target got %q; withheld were %v", seen.writes, record.Withheld)
			}
			if seen.direct["GET"] < 50 || seen.direct["OPTIONS"] < 10 || seen.direct["GET"]+seen.direct["OPTIONS"] > record.Requests {
				t.Errorf("the target got %v from the browser, and %d are counted", seen.direct, record.Requests)
			}
		})
	}
}

// A lab that was not made for it is no way around the rules.
func TestDirectNeedsItsBrowser(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.Hardened(), Login: fixtures.SessionCookie})
	for _, made := range []bool{false, true} {
		if s.Deployment.Direct = true; made {
			if err := engine.GoDirect(t.Context(), lab, s.Deployment); err != nil {
				t.Fatal(err)
			}
			s.Deployment.Direct = false
		}
		record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts), engine.Hooks{})
		if err == nil || !strings.Contains(err.Error(), "the browser was") || len(record.Results) > 0 {
			t.Errorf("made for it: %v; %v, %d results", made, err, len(record.Results))
		}
	}
}
