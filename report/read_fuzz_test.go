package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

// Whatever is given to --baseline or to accept, it is a report that can be written
// again and compared with, or an error.
func FuzzRead(f *testing.F) {
	const head = `{"schema": "crossexam/report/v1", "results": [`
	f.Add([]byte(head + `{"id": "ORG-001", "verdict": "conforms", "subject": {"origin": "https://a.example"}}], "target": {"trusted_origins": ["https://a.example"]}}`))
	f.Add([]byte(head + strings.Repeat("[", 100)))
	f.Add([]byte(`{"schema": "crossexam/report/v1", "results": [{"id": "x", "verdict": "violates", "proof": {"exchanges": [{"response": null}, {"request": {"headers": [{}]}}]}}], "baseline": {}, "fault": {}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Report
		var err error
		boundedtest.Modest(t, len(data), func() { r, err = Read(bytes.NewReader(data)) })
		if err != nil {
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("the error has an escape: %q", err)
			}
			return
		}
		_, _ = r.BaselineFor(scenarios.Target{})
		if err := r.WriteJSON(&bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	})
}
