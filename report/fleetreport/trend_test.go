package fleetreport

import (
	"testing"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// of is a proof with these causes, as [Outcome.ExitCode] would have it.
func of(causes ...Cause) Outcome {
	o := about().outcome(Proof)
	o.Exfiltration, o.Started = report.NoneSeen, began
	for _, c := range causes {
		if c.Fails {
			o.ExitCode = report.ExitViolates
		}
		c.Fingerprint = o.fingerprint(c.ID)
		o.Causes = append(o.Causes, c)
	}
	return o
}

func swept(grant Grant, causes ...Cause) Outcome {
	o := of(causes...)
	o.Stage, o.Exfiltration, o.Grant, o.Report = Sweep, "", grant, ""
	return o
}

func cause(id string, level scenarios.Level, severity scenarios.Severity) Cause {
	return Cause{ID: id, Rule: "does " + id, Level: level, Severity: severity, Fails: level == scenarios.Must, Requirements: []string{id}, Fix: "Fix " + id + "."}
}

var (
	echo = cause("WLD-003", scenarios.Must, scenarios.High)
	vary = cause("HDR-002", scenarios.Should, scenarios.Low)
)

func with(c Cause, change func(*Cause)) Cause {
	change(&c)
	return c
}

func also(o Outcome, change func(*Outcome)) Outcome {
	change(&o)
	return o
}

func TestTrend(t *testing.T) {
	milder := with(echo, func(c *Cause) { c.Severity = scenarios.Medium })
	advice := with(echo, func(c *Cause) { c.Level = scenarios.Should })
	accepted := with(echo, func(c *Cause) { c.Accepted, c.Fails = true, false })
	stolen := with(echo, func(c *Cause) { c.Exfiltrated = true })
	conforming := also(of(), func(o *Outcome) { o.Conforms = []string{"WLD-003"} })
	doubting := also(of(), func(o *Outcome) { o.Doubted = []string{"WLD-003"} })
	broken := FromFault(Proof, began, Fault{Error: "lost"}, about())
	for _, c := range []struct {
		name      string
		then, now Outcome
		want      report.Kind
		changes   []report.Kind
	}{
		{"nothing in either", of(), of(), "", nil},
		{"a new cause", of(), of(echo), report.KindNew, []report.Kind{report.KindNew}},
		{"the same", of(echo), of(echo), report.KindUnchanged, []report.Kind{report.KindUnchanged}},
		{"graver", of(milder), of(echo), report.KindGraver, []report.Kind{report.KindGraver}},
		{"milder", of(echo), of(milder), report.KindMilder, []report.Kind{report.KindMilder}},
		{"it binds now", of(advice), of(echo), report.KindGraver, []report.Kind{report.KindGraver}},
		{"it binds no more", of(echo), of(advice), report.KindMilder, []report.Kind{report.KindMilder}},
		{"fixed, as was seen", of(echo), conforming, report.KindFixed, []report.Kind{report.KindFixed}},
		{"not looked for any more", of(echo), of(), report.KindGone, []report.Kind{report.KindGone}},
		{"in doubt now", of(echo), doubting, report.KindDoubtful, []report.Kind{report.KindDoubtful}},
		{"broke off", of(echo), broken, report.KindDoubtful, []report.Kind{report.KindDoubtful}},
		{"broke off, nothing before", of(), broken, report.KindDoubtful, nil},
		{"broke off twice", broken, broken, "", nil},
		{"judged again", broken, of(), report.KindSettled, nil},
		{"judged again, and violates", broken, of(echo), report.KindNew, []report.Kind{report.KindNew}},
		{"one is fixed, one stays", of(echo, vary), also(of(vary), func(o *Outcome) { o.Conforms = []string{"WLD-003"} }), report.KindMilder, []report.Kind{report.KindUnchanged, report.KindFixed}},
		{"one is fixed, another new", of(vary), also(of(echo), func(o *Outcome) { o.Conforms = []string{"HDR-002"} }), report.KindNew, []report.Kind{report.KindNew, report.KindFixed}},
		{"accepted now", of(echo), of(accepted), "", nil},
		{"accepted no more", of(accepted), of(echo), report.KindGraver, []report.Kind{report.KindGraver}},
		{"what was accepted is fixed", of(accepted), conforming, "", nil},
		{"stolen then, not granted by the sweep", of(stolen), swept(Ungranted), report.KindFixed, []report.Kind{report.KindFixed}},
		{"seen by a proof alone", of(vary), swept(Ungranted), report.KindGone, []report.Kind{report.KindGone}},
		{"stolen then, the sweep had no answer", of(stolen), swept(GrantUnknown), report.KindDoubtful, []report.Kind{report.KindDoubtful}},
		{"granted by a sweep, not any more", swept(Granted, echo), swept(Ungranted), report.KindFixed, []report.Kind{report.KindFixed}},
	} {
		got := trendOf(&c.then, c.now)
		var changes []report.Kind
		for _, change := range got.Changes {
			changes = append(changes, change.Kind)
		}
		if got.Kind != c.want || len(changes) != len(c.changes) || got.First {
			t.Errorf("%s: %q %q, want %q %q", c.name, got.Kind, changes, c.want, c.changes)
			continue
		}
		for i := range changes {
			if changes[i] != c.changes[i] {
				t.Errorf("%s: %q, want %q", c.name, changes, c.changes)
			}
		}
	}
	if got := trendOf(nil, of(echo)); !got.First || got.Kind != report.KindNew {
		t.Errorf("first seen: %+v", got)
	}
	if got := trendOf(nil, of()); !got.First || got.Kind != "" {
		t.Errorf("first seen, clean: %+v", got)
	}
}

func TestExitCode(t *testing.T) {
	stale := also(of(), func(o *Outcome) { o.ExitCode = report.ExitUsage })
	doubt := also(of(), func(o *Outcome) { o.ExitCode, o.Counts.Unjudged = report.ExitNoVerdict, 1 })
	both := also(of(echo), func(o *Outcome) { o.Counts.Unjudged = 1 })
	accepted := of(with(echo, func(c *Cause) { c.Accepted, c.Fails = true, false }), with(vary, func(c *Cause) { c.Accepted = true }))
	broken := FromFault(Proof, began, Fault{Error: "lost"}, about())
	brokenLate := also(of(echo), func(o *Outcome) { o.Fault, o.ExitCode = &Fault{}, report.ExitNoVerdict })
	graver := of(with(echo, func(c *Cause) { c.Severity = scenarios.Medium }))
	last := []Outcome{}
	for _, c := range []struct {
		name      string
		now, then []Outcome
		options   Options
		want      int
	}{
		{"no target", nil, nil, Options{}, 3},
		{"conforms", []Outcome{of()}, nil, Options{}, 0},
		{"advice", []Outcome{of(vary)}, nil, Options{}, 0},
		{"advice, strict", []Outcome{of(vary)}, nil, Options{Strict: true}, 1},
		{"violates", []Outcome{of(echo)}, nil, Options{}, 1},
		{"accepted", []Outcome{accepted}, nil, Options{Strict: true}, 0},
		{"stale", []Outcome{stale}, nil, Options{}, 2},
		{"in doubt", []Outcome{doubt}, nil, Options{}, 3},
		{"broken", []Outcome{broken}, nil, Options{}, 3},
		{"broken after a violation was seen", []Outcome{brokenLate}, nil, Options{}, 3},
		{"granted by headers", []Outcome{also(swept(Granted), func(o *Outcome) { o.ExitCode = 1 })}, nil, Options{}, 1},
		{"known", []Outcome{of(echo)}, []Outcome{of(echo)}, Options{OnlyNew: true}, 0},
		{"known, all count", []Outcome{of(echo)}, []Outcome{of(echo)}, Options{}, 1},
		{"known, and in doubt", []Outcome{both}, []Outcome{of(echo)}, Options{OnlyNew: true}, 3},
		{"graver", []Outcome{of(echo)}, []Outcome{graver}, Options{OnlyNew: true}, 1},
		{"new", []Outcome{of(echo)}, []Outcome{of()}, Options{OnlyNew: true}, 1},
		{"a target of which the last run knew nothing", []Outcome{of(echo)}, []Outcome{also(of(), func(o *Outcome) { o.Name = "other" })}, Options{OnlyNew: true}, 1},
		{"new alone, and there was no last run", []Outcome{of(echo)}, nil, Options{OnlyNew: true}, 1},
		{"new alone, and the last run was empty", []Outcome{of(echo)}, last, Options{OnlyNew: true}, 1},
		{"new advice, strict", []Outcome{of(vary)}, []Outcome{of()}, Options{OnlyNew: true, Strict: true}, 1},
		{"known advice, strict", []Outcome{of(vary)}, []Outcome{of(vary)}, Options{OnlyNew: true, Strict: true}, 0},
		{"a violation before a doubt", []Outcome{doubt, also(of(echo), func(o *Outcome) { o.Name = "b" }), also(stale, func(o *Outcome) { o.Name = "c" })}, nil, Options{}, 1},
		{"a doubt before a stale entry", []Outcome{stale, also(doubt, func(o *Outcome) { o.Name = "b" })}, nil, Options{}, 3},
	} {
		if got := New(c.now, c.then, c.options).ExitCode(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// Of several outcomes of a target one counts.
func TestLatest(t *testing.T) {
	sweep, proof := swept(Granted, echo), of()
	later := also(of(vary), func(o *Outcome) { o.Started = began.AddDate(0, 0, 1) })
	for name, c := range map[string]struct {
		in   []Outcome
		want Outcome
	}{
		"a proof before the sweep that began with it": {[]Outcome{proof, sweep}, proof},
		"in whatever order":                           {[]Outcome{sweep, proof}, proof},
		"the youngest":                                {[]Outcome{later, proof, sweep}, later},
	} {
		got := New(c.in, nil, Options{}).outcomes()
		if len(got) != 1 || got[0].Stage != c.want.Stage || got[0].Started != c.want.Started {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
