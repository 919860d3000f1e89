package report

import (
	"fmt"
	"strings"
)

// word has the sentences of the project name what can be configured in the words of a
// front end.
func (r *Report) word(in func(string) string) {
	for i := range r.Notes {
		r.Notes[i] = in(r.Notes[i])
	}
	for i := range r.Diagnoses {
		r.Diagnoses[i].Advice = in(r.Diagnoses[i].Advice)
	}
	for i := range r.Controls {
		r.Controls[i].Detail = in(r.Controls[i].Detail)
	}
	for i := range r.Results {
		c := &r.Results[i]
		c.Reason, c.Fix, c.WouldTell = in(c.Reason), in(c.Fix), in(c.WouldTell)
		for j := range c.Proof.Exchanges {
			c.Proof.Exchanges[j].Fault = in(c.Proof.Exchanges[j].Fault)
		}
	}
	for i := range r.Causes {
		r.Causes[i].Worst.Reason = in(r.Causes[i].Worst.Reason)
	}
	if f := r.Fault; f != nil {
		f.Error, f.Advice = in(f.Error), in(f.Advice)
	}
}

// few are the first items of a list, and how many more there are. One more is named too,
// which takes no more room.
func few(items []string, most int) string {
	if n := len(items) - most; n > 1 {
		return strings.Join(items[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(items, ", ")
}

// opening begins a sentence: its first word is capital, unless it is an origin, a header
// or another name that is written as it is.
func opening(sentence string) string {
	word, _, _ := strings.Cut(sentence, " ")
	if word == "" || strings.ContainsAny(word, ":/.-_`") || word == "null" {
		return sentence
	}
	return capital(sentence)
}
