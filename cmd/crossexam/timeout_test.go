package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// A run that takes longer than it may ends as one that is interrupted does, and says
// which limit that was, from the flag as from a file.
func TestTimeOfTheRun(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/private" {
			<-r.Context().Done()
			return
		}
		grant(w, r)
	})
	file := save(t, "crossexam.yaml", "target: "+url+"\ntrusted: [https://app.example]\nread: [/private]\nlimits: {timeout: 500ms}\n")
	for name, args := range map[string][]string{
		"flag": {"test", url, "--trusted=https://app.example", "--read=/private", "--timeout=500ms"},
		"file": {"test", "--config=" + file},
	} {
		t.Run(name, func(t *testing.T) {
			r := crossexam(t, nil, args...)
			r.expect(t, 3, "the run was not done within 500ms", "raise --timeout if it needs longer")
			parsed := r.report(t)
			if parsed.Fault == nil || parsed.Fault.Stage != "run" || parsed.Summary.ExitCode != 3 {
				t.Errorf("fault %+v, exit code %d", parsed.Fault, parsed.Summary.ExitCode)
			}
		})
	}
	for _, wrong := range []string{"0s", "-1m", "soon"} {
		r := crossexam(t, nil, "test", url, "--trusted=https://app.example", "--timeout="+wrong)
		if r.expect(t, 2, "is not a time"); !strings.Contains(r.stderr, wrong) {
			t.Errorf("%s: %s", wrong, r.stderr)
		}
	}
}
