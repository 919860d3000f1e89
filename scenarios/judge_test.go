package scenarios

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A recording is what a real Chrome showed on a fixture; package engine writes it
// (go test ./engine -run Policies -record).
type recording struct {
	Convicted []string `json:"convicted"`
	Recording
}

// The judges come to the same verdicts on the recordings as in the run that made
// them, without a browser.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob("testdata/recordings/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r, recorded := readRecording(t, strings.TrimSuffix(filepath.Base(file), ".json"))
			var convicted []string
			for _, s := range Catalogue() {
				cases, _ := s.Plan(r.Target)
				for _, c := range cases {
					if replay(t, s, c, recorded).Verdict == Violates && !slices.Contains(convicted, s.ID) {
						convicted = append(convicted, s.ID)
					}
				}
			}
			slices.Sort(convicted)
			if !slices.Equal(convicted, r.Convicted) {
				t.Errorf("convicted by %v, and by %v in the run", convicted, r.Convicted)
			}
		})
	}
}

// readRecording gives a recording, and what finds its observations.
func readRecording(t *testing.T, name string) (r recording, recorded Replay) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "recordings", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r, r.Replay()
}

func replay(t *testing.T, s Scenario, c Case, recorded Replay) Judgement {
	t.Helper()
	obs, missing := recorded.Observe(c)
	if missing != nil {
		t.Fatalf("%s %v: there is no recording of %s; record again (go test ./engine -run Policies -record)", s.ID, c.Subject, missing.Key())
	}
	return c.Judge(NewObservations(obs))
}
