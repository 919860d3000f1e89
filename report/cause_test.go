package report

import (
	"maps"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
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

// A cause that the headers of more endpoints show than results are about says of how many, and in
// which classes.
func TestCauseInClasses(t *testing.T) {
	grant := func(cause, method string) sweep.Grant {
		return sweep.Grant{Suspicion: scenarios.Suspicion{Cause: cause}, Method: method}
	}
	r := Report{Causes: []Cause{{ID: "every-origin", Endpoints: []string{"GET /a", "GET /b", "GET /c"}}, {ID: "vary", Endpoints: []string{"GET /a"}}}}
	r.inClasses(&engine.Sweep{Result: sweep.Result{Classes: []sweep.Class{
		{ID: "P1", Size: 12, Granted: []sweep.Grant{grant("every-origin", ""), grant("null-trusted", "")}},
		{ID: "P2", Size: 5, Granted: []sweep.Grant{grant("every-origin", "")}},
		{ID: "P3", Size: 80, Granted: []sweep.Grant{grant("every-origin", "PUT")}},
	}}})
	for i, want := range []string{"GET /a, GET /b, GET /c, by their headers all 17 endpoints of policy classes P1, P2", "GET /a"} {
		if got := r.Causes[i].where(false); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if n, m := r.Causes[0].Alike(), r.Causes[1].Alike(); n != 17 || m != 1 {
		t.Errorf("%d and %d endpoints", n, m)
	}
}
