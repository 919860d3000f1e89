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
	"github.com/crossexam/crossexam/scenarios"
)

//go:embed report.html.tmpl
var pageSource string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"line":    visibleLine,
	"lines":   Visible,
	"count":   plural,
	"decides": Header.decides,
}).Parse(pageSource))

// WriteHTML writes report.html: one file that needs nothing else, no script
// either. Of the screens those are shown that the report names.
func (r Report) WriteHTML(w io.Writer, screens []engine.Screen) error {
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
	Changes   []changed
	WhatStale string
	Todo      []group
	Families  []section
	Took      string
	Started   string
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
	Also      []string // other credentials with which the same left
	More      int      // other thefts that are not shown
}

type picture struct {
	Name string
	URL  template.URL
}

// A section is a family with what the page adds to it.
type section struct {
	family
	Cards []card
}

type card struct {
	group
	Mark    string
	Open    bool // not folded away: something to look at
	Tallies []count
	Entries []entry
}

type entry struct {
	Result
	Mark     string
	Evidence bool // shown: what conforms needs none, and reports have hundreds
	First    bool // unfolded
	Page     string
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
		Headline:  r.Headline(),
		Mark:      map[int]string{ExitConforms: "conforms", ExitViolates: "violates", ExitUsage: "accepted", ExitNoVerdict: "cannot-tell"}[code],
		Code:      code,
		Meaning:   r.meaning(),
		Changes:   r.changes(),
		WhatStale: whatStale,
		Thefts:    r.thefts(3),
		Pictures:  r.pictures(screens),
		Took:      (time.Duration(r.Summary.DurationMS) * time.Millisecond).Round(100 * time.Millisecond).String(),
		Started:   r.Run.Started.Format("2 January 2006, 15:04:05 MST"),
		FrontEnd:  r.FrontEnd(),
	}
	for _, n := range []struct {
		mark string
		of   int
	}{
		{"violates", r.Summary.Violates},
		{"cannot-tell", r.Summary.CannotTell},
		{"conforms", r.Summary.Conforms},
		{"not-applicable", r.Summary.NotApplicable},
		{"accepted", r.Summary.Accepted},
	} {
		if n.mark != "accepted" || n.of > 0 {
			p.Counts = append(p.Counts, count{Mark: n.mark, Word: tally(n.mark, n.of), Count: n.of})
		}
	}
	if code == ExitConforms && r.Summary.Accepted > 0 {
		p.Mark = "accepted"
	}
	if r.Fault != nil {
		p.Broke, p.Diagnosed = broke(r.Fault.Stage), r.diagnosed()
	}
	for _, g := range r.groups() {
		if mark(g.Result) == "violates" {
			p.Todo = append(p.Todo, g)
		}
	}
	pocs := r.ProofsOfConcept()
	for _, f := range r.families() {
		s := section{family: f}
		for _, g := range f.Groups {
			s.Cards = append(s.Cards, newCard(g, len(p.Families) == 0 && len(s.Cards) == 0, pocs))
		}
		p.Families = append(p.Families, s)
	}
	return p
}

// newCard shows the evidence of the first card of the page unfolded, so that a
// reader sees that there is some.
func newCard(g group, first bool, pocs []ProofOfConcept) card {
	k := card{group: g, Mark: mark(g.Result)}
	k.Open = k.Mark == "violates" || k.Mark == "cannot-tell"
	for _, c := range g.Results {
		m := mark(c)
		i := slices.IndexFunc(k.Tallies, func(t count) bool { return t.Mark == m })
		if i < 0 {
			i = len(k.Tallies)
			k.Tallies = append(k.Tallies, count{Mark: m})
		}
		k.Tallies[i].Count++
		k.Tallies[i].Word = tally(m, k.Tallies[i].Count)
		k.Entries = append(k.Entries, entry{
			Result:   c,
			Mark:     m,
			Evidence: c.Proof.Attempt != nil && (c.Verdict == scenarios.Violates || c.Verdict == scenarios.CannotTell),
			First:    first && len(k.Entries) == 0,
			Page:     pocFile(pocs, c),
		})
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
