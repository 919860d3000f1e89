package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
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

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// Wrap breaks a text at blanks into lines of at most width characters. A word
// that is longer is broken where the line ends. An indent at the beginning stays.
func Wrap(text string, width int) []string {
	width = max(width, 1)
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	if len(indent) >= width {
		indent = ""
	}
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width {
				line += " " + word
				continue
			}
			lines, line = append(lines, line), indent
		}
		for utf8.RuneCountInString(line)+utf8.RuneCountInString(word) > width {
			room := width - utf8.RuneCountInString(line)
			runes := []rune(word)
			lines, line = append(lines, line+string(runes[:room])), indent
			word = string(runes[room:])
		}
		line += word
	}
	return append(lines, line)
}
