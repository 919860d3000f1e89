package engine

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// about is a subject in short: "a x cookie", - for an empty part.
func about(text string) scenarios.Subject {
	p := strings.Split(strings.ReplaceAll(text, "-", ""), " ")
	return scenarios.Subject{Endpoint: p[0], Origin: p[1], Credential: scenarios.Credential(p[2])}
}

func planOf(subjects map[string][]string) Plan {
	var catalogue []scenarios.Scenario
	for id, texts := range subjects {
		catalogue = append(catalogue, scenarios.Scenario{ID: id, Plan: func(scenarios.Target) ([]scenarios.Case, string) {
			var cases []scenarios.Case
			for _, text := range texts {
				cases = append(cases, scenarios.Case{Subject: about(text)})
			}
			return cases, "It does not apply."
		}})
	}
	return NewPlan(catalogue, scenarios.Target{})
}

func result(id, subject string, v scenarios.Verdict) Result {
	return Result{Scenario: scenarios.Scenario{ID: id, Level: scenarios.Must}, Subject: about(subject), Judgement: scenarios.Judgement{Verdict: v}}
}

func TestStale(t *testing.T) {
	plan := planOf(map[string][]string{"ORG-001": {"a x cookie", "a y cookie"}, "ORG-002": {"a x cookie"}, "ORG-003": nil})
	x := target.Acceptance{ID: "ORG-001", Subject: target.SubjectPattern{Origin: "x"}}
	family := target.Acceptance{ID: "ORG-001"}
	for _, c := range []struct {
		name    string
		entry   target.Acceptance
		results []Result
		want    bool
	}{
		{"violates", x, []Result{result("ORG-001", "a x cookie", scenarios.Violates)}, false},
		{"conforms", x, []Result{result("ORG-001", "a x cookie", scenarios.Conforms)}, true},
		{"cannot be told", x, []Result{result("ORG-001", "a x cookie", scenarios.CannotTell)}, false},
		{"this machine cannot tell", x, []Result{result("ORG-001", "a x cookie", scenarios.NotApplicable)}, false},
		{"not reached", x, []Result{result("ORG-002", "a x cookie", scenarios.Conforms)}, false},
		{"nothing was", x, nil, false},
		{"one of a family violates", family, []Result{result("ORG-001", "a x cookie", scenarios.Conforms), result("ORG-001", "a y cookie", scenarios.Violates)}, false},
		{"none of a family does", family, []Result{result("ORG-001", "a x cookie", scenarios.Conforms), result("ORG-001", "a y cookie", scenarios.Conforms)}, true},
		{"a family half examined", family, []Result{result("ORG-001", "a x cookie", scenarios.Conforms)}, false},
		{"does not apply", target.Acceptance{ID: "ORG-003"}, []Result{result("ORG-003", "- - -", scenarios.NotApplicable)}, false},
	} {
		if got := len(stale(target.Accepted{c.entry}, plan, c.results)) == 1; got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	// What a label leaves out may still violate.
	selected := plan.Select(func(i Item) bool { return i.Subject().Origin == "x" })
	results := []Result{result("ORG-001", "a x cookie", scenarios.Conforms)}
	if got := stale(target.Accepted{family}, selected, results); len(got) != 0 {
		t.Errorf("stale though a case was not selected: %v", got)
	}
	if got := stale(target.Accepted{x}, plan.Select(func(i Item) bool { return i.Scenario.ID == "ORG-002" }), results); len(got) != 0 {
		t.Errorf("stale though its scenario was not selected: %v", got)
	}
}

func TestCheckAccepted(t *testing.T) {
	today := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	plan := planOf(map[string][]string{"ORG-001": {"a x cookie"}, "ORG-002": {"a x cookie"}, "ORG-003": nil})
	only := plan.Select(func(i Item) bool { return i.Scenario.ID == "ORG-002" })
	entry := func(id, origin string, expires time.Time) target.Accepted {
		return target.Accepted{{ID: id, Subject: target.SubjectPattern{Origin: origin}, Expires: expires}}
	}
	for _, c := range []struct {
		name             string
		accepted         target.Accepted
		plan             Plan
		expired, matches string
	}{
		{"good", entry("ORG-001", "x", today), plan, "", ""},
		{"expired", entry("ORG-001", "x", today.AddDate(0, 0, -1)), plan, "expired after 2026-11-22", ""},
		{"expired, not selected", entry("ORG-001", "x", today.AddDate(0, 0, -1)), only, "", ""},
		{"no such origin", entry("ORG-001", "y", today), plan, "", "no case of this target is like it"},
		{"no such origin, not selected", entry("ORG-001", "y", today), only, "", ""},
		{"not applicable", entry("ORG-003", "", today), plan, "", "ORG-003: no case"},
		{"none", nil, plan, "", ""},
	} {
		for check, err := range map[string]error{c.expired: c.plan.CheckExpired(c.accepted, today), c.matches + " ": c.plan.CheckMatches(c.accepted)} {
			if want := strings.TrimSpace(check); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", c.name, err, want)
			}
		}
	}
	at := target.Deployment{Upstream: tap.Upstream{URL: &url.URL{Scheme: "https", Host: "api.example.com"}}}
	late := planned(nil, at, plan, Hooks{})
	late.Accepted = entry("ORG-001", "x", time.Now().AddDate(0, 0, -2))
	if _, err := NewExamination(t.Context(), late); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an examination with what has expired: %v", err)
	}
}

// Only a violation is excused, and only what is excused does not fail.
func TestExcuse(t *testing.T) {
	accepted := target.Accepted{{ID: "ORG-001", Subject: target.SubjectPattern{Origin: "x"}}}
	baseline := Baseline{Cases: []BaselineCase{{ID: "ORG-001", Subject: about("a y cookie"), Verdict: scenarios.Violates}, {ID: "ORG-001", Subject: about("a z cookie"), Verdict: scenarios.Conforms}}}
	for _, c := range []struct {
		subject string
		verdict scenarios.Verdict
		onlyNew bool
		fails   bool
		change  Change
	}{
		{"a x cookie", scenarios.Violates, false, false, New},
		{"a x cookie", scenarios.CannotTell, false, true, ""},
		{"a x cookie", scenarios.Conforms, false, false, ""},
		{"a y cookie", scenarios.Violates, false, true, Unchanged},
		{"a y cookie", scenarios.Violates, true, false, Unchanged},
		{"a y cookie", scenarios.CannotTell, true, true, ""},
		{"a z cookie", scenarios.Violates, true, true, New},
		{"b y cookie", scenarios.Violates, true, true, New},
	} {
		x := Examination{request: Request{OnlyNew: c.onlyNew}, accepted: accepted, baseline: &baseline, index: baseline.Index()}
		r := x.settle(result("ORG-001", c.subject, c.verdict))
		doubt := r
		doubt.Judgement.Verdict = scenarios.CannotTell
		if !doubt.Settled(false, c.onlyNew).Fails {
			t.Errorf("%+v: what could not be judged is excused", c)
		}
		if r.Fails != c.fails || r.Change != c.change || (r.Accepted != nil) != (c.subject == "a x cookie" && c.verdict == scenarios.Violates) {
			t.Errorf("%+v: fails %t, %q, %v", c, r.Fails, r.Change, r.Accepted)
		}
	}
}

// What was accepted at one severity does not cover a graver one.
func TestAcceptedSeverity(t *testing.T) {
	for _, c := range []struct {
		accepted, now scenarios.Severity
		fails         bool
	}{
		{"", scenarios.High, false},
		{scenarios.High, scenarios.High, false},
		{scenarios.Medium, scenarios.Low, false},
		{scenarios.Medium, scenarios.High, true},
		{scenarios.Low, scenarios.Medium, true},
	} {
		x := Examination{accepted: target.Accepted{{ID: "ORG-001", Severity: c.accepted}}}
		r := result("ORG-001", "a x cookie", scenarios.Violates)
		r.Judgement.Severity, r.Judgement.Reason = c.now, "it read it"
		r = x.settle(r)
		if told := "it read it; it was accepted as a violation of " + string(c.accepted) + " severity"; r.Fails != c.fails || (r.Accepted == nil) != c.fails || strings.HasPrefix(r.Judgement.Reason, told) != c.fails {
			t.Errorf("%+v: fails %t, %v, %q", c, r.Fails, r.Accepted, r.Judgement.Reason)
		}
	}
}

func TestCompare(t *testing.T) {
	old := func(text string, v scenarios.Verdict) BaselineCase {
		return BaselineCase{ID: "ORG-001", Subject: about(text), Verdict: v}
	}
	names := func(cases []BaselineCase) string {
		var all []string
		for _, c := range cases {
			all = append(all, strings.Join([]string{c.Subject.Endpoint, c.Subject.Origin, string(c.Subject.Credential)}, " "))
		}
		return strings.Join(all, ", ")
	}
	const violates, conforms, cannotTell, inapplicable = scenarios.Violates, scenarios.Conforms, scenarios.CannotTell, scenarios.NotApplicable
	for _, c := range []struct {
		name string
		then []BaselineCase
		now  []Result
		// the lists of the comparison
		fixed, cannotTell, notExamined, unknown string
		onlyThen, onlyNow                       int
	}{
		{name: "the same", then: []BaselineCase{old("a x c", violates), old("a y c", conforms)}, now: []Result{result("ORG-001", "a x c", violates), result("ORG-001", "a y c", conforms)}},
		{name: "fixed", then: []BaselineCase{old("a x c", violates)}, now: []Result{result("ORG-001", "a x c", conforms)}, fixed: "a x c"},
		{name: "new", then: []BaselineCase{old("a x c", conforms)}, now: []Result{result("ORG-001", "a x c", violates)}},
		{name: "cannot be told now", then: []BaselineCase{old("a x c", violates)}, now: []Result{result("ORG-001", "a x c", cannotTell)}, cannotTell: "a x c"},
		{name: "could not be told then", then: []BaselineCase{old("a x c", cannotTell)}, now: []Result{result("ORG-001", "a x c", violates)}, unknown: "a x c"},
		{name: "gone", then: []BaselineCase{old("a x c", violates), old("a y c", conforms)}, notExamined: "a x c", onlyThen: 2},
		{name: "does not apply now", then: []BaselineCase{old("a x c", violates)}, now: []Result{result("ORG-001", "a x c", inapplicable)}, notExamined: "a x c", onlyThen: 1},
		{name: "did not apply then", then: []BaselineCase{old("a x c", inapplicable)}, now: []Result{result("ORG-001", "a x c", violates)}, unknown: "a x c", onlyNow: 1},
		{name: "unknown then", now: []Result{result("ORG-001", "a x c", violates), result("ORG-001", "a y c", conforms)}, unknown: "a x c", onlyNow: 2},
		{name: "another scenario", then: []BaselineCase{{ID: "ORG-002", Subject: about("a x c"), Verdict: violates}}, now: []Result{result("ORG-001", "a x c", conforms)}, notExamined: "a x c", onlyThen: 1, onlyNow: 1},
		{name: "another credential", then: []BaselineCase{old("a x c", violates)}, now: []Result{result("ORG-001", "a x d", conforms)}, notExamined: "a x c", onlyThen: 1, onlyNow: 1},
		{name: "a secret in the subject", then: []BaselineCase{old("/?k=* x c", violates)}, now: []Result{result("ORG-001", "/?k=secret x c", conforms)}, fixed: "/?k=* x c"},
		{name: "a secret, another credential", then: []BaselineCase{old("/?k=* x c", violates)}, now: []Result{result("ORG-001", "/?k=secret x d", conforms)}, notExamined: "/?k=* x c", onlyThen: 1, onlyNow: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compare(Baseline{Run: "r", Cases: c.then}, true, c.now)
			if !got.OnlyNew || got.Run != "r" || names(got.Fixed) != c.fixed || names(got.CannotTell) != c.cannotTell || names(got.NotExamined) != c.notExamined ||
				names(got.Unknown) != c.unknown || got.OnlyThen != c.onlyThen || got.OnlyNow != c.onlyNow {
				t.Errorf("got %+v", got)
			}
		})
	}
	twice := []BaselineCase{old("a x c", violates), old("a x c", conforms)}
	for range twice {
		if got := (Baseline{Cases: twice}).Index().change(result("ORG-001", "a x c", violates)); got != Unchanged {
			t.Errorf("a case that is there twice is %s", got)
		}
		slices.Reverse(twice)
	}
}
