package report

import (
	"slices"
	"strings"
)

// dataLeftOut stands where the victim's data was.
const dataLeftOut = "[the victim's data is left out]"

// WithoutData is the report without what the victim alone may read, for a reader that
// must not get it: bodies, loot and witnesses are left out, and of header lines those
// that do not bear on what the browser allows. How much was stolen stays, and its hash.
// The report itself is not changed.
func (r Report) WithoutData() Report {
	r.Premises = slices.Clone(r.Premises)
	for i := range r.Premises {
		r.Premises[i].leaveOutData()
	}
	r.Results = slices.Clone(r.Results)
	for i := range r.Results {
		r.Results[i].Proof = r.Results[i].Proof.withoutData()
	}
	return r
}

// leaveOutData takes the witness out, of the sentence too.
func (p *Premise) leaveOutData() {
	if p.Witness == "" {
		return
	}
	before, after, found := strings.Cut(p.Sentence, p.Witness)
	if !found { // redaction made two texts of it
		before, _, _ = strings.Cut(p.Sentence, "`")
		after = ""
	}
	p.Sentence, p.Witness = before+dataLeftOut+after, dataLeftOut
}

func (p Proof) withoutData() Proof {
	if p.LootExcerpt != "" {
		p.LootExcerpt = dataLeftOut
	}
	p.Exchanges = slices.Clone(p.Exchanges)
	for i := range p.Exchanges {
		x := &p.Exchanges[i]
		x.Request.Headers, x.Request.HeadersLeftOut = onlyDeciding(x.Request.Headers, x.Request.HeadersLeftOut)
		x.Request.Body = withoutBody(x.Request.Body)
		if x.Response == nil {
			continue
		}
		answer := *x.Response
		answer.Headers, answer.HeadersLeftOut = onlyDeciding(answer.Headers, answer.HeadersLeftOut)
		answer.Body = withoutBody(answer.Body)
		x.Response = &answer
	}
	return p
}

func onlyDeciding(lines []Header, leftOut int) ([]Header, int) {
	kept := append([]Header{}, deciding(lines)...)
	return kept, leftOut + len(lines) - len(kept)
}

func withoutBody(body string) string {
	if body == "" {
		return ""
	}
	return dataLeftOut
}
