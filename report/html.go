package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report/internal/look"
	"github.com/crossexam/crossexam/scenarios"
)

//go:embed report.html.tmpl
var pageSource string

//go:embed report.js
var scriptSource string

// pageStyle is the style sheet, with a rule for each stack of which a snippet can be shown.
var pageStyle = func() string {
	var rules strings.Builder
	for _, s := range snippetsFor(CORSPolicy{}) {
		fmt.Fprintf(&rules, ".stacks:has(#stack-%s:checked) .snippet-%s { display: block; }\n", s.ID, s.ID)
	}
	return strings.Replace(look.Style, "/* STACKS */\n", rules.String(), 1)
}()

// pagePolicy lets nothing run and nothing style the page but what is in it from here.
var pagePolicy = look.Policy(scriptSource, pageStyle)

var pageTemplate = template.Must(look.Template("report").Funcs(template.FuncMap{
	"count":   plural,
	"opening": opening,
	"decides": Header.decides,
	"curl":    Exchange.curl,
}).Parse(pageSource))

// writeHTML writes report.html: one file that needs nothing else. Of the screens those
// are shown that the report names.
func (r Report) writeHTML(w io.Writer, screens []engine.Screen) error {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, r.page(screens)); err != nil {
		return fmt.Errorf("making the HTML report: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}

// page is what the template shows.
type page struct {
	Report
	Policy    string
	Style     template.CSS
	Script    template.JS
	Headline  string
	FrontEnd  string
	Mark      string // the mark of the whole, see [mark]
	Code      int
	Meaning   string
	Counts    []count
	Broke     string
	Diagnosed bool // see [Report.diagnosed]
	Thefts    []theft
	Pictures  []picture
	Heat      heatMap
	Causes    []pageCause // in the place of the report's
	Snippets  []Snippet
	Changes   []changed
	WhatStale string
	Sections  []section
	Took      string
	Started   string
}

// A pageCause is a cause with what the page adds to it.
type pageCause struct {
	Cause
	Mark    string
	Says    string
	Story   *sequence
	Policy  bool // see [scenarios.MendedByPolicy]
	Accepts string
	Page    string // of the proof of concept; empty for none
}

type count struct {
	Mark, Word string
	Count      int
}

// A theft is a read that was proved, as a manager needs it.
type theft struct {
	Result
	Who, With string
	Granted   []Header // by which the API allowed it
	Same      bool     // as the one before it: who, with what, and by which lines
	Also      []string // other credentials with which the same left
	More      int      // other thefts that are not shown
}

type picture struct {
	Name string
	URL  template.URL
}

// A section is the requirements that came to the same.
type section struct {
	Mark, Title string
	Cards       []card
}

type card struct {
	group
	Mark    string
	Open    bool // not folded away
	Tallies []count
	Causes  []string // IDs
	Entries []entry
}

type entry struct {
	Result
	Place    int // among the results of the report
	Mark     string
	Evidence bool // shown: what conforms needs none, and reports have hundreds
	First    bool // unfolded
}

// mark is the word for a result that also names its shape and colour.
func mark(c Result) string {
	if c.Accepted && c.Verdict == scenarios.Violates {
		return "accepted"
	}
	return string(c.Verdict)
}

// tally is the word behind a number of results.
func tally(mark string, n int) string {
	switch {
	case mark == "cannot-tell":
		return "could not be judged"
	case mark == "not-applicable" && n == 1:
		return "does not apply"
	case mark == "not-applicable":
		return "do not apply"
	case n != 1:
		return strings.TrimSuffix(mark, "s")
	}
	return mark
}

func (r Report) page(screens []engine.Screen) page {
	code := r.ExitCode()
	p := page{
		Report:    r,
		Policy:    pagePolicy,
		Style:     template.CSS(pageStyle),
		Script:    template.JS(scriptSource),
		Headline:  r.Headline(),
		Mark:      map[int]string{ExitConforms: "conforms", ExitViolates: "violates", ExitUsage: "accepted", ExitNoVerdict: "cannot-tell"}[code],
		Code:      code,
		Meaning:   r.meaning(),
		Counts:    r.tiles(),
		Changes:   r.changes(),
		WhatStale: whatStale,
		Thefts:    r.thefts(3),
		Pictures:  r.pictures(screens),
		Took:      (time.Duration(r.Summary.DurationMS) * time.Millisecond).Round(100 * time.Millisecond).String(),
		Started:   r.Run.Started.Format("2 January 2006, 15:04:05 MST"),
		FrontEnd:  r.FrontEnd(),
		Sections:  r.sections(),
	}
	if !r.distrusted() {
		p.Heat = r.heat()
	}
	if code == ExitConforms && r.Summary.Accepted > 0 {
		p.Mark = "accepted"
	}
	if r.Fault != nil {
		p.Broke, p.Diagnosed = broke(r.Fault.Stage), r.diagnosed()
	}
	pages := r.proofsOfConcept()
	policy := false
	for _, c := range r.Causes {
		one := pageCause{
			Cause: c, Says: capital(c.Rule), Policy: scenarios.MendedByPolicy(c.ID), Accepts: r.acceptances(c),
			Mark: map[bool]string{true: "accepted", false: "violates"}[c.Accepted],
		}
		if worst := r.worst(c); worst != nil && (c.Fails || c.Exfiltrated) {
			one.Story = sequenceOf(*worst)
		}
		if i := slices.IndexFunc(pages, func(p proofOfConcept) bool { return p.Cause.ID == c.ID }); i >= 0 {
			one.Page = pages[i].Name
		}
		policy = policy || one.Policy
		p.Causes = append(p.Causes, one)
	}
	if policy {
		p.Snippets = r.policySnippets()
	}
	return p
}

// tiles are the numbers of the run, each with what it means: of violations how many causes
// they have, since that is what there is to mend.
func (r Report) tiles() []count {
	must, advice := 0, 0
	for _, c := range r.Causes {
		switch {
		case c.Accepted:
		case c.Level == scenarios.Must:
			must++
		default:
			advice++
		}
	}
	one := func(n int, one, many string) string { return map[bool]string{true: one, false: many}[n == 1] }
	s := r.Summary
	all := []count{
		{"violates", one(must, "cause violates a must", "causes violate a must"), must},
		{"accepted", one(advice, "cause of advice alone", "causes of advice alone"), advice},
		{"cannot-tell", one(s.CannotTell, "result ", "results ") + tally("cannot-tell", s.CannotTell), s.CannotTell},
		{"conforms", one(s.Conforms, "result conforms", "results conform"), s.Conforms},
		{"not-applicable", tally("not-applicable", s.NotApplicable), s.NotApplicable},
	}
	if s.Accepted > 0 {
		all = append(all, count{"accepted", one(s.Accepted, "result", "results") + " accepted", s.Accepted})
	}
	return all
}

// evidenceShown is for how much of the exchanges the page has room, in bytes as
// report.json has them. The first result of each requirement keeps its own.
const evidenceShown = 1 << 20

// sections gathers the requirements by what they came to: what has to be looked at
// first.
func (r Report) sections() []section {
	all := []section{
		{Mark: "violates", Title: "Violated"}, {Mark: "cannot-tell", Title: "Could not be judged, which is not a pass"},
		{Mark: "accepted", Title: "Violated, and accepted"}, {Mark: "conforms", Title: "Conform"}, {Mark: "not-applicable", Title: "Do not apply"},
	}
	room := evidenceShown
	for i, g := range r.groups() {
		k := newCard(g, i == 0, &room)
		j := slices.IndexFunc(all, func(s section) bool { return s.Mark == k.Mark })
		all[j].Cards = append(all[j].Cards, k)
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.Cards) == 0 })
}

// newCard shows the evidence of the first card of the page unfolded, so that a
// reader sees that there is some.
func newCard(g group, first bool, room *int) card {
	k := card{group: g, Mark: mark(g.Result)}
	k.Open = first && (k.Mark == "violates" || k.Mark == "cannot-tell")
	for n, c := range g.Results {
		m := mark(c)
		i := slices.IndexFunc(k.Tallies, func(t count) bool { return t.Mark == m })
		if i < 0 {
			i = len(k.Tallies)
			k.Tallies = append(k.Tallies, count{Mark: m})
		}
		k.Tallies[i].Count++
		k.Tallies[i].Word = tally(m, k.Tallies[i].Count)
		e := entry{Result: c, Place: g.Places[n], Mark: m, First: k.Open && n == 0}
		if c.Proof.Attempt != nil && (c.Verdict == scenarios.Violates || c.Verdict == scenarios.CannotTell) {
			size := 0
			for _, x := range c.Proof.Exchanges {
				size += x.size()
			}
			e.Evidence = n == 0 || size <= *room
			if e.Evidence {
				*room -= size
			}
		}
		if c.Cause != "" && !slices.Contains(k.Causes, c.Cause) {
			k.Causes = append(k.Causes, c.Cause)
		}
		k.Entries = append(k.Entries, e)
	}
	return k
}

// thefts returns so many at most, the worst first and the same data once.
func (r Report) thefts(most int) []theft {
	var stolen []Result
	for _, c := range r.Results {
		if c.Exfiltrated && !r.distrusted() {
			stolen = append(stolen, c)
		}
	}
	slices.SortStableFunc(stolen, func(a, b Result) int { return b.harm() - a.harm() })
	var all []theft
	more := 0
	for _, c := range stolen {
		i := slices.IndexFunc(all, func(t theft) bool {
			return t.Subject.Endpoint == c.Subject.Endpoint && t.Proof.LootSHA256 == c.Proof.LootSHA256
		})
		switch t := newTheft(c); {
		case i >= 0 && t.Who == all[i].Who && t.With != all[i].With && !slices.Contains(all[i].Also, t.With):
			all[i].Also = append(all[i].Also, t.With)
		case i >= 0 || len(all) == most:
			more++
		default:
			all = append(all, t)
		}
	}
	for i := range all {
		first := all[0]
		all[i].Same = i > 0 && all[i].Who == first.Who && all[i].With == first.With && slices.Equal(all[i].Granted, first.Granted)
	}
	if len(all) > 0 {
		all[len(all)-1].More = more
	}
	return all
}

func newTheft(c Result) theft {
	t := theft{Result: c, Who: who(c), With: with(c.Subject.Credential)}
	if x := c.Proof.deciding(); x != nil && x.Response != nil {
		for _, h := range x.Response.Headers {
			if h.grants() {
				t.Granted = append(t.Granted, h)
			}
		}
	}
	return t
}

// pictures are the screens that the report names, as data: URLs.
func (r Report) pictures(screens []engine.Screen) []picture {
	var all []picture
	for _, s := range screens {
		if slices.Contains(r.Screens, s.Name) && isPNG(s.PNG) {
			all = append(all, picture{
				Name: s.Name,
				URL:  template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(s.PNG)),
			})
		}
	}
	return all
}

func isPNG(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) }
