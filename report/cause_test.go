package report

import (
	"maps"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
)

// Every violation names a cause of the report, and each cause tells what its results come to.
func TestCauses(t *testing.T) {
	r := reportOf(compared(accepting(sample(), "CRD-002")), Meta{FixFor: func(id string) string { return "In this application: " + id + "." }})
	byID := map[string]Cause{}
	for _, c := range r.Causes {
		byID[c.ID] = c
	}
	counted := map[string]int{}
	for _, c := range r.Results {
		if _, known := byID[c.Cause]; known != (c.Verdict == "violates") {
			t.Errorf("%s %s has the cause %q", c.ID, c.Verdict, c.Cause)
		}
		counted[c.Cause]++
	}
	first := r.Causes[0]
	if first.ID != "every-origin" || !first.Exfiltrated || !first.Fails || first.Accepted || first.Change != "unchanged" ||
		first.Results != counted["every-origin"] || first.Worst.ID != "WLD-001" || first.Worst.Subject.Origin != sampleEvil ||
		!strings.HasSuffix(first.Fix, " In this application: WLD-001.") {
		t.Errorf("%+v", first)
	}
	if w := r.worst(first); w == nil || w.ID != "WLD-001" {
		t.Errorf("the worst is %+v", w)
	}
}

// How cookies are kept is shown by the attempts that stole, and lets nobody read by itself.
func TestHygieneStealsNothing(t *testing.T) {
	cookies := stolen("CRD-001", sampleEvil)
	for name, c := range map[string]struct {
		results []engine.Result
		want    map[string]bool // exfiltrated, by the scenario that its cause begins with
	}{
		"beside a theft": {[]engine.Result{stolen("WLD-001", sampleEvil), cookies}, map[string]bool{"WLD-001": true, "CRD-001": false}},
		"alone":          {[]engine.Result{cookies}, map[string]bool{"CRD-001": true}},
	} {
		got := map[string]bool{}
		for _, cause := range reportOf(of(c.results...), Meta{}).Causes {
			got[cause.Worst.ID] = cause.Exfiltrated
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
