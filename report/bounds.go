package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// What bounds a report, whatever a target sends: without, a target that sets 10,000
// cookies or sends 20,000 header lines makes one of hundreds of megabytes.
const (
	// bodyLimit caps the bodies and loot in a report, in bytes. What they prove is in
	// their beginning and in the hash of the loot.
	bodyLimit = 2 << 10
	// valueLimit caps other texts of which a target decides the length, in bytes: the
	// values of headers, addresses, reasons.
	valueLimit = 2 << 10
	// headerLines caps the lines of a request or a response.
	headerLines = 100
	// exchangeLimit caps the exchanges of a proof: a redirect may lead to another for
	// 20 times, and each may have a preflight. The first and the last are kept.
	exchangeLimit = 20
	// listLimit caps lists that grow with what a target does.
	listLimit = 500
	// evidenceLimit caps the exchanges of all results, in bytes as report.json has
	// them. With a recording's [recordedBytes], twice, it makes a report of 20 MB.
	evidenceLimit = 5 << 20
	// shortLimit caps what is left of the exchanges for which there is no room, in
	// bytes as well.
	shortLimit = 2 << 20
	// tooLong is what stands for a text that is too long for such an exchange.
	tooLong = "[left out: it is long]"
)

// newHeaders keeps the first lines, and all that bear on the judgement before
// others. It says how many it left out.
func newHeaders(h cors.Headers) (list []Header, leftOut int) {
	list = []Header{}
	deciding := 0
	for _, l := range h {
		if (Header{Name: l.Name}).decides() {
			deciding++
		}
	}
	deciding = min(deciding, headerLines)
	room := headerLines - deciding
	for _, l := range h {
		line := Header{Name: l.Name, Value: l.Value}
		left := &room
		if line.decides() {
			left = &deciding
		}
		if *left <= 0 {
			leftOut++
			continue
		}
		*left--
		list = append(list, line)
	}
	return list, leftOut
}

// wireHeaders are a report's header lines as they crossed the wire.
func wireHeaders(list []Header) cors.Headers {
	var lines cors.Headers
	for _, h := range list {
		lines = append(lines, cors.Header{Name: h.Name, Value: h.Value})
	}
	return lines
}

// newExchanges keeps the first and the last exchanges of an observation, and says
// how many it left out.
func newExchanges(all []cors.Exchange) (list []Exchange, leftOut int) {
	list = []Exchange{}
	for i, x := range all {
		if i < exchangeLimit/2 || i >= len(all)-exchangeLimit/2 {
			list = append(list, newExchange(x))
		}
	}
	return list, len(all) - len(list)
}

// bound shortens the report where it would become too large, and says so in its
// notes.
func (r *Report) bound() {
	r.boundEvidence()
	lines, exchanges := 0, 0
	for _, c := range r.Results {
		exchanges += c.Proof.ExchangesLeftOut
		for _, x := range c.Proof.Exchanges {
			lines += x.Request.HeadersLeftOut
			if x.Response != nil {
				lines += x.Response.HeadersLeftOut
			}
		}
	}
	if exchanges > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("Results had %s more than are here: each has at most %d, and all together a limited size.", plural(exchanges, "exchange", "exchanges"), exchangeLimit))
	}
	if lines > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("Exchanges had %s more than are here: a request or response has at most %d.", plural(lines, "header line", "header lines"), headerLines))
	}
	r.Cookies = first(r, r.Cookies, "cookies")
	r.Withheld = first(r, r.Withheld, "kinds of withheld requests")
}

// boundEvidence shortens the evidence of results for which there is no room; what has to
// be looked at keeps its own.
func (r *Report) boundEvidence() {
	order := make([]*Result, len(r.Results))
	for i := range r.Results {
		order[i] = &r.Results[i]
	}
	slices.SortStableFunc(order, func(a, b *Result) int { return cmp.Compare(weight(*a), weight(*b)) })
	room, little := evidenceLimit, shortLimit
	shortened, results := 0, 0
	for _, c := range order {
		n := c.Proof.bound(&room, &little)
		if shortened += n; n > 0 {
			results++
		}
	}
	if shortened > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("Of %s, of %s, only the request line, the status and the first headers that decide are here, or nothing: all exchanges together are limited to %d MB. Those of violations are shortened last.",
			plural(shortened, "exchange", "exchanges"), plural(results, "result", "results"), (evidenceLimit+shortLimit)>>20))
	}
}

// bound takes from room what the proof is as large as, in bytes, and counts the exchanges
// that it shortens where there is none: they take from little, or are left out.
func (p *Proof) bound(room, little *int) (shortened int) {
	if size := p.size(); size <= *room {
		*room -= size
	} else {
		p.shorten()
	}
	kept := []Exchange{}
	for _, x := range p.Exchanges {
		if size := x.size(); size <= *room {
			*room -= size
			kept = append(kept, x)
			continue
		}
		shortened++
		x.shorten()
		if size := x.size(); size <= *little {
			*little -= size
			kept = append(kept, x)
			continue
		}
		p.ExchangesLeftOut++
	}
	p.Exchanges = kept
	return shortened
}

// first returns the beginning of a list that may be long.
func first[T any](r *Report, list []T, what string) []T {
	if len(list) <= listLimit {
		return list
	}
	r.Notes = append(r.Notes, fmt.Sprintf("Of %d %s the first %d are here.", len(list), what, listLimit))
	return list[:listLimit]
}

// weight sorts results by how much their evidence is needed.
func weight(c Result) int {
	switch {
	case c.Verdict == scenarios.Violates && !c.Accepted:
		return 0
	case c.Verdict == scenarios.CannotTell:
		return 1
	case c.Verdict == scenarios.Violates:
		return 2
	}
	return 3
}

// size is about what the exchange takes in report.json, in bytes, with what is
// still to be cut.
func (x Exchange) size() int {
	size := 400 + takes(x.Request.URL, valueLimit) + takes(x.Request.Body, bodyLimit) + takes(x.Fault, valueLimit)
	lines := x.Request.Headers
	if x.Response != nil {
		size += 200 + takes(x.Response.Body, bodyLimit)
		lines = slices.Concat(lines, x.Response.Headers)
	}
	for _, h := range lines {
		size += 100 + takes(h.Name, valueLimit) + takes(h.Value, valueLimit)
	}
	return size
}

// size is that of the texts of the proof itself of which a target decides the
// length.
func (p Proof) size() int {
	return takes(p.LootExcerpt, bodyLimit) + takes(p.PageError, valueLimit) + takes(p.BlockParameter, valueLimit)
}

// shorten leaves out what is long.
func (p *Proof) shorten() {
	p.LootExcerpt, p.PageError, p.BlockParameter = short(p.LootExcerpt), short(p.PageError), short(p.BlockParameter)
}

func short(s string) string {
	if len(s) > 200 {
		return tooLong
	}
	return s
}

// takes is about how long a text is in a file that escapes it, in bytes.
func takes(s string, limit int) int {
	s = s[:min(len(s), limit)]
	special := 0
	for _, b := range []byte(s) {
		if b < ' ' || b >= 0x7f || strings.IndexByte(`"\&<>'`, b) >= 0 {
			special++
		}
	}
	return len(s) + 5*special
}

// shorten leaves what the judgement is about.
func (x *Exchange) shorten() {
	const lines = 20
	first := func(list []Header) ([]Header, int) {
		kept := append([]Header{}, deciding(list)...)
		kept = kept[:min(len(kept), lines)]
		for i := range kept {
			kept[i].Value = short(kept[i].Value)
		}
		return kept, len(list) - len(kept)
	}
	var leftOut int
	x.Fault, x.Request.URL = short(x.Fault), short(x.Request.URL)
	x.Request.Headers, leftOut = first(x.Request.Headers)
	x.Request.HeadersLeftOut += leftOut
	x.Request.Body = ""
	if x.Response != nil {
		x.Response.Headers, leftOut = first(x.Response.Headers)
		x.Response.HeadersLeftOut += leftOut
		x.Response.Truncated = x.Response.Truncated || x.Response.Body != ""
		x.Response.Body = ""
	}
}
