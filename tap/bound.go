package tap

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// What bounds the record, whatever a target sends: a run has hundreds of exchanges, and
// each may have all that [Limits] let through. The browser gets it; the record keeps
// what proves something.
const (
	// wholeBodies and wholeHeads are how much is kept as it came, all in all.
	wholeBodies, wholeHeads = 32 << 20, 16 << 20
	// laterBody is how much of each body is kept after that, in bytes.
	laterBody = 16 << 10
	// redirectBody is how much is kept of the body of a redirect, which no page can read.
	redirectBody = 4 << 10
	// headLines and headBytes bound the header lines of a request or a response,
	// laterLines and laterBytes those that come when there is no more room.
	headLines, laterLines = 500, 100
	headBytes, laterBytes = 64 << 10, 4 << 10
	// urlBytes bounds a URL, to which a redirect may lead.
	urlBytes = 16 << 10
	// withheldKinds bounds the list of what was withheld, to which redirects may add.
	withheldKinds = 1000
)

const (
	cutHeads = "Some requests or answers had more header lines than are kept, or longer ones: 500 of each, and 64 KB, or 100 and 4 KB where they are very many. Those that decide what a browser allows are kept before others, and what was left out is counted with each."
	cutRoom  = "The bodies of all answers together were larger than is kept: of those that came last there is the beginning, marked as truncated."
	cutKinds = "More kinds of requests were withheld than are listed."
)

// A room is what is left of the bounds of a record.
type room struct {
	bodies, heads int
	noBodies      bool // of responses
}

func newRoom() room { return room{bodies: wholeBodies, heads: wholeHeads} }

// bound gives an exchange as it is kept, which holds nothing of what is left out, and
// notes for the report.
func (r *room) bound(e cors.Exchange) (kept cors.Exchange, notes []string) {
	q := &e.Request
	if len(q.URL) > urlBytes {
		q.URL = strings.Clone(q.URL[:urlBytes])
	}
	var left int
	q.Headers, left = r.head(q.Headers)
	q.HeadersLeftOut += left
	q.Body, _ = r.body(q.Body, wholeBodies)
	if e.Response != nil {
		p := *e.Response
		e.Response = &p
		most := wholeBodies
		if p.Status >= 300 && p.Status < 400 && p.Headers.Has("Location") {
			most = redirectBody
		}
		p.Headers, p.HeadersLeftOut = r.head(p.Headers)
		left += p.HeadersLeftOut
		if r.noBodies {
			p.Body, p.Truncated = "", p.Truncated || p.Body != ""
		}
		short := false
		p.Body, short = r.body(p.Body, most)
		p.Truncated = p.Truncated || short
		if short && most == wholeBodies {
			notes = append(notes, cutRoom)
		}
	}
	if left > 0 {
		notes = append(notes, cutHeads)
	}
	return e, notes
}

func (r *room) head(h cors.Headers) (kept cors.Headers, leftOut int) {
	lines, bytes := headLines, headBytes
	if r.heads <= 0 {
		lines, bytes = laterLines, laterBytes
	}
	kept, leftOut = h.Bound(lines, bytes)
	for _, l := range kept {
		const line = 32 // what two strings take besides their text
		r.heads -= line + len(l.Name) + len(l.Value)
	}
	return slices.Clip(kept), leftOut
}

func (r *room) body(body string, most int) (kept string, short bool) {
	if r.bodies < len(body) {
		most = min(most, laterBody)
	}
	if len(body) > most {
		body, short = strings.Clone(body[:most]), true
	}
	r.bodies -= len(body)
	return body, short
}
