package engine_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

var recording = flag.Bool("record", false, "write the observations that the tests of package scenarios replay")

// recordedPolicies are those whose observations are kept for the judges' tests:
// between them they show a theft, a block at each stage, a front end that is
// locked out, and a near-miss that is granted.
var recordedPolicies = []string{
	"hardened", "wildcard-echo-with-cookie", "authentication-outside-cors", "two-allow-origin-headers",
	"unescaped-dot",
}

// keep writes what a real Chrome showed on a policy to the recordings of package
// scenarios. It is to be done again after a change of the attempts that scenarios
// plan:
//
//	make recordings
func keep(t *testing.T, policy string, r engine.Record) {
	t.Helper()
	kept := struct {
		Convicted []string `json:"convicted"`
		scenarios.Recording
	}{convicted(r), r.Recording()}
	for i, o := range kept.Observations {
		kept.Observations[i] = condensed(o)
	}
	b, err := json.MarshalIndent(kept, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "scenarios", "testdata", "recordings", policy+".json")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d observations, %d bytes", path, len(kept.Observations), len(b))
}

// condensed leaves out the header lines that no judge looks at.
func condensed(o scenarios.Observation) scenarios.Observation {
	unread := func(h cors.Header) bool {
		name := strings.ToLower(h.Name)
		return strings.HasPrefix(name, "sec-") ||
			slices.Contains([]string{"user-agent", "accept", "accept-encoding", "accept-language", "connection", "pragma", "referer", "date", "host"}, name)
	}
	o.Exchanges = slices.Clone(o.Exchanges)
	for i := range o.Exchanges {
		x := &o.Exchanges[i]
		x.Request.Headers = slices.DeleteFunc(slices.Clone(x.Request.Headers), unread)
		if x.Response != nil {
			condensedResponse := *x.Response
			condensedResponse.Headers = slices.DeleteFunc(slices.Clone(x.Response.Headers), unread)
			x.Response = &condensedResponse
		}
	}
	return o
}
