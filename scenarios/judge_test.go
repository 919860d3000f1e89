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
	Target       Target        `json:"target"`
	Convicted    []string      `json:"convicted"`
	Observations []Observation `json:"observations"`
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
			r, byKey := readRecording(t, strings.TrimSuffix(filepath.Base(file), ".json"))
			var convicted []string
			for _, s := range Catalogue() {
				cases, _ := s.Plan(r.Target)
				for _, c := range cases {
					if replay(t, s, c, byKey).Verdict == Violates && !slices.Contains(convicted, s.ID) {
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

// readRecording gives a recording, and its observations by the keys of their attempts.
func readRecording(t *testing.T, name string) (r recording, byKey map[string]Observation) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "recordings", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	byKey = map[string]Observation{}
	for _, o := range r.Observations {
		byKey[o.Attempt.Key()] = o
	}
	return r, byKey
}

func replay(t *testing.T, s Scenario, c Case, byKey map[string]Observation) Judgement {
	t.Helper()
	var obs []Observation
	observe := func(attempts []Attempt) {
		for _, a := range attempts {
			o, ok := byKey[a.Key()]
			if !ok {
				t.Fatalf("%s %v: there is no recording of %s; record again (go test ./engine -run Policies -record)", s.ID, c.Subject, a.Key())
			}
			obs = append(obs, o)
		}
	}
	observe(c.Attempts)
	if c.More != nil {
		observe(c.More(NewObservations(obs)))
	}
	return c.Judge(NewObservations(obs))
}
