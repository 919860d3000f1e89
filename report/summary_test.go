package report

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

func TestExitCode(t *testing.T) {
	must, should, info := scenarios.Must, scenarios.Should, scenarios.Info
	conforms := judged("ORG-001", must, scenarios.Conforms, "")
	violates := judged("ORG-002", must, scenarios.Violates, "")
	doubt := judged("ORG-003", must, scenarios.CannotTell, "")
	untried := judged("ORG-004", must, scenarios.NotApplicable, "")
	advice := judged("ORG-005", should, scenarios.Violates, "")
	vague := judged("ORG-006", should, scenarios.CannotTell, "")
	remark := judged("ORG-007", info, scenarios.Violates, "")
	unknown := judged("ORG-008", info, scenarios.CannotTell, "")

	for _, c := range []struct {
		name          string
		record        engine.Record
		usual, strict int
	}{
		{"conforms", of(conforms), 0, 0},
		{"violates", of(conforms, violates), 1, 1},
		{"cannot tell", of(conforms, doubt), 3, 3},
		{"a violation wins over a doubt", of(doubt, violates), 1, 1},
		{"SHOULD is violated", of(conforms, advice), 0, 1},
		{"SHOULD cannot be told", of(conforms, vague), 0, 3},
		{"information", of(conforms, remark, unknown), 0, 0},
		{"nothing", of(), 3, 3},
		{"nothing applies", of(untried), 3, 3},
		{"only information could be told", of(remark), 0, 0},
		{"unreachable", faulty(engine.StageReach), 3, 3},
		{"broke off before a violation", faulty(engine.StageBrowser, conforms), 3, 3},
		{"broke off after a violation", faulty(engine.StageBrowser, conforms, violates), 3, 3},
		{"a control failed after a violation", faulty(engine.StageControls, violates), 3, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			for strict, want := range map[bool]int{false: c.usual, true: c.strict} {
				r := reportOf(binding(c.record, strict), Meta{})
				if got := r.ExitCode(); got != want || r.Summary.ExitCode != want {
					t.Errorf("strict %v: ExitCode is %d, the summary's %d, want %d", strict, got, r.Summary.ExitCode, want)
				}
			}
		})
	}
}

func onlyNew(r engine.Record) engine.Record {
	r.Baseline = &engine.Comparison{OnlyNew: true}
	return r
}

func of(results ...engine.Result) engine.Record { return engine.Record{Results: results} }

// excused marks a result.
func excused(c engine.Result, accepted bool, change engine.Change) engine.Result {
	if accepted {
		c.Accepted = &target.Acceptance{ID: c.Scenario.ID, Reason: "r", Owner: "o"}
	}
	c.Change = change
	return c
}

func TestExitCodeOfExcused(t *testing.T) {
	must, should := scenarios.Must, scenarios.Should
	conforms := judged("ORG-001", must, scenarios.Conforms, "")
	violates := judged("ORG-002", must, scenarios.Violates, "")
	doubt := judged("ORG-003", must, scenarios.CannotTell, "")
	advice := judged("ORG-005", should, scenarios.Violates, "")
	with := func(r engine.Record, stale, onlyNew bool) engine.Record {
		if stale {
			r.Stale = target.Accepted{{ID: "ORG-009"}}
		}
		r.Baseline = &engine.Comparison{OnlyNew: onlyNew}
		return r
	}
	for _, c := range []struct {
		name          string
		record        engine.Record
		usual, strict int
		meaning       string // of the strict one
	}{
		{"accepted", of(conforms, excused(violates, true, "")), 0, 0, "conforms, except for 1 accepted violation"},
		{"accepted, and another one", of(violates, excused(violates, true, "")), 1, 1, "is violated"},
		{"accepted advice", of(conforms, excused(advice, true, "")), 0, 0, "1 accepted violation"},
		{"a doubt is not accepted", of(excused(doubt, true, "")), 3, 3, "could not judge"},
		{"stale", with(of(conforms), true, false), 2, 2, "1 accepted deviation is stale"},
		{"stale and violated", with(of(violates), true, false), 1, 1, ""},
		{"stale and in doubt", with(of(conforms, doubt), true, false), 3, 3, ""},
		{"stale, with advice", with(of(conforms, advice), true, false), 2, 1, ""},
		{"stale and broke off", with(faulty(engine.StageBrowser, conforms), true, false), 3, 3, ""},
		{"unchanged", with(of(conforms, excused(violates, false, engine.Unchanged)), false, false), 1, 1, "is violated"},
		{"unchanged, only new fail", with(of(conforms, excused(violates, false, engine.Unchanged)), false, true), 0, 0, "except for 1 violation that the baseline has too"},
		{"new, only new fail", with(of(conforms, excused(violates, false, engine.New)), false, true), 1, 1, "that was not before"},
		{"new advice, only new fail", with(of(conforms, excused(advice, false, engine.New)), false, true), 0, 1, "that was not before"},
		{"new and accepted, only new fail", with(of(conforms, excused(violates, true, engine.New)), false, true), 0, 0, "1 accepted violation"},
		{"a doubt, only new fail", with(of(conforms, doubt), false, true), 3, 3, ""},
		{"a doubt and an unchanged one, only new fail", with(of(doubt, excused(violates, false, engine.Unchanged)), false, true), 3, 3, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for strict, want := range map[bool]int{false: c.usual, true: c.strict} {
				r := reportOf(binding(c.record, strict), Meta{})
				if got := r.ExitCode(); got != want || r.Summary.ExitCode != want {
					t.Errorf("strict %v: ExitCode is %d, the summary's %d, want %d", strict, got, r.Summary.ExitCode, want)
				}
				if strict && !strings.Contains(r.meaning(), c.meaning) {
					t.Errorf("it means %q", r.meaning())
				}
			}
		})
	}
}

func TestAcceptedIsCounted(t *testing.T) {
	r := reportOf(of(judged("ORG-001", scenarios.Must, scenarios.Conforms, ""), excused(judged("ORG-002", scenarios.Must, scenarios.Violates, ""), true, ""),
		excused(judged("ORG-003", scenarios.Must, scenarios.CannotTell, ""), true, "")), Meta{})
	if s := r.Summary; s.Accepted != 1 || s.Violates != 0 || s.Conforms != 1 || s.CannotTell != 1 {
		t.Errorf("the summary is %+v", s)
	}
	if r.Results[0].Acceptance != nil || r.Results[2].Accepted || r.Results[2].Acceptance != nil {
		t.Error("what is no violation is marked as accepted")
	}
}

func TestSummaryCountsEveryResultOnce(t *testing.T) {
	r := reportOf(sample(), Meta{})
	s := r.Summary
	if got := s.Conforms + s.Violates + s.CannotTell + s.NotApplicable + s.Accepted; got != len(r.Results) {
		t.Errorf("%d are counted, there are %d", got, len(r.Results))
	}
	if s.Conforms != 2 || s.Violates != 5 || s.CannotTell != 1 || s.NotApplicable != 1 {
		t.Errorf("the summary is %+v", s)
	}
	if s.Attempts != 9 || s.Navigations != 4 || s.Requests != 10 || s.DurationMS != 1234 {
		t.Errorf("the summary is %+v", s)
	}
	for i, c := range sample().Results {
		if r.Results[i].ID != c.Scenario.ID {
			t.Errorf("result %d is %s: not the order in which they were judged", i, r.Results[i].ID)
		}
	}
}

func TestExfiltration(t *testing.T) {
	blocked := judged("ORG-001", scenarios.Must, scenarios.Conforms, "", read(sampleEvil, false))
	granted := judged("ORG-001", scenarios.Must, scenarios.Violates, "", read(sampleEvil, true))
	doubt := judged("ORG-001", scenarios.Must, scenarios.CannotTell, "", read(sampleEvil, false))
	syntax := read(sampleEvil, false)
	syntax.Attempt.Vector = scenarios.Probe
	other := judged("PRE-001", scenarios.Must, scenarios.CannotTell, "", read(sampleEvil, false))
	for _, c := range []struct {
		name   string
		record engine.Record
		want   Exfiltration
	}{
		{"proven", of(doubt, stolen("WLD-001", sampleEvil)), Proven},
		{"proven before it broke off", faulty(engine.StageBrowser, stolen("WLD-001", sampleEvil)), Proven},
		{"blocked", of(blocked), NoneSeen},
		{"granted, but nothing private left", of(blocked, granted), NoneSeen},
		{"a doubt about a read", of(blocked, doubt), Undetermined},
		{"a doubt about something else", of(blocked, other), NoneSeen},
		{"a doubt about a WebSocket", of(blocked, judged("ALT-001", scenarios.Must, scenarios.CannotTell, "", read(sampleEvil, false))), Undetermined},
		{"a doubt about a simple write", of(blocked, judged("ALT-003", scenarios.Must, scenarios.CannotTell, "", read(sampleEvil, false))), NoneSeen},
		{"no read was attempted", of(other), Undetermined},
		{"only probes", of(judged("CRD-005", scenarios.Must, scenarios.Conforms, "", syntax)), Undetermined},
		{"nothing", of(), Undetermined},
		{"broke off", faulty(engine.StageBrowser, blocked), Undetermined},
		{"a control failed", faulty(engine.StageControls, stolen("WLD-001", sampleEvil)), Undetermined},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reportOf(c.record, Meta{}).Summary.Exfiltration; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func notApplicable(id, reason string) engine.Result {
	r := judged(id, scenarios.Must, scenarios.NotApplicable, "")
	r.Judgement.Reason = reason
	return r
}

func TestHeadline(t *testing.T) {
	blocked := judged("ORG-001", scenarios.Must, scenarios.Conforms, "", read(sampleEvil, false))
	network := stolen("WLD-003", sampleEvil)
	network.Subject.Credential = scenarios.Network
	for _, c := range []struct {
		name   string
		record engine.Record
		want   string
	}{
		{"anybody", sample(), "Any web page can read this API with a visitor's session."},
		{"some origin", of(stolen("ORG-001", "https://app.example.com.evil.test")), "A web page at https://app.example.com.evil.test can read this API with a visitor's session."},
		{"a sandboxed frame", of(stolen("ORG-001", sampleEvil), stolen("NUL-001", "null")), "Any web page can read this API with a visitor's session."},
		{"network", of(network), "Any web page can read this API from a visitor's network."},
		{"nobody", of(blocked), "No web page of another origin could read this API's private data."},
		{"nobody, but", of(blocked, judged("PRE-001", scenarios.Must, scenarios.Violates, "")), "No web page of another origin could read this API's private data, but preflights of every origin are approved."},
		{"nobody, but for two causes", of(blocked, judged("PRE-001", scenarios.Must, scenarios.Violates, ""), judged("ERR-001", scenarios.Must, scenarios.Violates, "")),
			"No web page of another origin could read this API's private data, but preflights of every origin are approved (and 1 more cause)."},
		{"nobody, but advice", of(blocked, judged("HDR-009", scenarios.Info, scenarios.Violates, "")), "No web page of another origin could read this API's private data."},
		{"nobody, but what was there before", onlyNew(of(blocked, excused(judged("PRE-001", scenarios.Must, scenarios.Violates, ""), false, engine.Unchanged))), "No web page of another origin could read this API's private data, but preflights of every origin are approved."},
		{"anybody, which is accepted", accepting(sample()), "Any web page can read this API with a visitor's session."},
		{"nobody, as far as", of(blocked, judged("PRE-001", scenarios.Must, scenarios.CannotTell, "")), "No web page of another origin could read this API's private data, but not every requirement could be judged."},
		{"unknown", of(judged("ORG-001", scenarios.Must, scenarios.CannotTell, "", read(sampleEvil, false)), judged("HDR-001", scenarios.Must, scenarios.Conforms, "")), "Could not judge whether a web page of another origin can read this API."},
		{"nothing", of(), "Could not judge: no requirement applies to this target as it was declared."},
		{"nothing for one reason", of(notApplicable("WLD-001", "This machine cannot tell: it is old."), notApplicable("WLD-002", "This machine cannot tell: it is old.")),
			"Could not judge: this machine cannot tell: it is old."},
		{"nothing for two reasons", of(notApplicable("WLD-001", "One."), notApplicable("WLD-002", "Two.")),
			"Could not judge: no requirement applies to this target as it was declared."},
		{"unreachable", faulty(engine.StageReach), "Could not judge: the target does not answer."},
		{"a control failed", faulty(engine.StageControls, stolen("WLD-001", sampleEvil)), "Could not judge: a control failed, so nothing that this browser shows can be trusted."},
		{"a stage that is new", faulty("elsewhere"), "Could not judge: the examination broke off."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reportOf(c.record, Meta{}).Headline(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFrontEnd(t *testing.T) {
	works := judged("TRU-001", scenarios.Must, scenarios.Conforms, "")
	for _, c := range []struct {
		name   string
		record engine.Record
		want   string
	}{
		{"works", of(works), "can do its work"},
		{"works where nothing is asked first", of(works, judged("PRE-007", scenarios.Must, scenarios.Violates, "", preflight(401))), "can only make requests that need no preflight: its preflights fail (PRE-007)."},
		{"works where nothing is asked first, and nobody says that anything is", of(works, judged("PRE-008", scenarios.Should, scenarios.Violates, "", preflight(404))), "its preflights fail (PRE-008)."},
		{"works, and its preflights run the handler", of(works, judged("PRE-008", scenarios.Must, scenarios.Violates, "", preflight(200))), "The trusted front end can do its work."},
		{"is hindered, preflights apart", of(works, judged("PRE-007", scenarios.Must, scenarios.Violates, ""), judged("TRU-002", scenarios.Must, scenarios.Violates, "")), "cannot do all of its work (TRU-002)"},
		{"works, and preflights are accepted", of(works, excused(judged("PRE-007", scenarios.Must, scenarios.Violates, "", preflight(401)), true, "")), "can do its work."},
		{"is hindered", of(works, judged("TRU-002", scenarios.Must, scenarios.Violates, "")), "cannot do all of its work (TRU-002)"},
		{"is hindered as before", onlyNew(of(works, excused(judged("TRU-002", scenarios.Must, scenarios.Violates, ""), false, engine.Unchanged))), "cannot do all of its work (TRU-002)."},
		{"is hindered, which is accepted", of(works, excused(judged("TRU-002", scenarios.Must, scenarios.Violates, ""), true, "")), "cannot do all of its work (TRU-002), which was accepted."},
		{"is not told of errors", of(works, judged("ERR-001", scenarios.Must, scenarios.Violates, ""), judged("ERR-001", scenarios.Must, scenarios.Violates, "")), "can do its work, but cannot read error replies (ERR-001)."},
		{"an attacker is", of(works, judged("ERR-002", scenarios.Must, scenarios.Violates, "")), "can do its work."},
		{"unknown", of(works, judged("TRU-002", scenarios.Must, scenarios.CannotTell, "")), "could not be judged"},
		{"not asked", of(judged("ORG-001", scenarios.Must, scenarios.Conforms, "")), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := reportOf(c.record, Meta{}).FrontEnd()
			if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}

func TestEveryFamilyHasATitle(t *testing.T) {
	for _, s := range scenarios.Catalogue() {
		if scenarios.FamilyTitle(s.Family()) == s.Family() {
			t.Errorf("the family %s has no title", s.Family())
		}
	}
}

func TestGroupsGoFromGraveToGood(t *testing.T) {
	var got []string
	for _, g := range reportOf(sample(), Meta{}).groups() {
		got = append(got, g.ID)
	}
	want := "WLD-001 NUL-001 PRE-003 CRD-002 HDR-003 ERR-002 ORG-001 TRU-001 WLD-003"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

// What nobody could read is named, and counted where it is more than one.
func TestWhatIsPrivate(t *testing.T) {
	private := func(endpoint string, f scenarios.Finding, c scenarios.Credential) Premise {
		return Premise{Endpoint: endpoint, Finding: f, Credential: c}
	}
	for _, c := range []struct {
		premises []Premise
		want     string
	}{
		{nil, "this API's private data"},
		{[]Premise{private("GET /open", scenarios.Open, scenarios.Cookie)}, "this API's private data"},
		{[]Premise{private("GET /me", scenarios.Private, scenarios.Cookie), private("GET /me", scenarios.Private, scenarios.Basic)}, "the private data at GET /me"},
		{[]Premise{private("GET /me", scenarios.Private, scenarios.Cookie), private("GET /notes", scenarios.Private, scenarios.Cookie)}, "the private data at any of 2 endpoints"},
		{[]Premise{private("GET /me", scenarios.PrivateByNetwork, scenarios.Network)}, "what this API gives to its network at GET /me"},
	} {
		if got := (Report{Premises: c.premises}).whatIsPrivate(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// A subject that is about requests without the header says so.
func TestSubjectWithoutAnOrigin(t *testing.T) {
	if got := (Subject{Endpoint: "GET /me", Origin: noOrigin, Credential: scenarios.Cookie}).String(); got != "GET /me without an Origin with cookie" {
		t.Error(got)
	}
}
