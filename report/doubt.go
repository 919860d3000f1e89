package report

import (
	"cmp"
	"slices"

	"github.com/crossexam/crossexam/scenarios"
)

// A doubt is why results could not be judged, and which they are.
type doubt struct {
	Reason       string
	WouldTell    string
	Requirements []string
	Results      int
	Fails        bool // one of them fails the run
}

// doubts are those of the report, what fails the run first.
func (r Report) doubts() []doubt {
	var all []doubt
	for _, c := range r.Results {
		if c.Verdict != scenarios.CannotTell {
			continue
		}
		i := slices.IndexFunc(all, func(d doubt) bool { return d.Reason == c.Reason })
		if i < 0 {
			i = len(all)
			all = append(all, doubt{Reason: c.Reason, WouldTell: c.WouldTell})
		}
		d := &all[i]
		d.Results++
		d.Fails = d.Fails || c.Fails
		if !slices.Contains(d.Requirements, c.ID) {
			d.Requirements = append(d.Requirements, c.ID)
		}
	}
	slices.SortStableFunc(all, func(a, b doubt) int {
		if a.Fails != b.Fails {
			return map[bool]int{true: -1, false: 1}[a.Fails]
		}
		return cmp.Compare(b.Results, a.Results)
	})
	return all
}

// about names the requirements, and how many results there are.
func (d doubt) about() string {
	text := few(d.Requirements, 6)
	if d.Fails {
		return text + " (" + plural(d.Results, "result", "results") + ", which fails the run)"
	}
	return text + " (" + plural(d.Results, "result", "results") + ", advice)"
}
