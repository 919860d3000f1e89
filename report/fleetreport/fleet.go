package fleetreport

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// A Fleet is what is known of all targets, compared with the last run.
type Fleet struct {
	options Options
	// targets have what asks for work first.
	targets []target
	// gone are the targets that the last run had and this one has not.
	gone []Outcome
	// last is when the last run examined, and zero where there was none.
	last time.Time
}

// Options is what outcomes do not say.
type Options struct {
	Name string // of the fleet, or empty
	Tool report.Tool
	// Strict has a violated SHOULD fail a target too.
	Strict bool
	// OnlyNew has only causes fail that the last run did not have, or had as less grave.
	OnlyNew bool
}

// A target is an outcome with what the fleet makes of it.
type target struct {
	Outcome
	trend Trend
	code  int    // what the target came to
	fails int    // what it adds to the run's exit code, where OnlyNew passes over what is known
	worst *Cause // that is not accepted, or nil
}

// New gathers outcomes, and compares them with those of the last run: nil where there was
// none. Of several outcomes of one target the youngest counts, and of two that began
// together the proof.
func New(now, then []Outcome, options Options) Fleet {
	f := Fleet{options: options}
	before := map[Key]*Outcome{}
	then = latest(then)
	for i, o := range then {
		before[o.Key()] = &then[i]
		if o.Started.After(f.last) {
			f.last = o.Started
		}
	}
	seen := map[Key]bool{}
	for _, o := range latest(now) {
		seen[o.Key()] = true
		t := target{Outcome: o}
		if then != nil {
			t.trend = trendOf(before[o.Key()], o)
		}
		t.code = o.exitCode(options.Strict, false, t.trend)
		t.fails = o.exitCode(options.Strict, options.OnlyNew && then != nil, t.trend)
		if i := slices.IndexFunc(o.Causes, func(c Cause) bool { return !c.Accepted }); i >= 0 {
			t.worst = &o.Causes[i]
		}
		f.targets = append(f.targets, t)
	}
	for _, o := range then {
		if !seen[o.Key()] {
			f.gone = append(f.gone, o)
		}
	}
	slices.SortStableFunc(f.targets, func(a, b target) int {
		return cmp.Or(b.gravity()-a.gravity(), cmp.Compare(a.Title(), b.Title()), cmp.Compare(a.Target, b.Target))
	})
	return f
}

// latest has the outcome of each target that counts, in the order given; nil stays nil.
func latest(all []Outcome) []Outcome {
	at := map[Key]int{}
	var kept []Outcome
	if all != nil {
		kept = []Outcome{}
	}
	for _, o := range all {
		i, known := at[o.Key()]
		if !known {
			at[o.Key()] = len(kept)
			kept = append(kept, o)
			continue
		}
		if old := kept[i]; o.Started.After(old.Started) || o.Started.Equal(old.Started) && o.Stage == Proof {
			kept[i] = o
		}
	}
	return kept
}

// gravity orders targets: what was stolen first, then by how the target ended, then by
// its worst cause.
func (t target) gravity() int {
	n := 100 * []int{report.ExitConforms: 0, report.ExitUsage: 1, report.ExitNoVerdict: 2, report.ExitViolates: 3}[min(max(t.code, 0), 3)]
	if t.Exfiltration == report.Proven {
		n += 1000
	}
	if t.Grant == Granted {
		n += 20
	}
	if t.worst != nil {
		n += 1 + slices.Index([]scenarios.Severity{scenarios.Low, scenarios.Medium, scenarios.High}, t.worst.Severity)
		if t.worst.Level == scenarios.Must {
			n += 10
		}
	}
	return n
}

// compared reports whether there is a last run to compare with.
func (f Fleet) compared() bool { return !f.last.IsZero() }

// ExitCode is the worst of the targets', as of 'crossexam test': 1 before 3, since what was
// seen to be violated at one target stays so whatever could not be judged at another.
func (f Fleet) ExitCode() int {
	var codes []int
	for _, t := range f.targets {
		codes = append(codes, t.fails)
	}
	return worstExit(codes)
}

// Meaning says what the exit code means.
func (f Fleet) Meaning() string {
	code := f.ExitCode()
	n := 0
	for _, t := range f.targets {
		if t.fails == code {
			n++
		}
	}
	of := fmt.Sprintf("%s of %s", number(n), count(len(f.targets), "target", "targets"))
	switch code {
	case report.ExitViolates:
		if f.options.OnlyNew && f.compared() {
			return of + " " + verb(n, "violates", "violate") + " a requirement that binds and did not in the last run"
		}
		return of + " " + verb(n, "violates", "violate") + " a requirement that binds"
	case report.ExitNoVerdict:
		return of + " could not be judged, which is not a pass"
	case report.ExitUsage:
		return of + " " + verb(n, "has", "have") + " an accepted deviation that is stale, or a configuration that is not usable"
	}
	nothing := "nothing fails at " + count(len(f.targets), "target", "targets")
	if f.options.OnlyNew && f.compared() {
		return nothing + " that did not in the last run"
	}
	return nothing
}

// census counts targets.
type census struct {
	all, proofs, sweeps         int
	stolen, granted             int // proved, and by headers
	violate, unjudged, unusable int // by their exit codes
	conform                     int // proofs with exit code 0
	ungranted, public           int // sweeps with exit code 0, and those of them that grant what is public
}

func (f Fleet) census() census {
	c := census{all: len(f.targets)}
	for _, t := range f.targets {
		if t.Stage == Sweep {
			c.sweeps++
		} else {
			c.proofs++
		}
		if t.Exfiltration == report.Proven {
			c.stolen++
		}
		if t.Grant == Granted && t.worst != nil {
			c.granted++
		}
		switch {
		case t.code == report.ExitViolates:
			c.violate++
		case t.code == report.ExitNoVerdict:
			c.unjudged++
		case t.code == report.ExitUsage:
			c.unusable++
		case t.Stage == Sweep && t.Grant == Granted:
			c.public++
		case t.Stage == Sweep:
			c.ungranted++
		default:
			c.conform++
		}
	}
	return c
}

// Headline is the answer in one sentence.
func (f Fleet) Headline() string {
	c := f.census()
	of := func(n int) string { return number(n) + " of " + count(c.all, "API", "APIs") }
	switch {
	case c.all == 0:
		return "No API was examined."
	case c.stolen > 0:
		return "Web pages that nobody trusts could read private data of " + of(c.stolen) + "."
	case c.granted > 0:
		return "By their headers, " + of(c.granted) + " " + verb(c.granted, "lets", "let") + " pages in that nobody trusts; no browser has proved it yet."
	case c.violate > 0:
		return "No private data was seen to leave, but " + of(c.violate) + " " + verb(c.violate, "violates", "violate") + " a requirement that binds."
	case c.unjudged > 0:
		return "No private data was seen to leave, but " + of(c.unjudged) + " could not be judged."
	case c.proofs == 0:
		return "By its headers, none of " + count(c.all, "API", "APIs") + " gives what is private to a page that nobody trusts."
	}
	return "No web page that nobody trusts could read any of " + count(c.proofs, "API", "APIs") + "."
}

// Counts says how many targets there are and how they were examined.
func (f Fleet) Counts() string {
	c := f.census()
	text := fmt.Sprintf("%s: %s examined in the browser, %s by %s headers alone.", count(c.all, "target", "targets"),
		number(c.proofs), number(c.sweeps), verb(c.sweeps, "its", "their"))
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{c.violate, "violates a requirement that binds", "violate a requirement that binds"},
		{c.unjudged, "could not be judged", "could not be judged"},
		{c.unusable, "needs its configuration mended", "need their configurations mended"},
		{c.conform, "conforms", "conform"},
		{c.ungranted, "grants nothing by its headers", "grant nothing by their headers"},
		{c.public, "grants nothing private to anyone by its headers", "grant nothing private to anyone by their headers"},
	} {
		if p.n > 0 {
			parts = append(parts, number(p.n)+" "+verb(p.n, p.one, p.many))
		}
	}
	return strings.TrimSpace(text + " " + sentence(parts))
}

// Changes says in a sentence what has changed since the last run; it is empty where there
// was none.
func (f Fleet) Changes() string {
	if !f.compared() {
		return ""
	}
	causes := map[report.Kind]int{}
	first, settled := 0, 0
	for _, t := range f.targets {
		for _, c := range t.trend.Changes {
			causes[c.Kind]++
		}
		if t.trend.First {
			first++
		}
		if t.trend.Kind == report.KindSettled {
			settled++
		}
	}
	text := fmt.Sprintf("Since %s: %s, %s fixed, %s unchanged", f.last.UTC().Format("2 January 2006, 15:04 MST"),
		count(causes[report.KindNew], "new cause", "new causes"), number(causes[report.KindFixed]), number(causes[report.KindUnchanged]))
	for _, k := range []report.Kind{report.KindGraver, report.KindMilder, report.KindDoubtful, report.KindGone} {
		if n := causes[k]; n > 0 {
			text += ", " + number(n) + " " + k.Word()
		}
	}
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{settled, "target can be judged again", "targets can be judged again"},
		{first, "target is new in the fleet", "targets are new in the fleet"},
		{len(f.gone), "is not in it any more", "are not in it any more"},
	} {
		if p.n > 0 {
			text += "; " + count(p.n, p.one, p.many)
		}
	}
	return text + "."
}

// sentence joins parts to a sentence.
func sentence(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

// number writes a number with its thousands apart: 10,000.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count is a number with what it counts.
func count(n int, one, many string) string { return number(n) + " " + verb(n, one, many) }

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
