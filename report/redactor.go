package report

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/crossexam/crossexam/target"
)

// A redactor finds secrets in texts.
type redactor struct {
	automaton *automaton
	shortest  int // of the secrets, in bytes; 0 where there are none
	longest   int
	tooMany   bool // there are secrets that it does not know
	// seen are the answers to what was asked, where it is set: reports have the same
	// headers, addresses and sentences a thousand times.
	seen map[asked]string
}

// asked is what [redactor.replace] was asked; the zones of a text are always the same.
type asked struct {
	text  string
	limit int
	open  bool
	zoned bool
}

func newRedactor(s secrets) redactor {
	x := redactor{automaton: newAutomaton(), tooMany: s.tooMany}
	for _, secret := range s.list {
		x.automaton.add(secret, isWord(secret))
		if x.shortest == 0 || len(secret) < x.shortest {
			x.shortest = len(secret)
		}
		x.longest = max(x.longest, len(secret))
	}
	x.automaton.link()
	return x
}

// text returns the text with each secret replaced.
func (x redactor) text(s string) string { return x.replace(s, len(s), false, nil) }

// words is text for sentences of this project. Those repeat, in quotes, what a
// target said; the rest is ours, in which a secret that is a plain word is none:
// with the cookie "victim", "the victim's cookie" stays as it is.
func (x redactor) words(s string) string {
	s, more := x.beginning(s, valueLimit)
	zones := values(s)
	if x.tooMany {
		s = leaveOut(s, zones)
		zones = values(s)
	}
	return x.replace(s, valueLimit, more, zones)
}

// wire is text for what a target sent. It is capped, and says so.
func (x redactor) wire(s string) string {
	if x.tooMany && s != "" {
		return unsearchable
	}
	if len(s) <= valueLimit {
		return x.text(s)
	}
	s, more := x.beginning(s, valueLimit)
	return x.replace(s, valueLimit, more, nil) + " [cut]"
}

// wireURL is url for an address that a target may have made.
func (x redactor) wireURL(s string) string { return x.wire(withoutUser(s)) }

// body is wire for what may have been cut off somewhere, perhaps in the middle of
// a secret: the beginning of a secret at its very end goes too. It is capped.
func (x redactor) body(s string) string {
	if x.tooMany && s != "" {
		return unsearchable
	}
	s, _ = x.beginning(s, bodyLimit)
	return x.replace(s, bodyLimit, true, nil)
}

// beginning returns as much of a text as has to be searched where no more than limit
// bytes are shown, and whether there is more: as far as a secret can reach that
// begins before, however it is encoded. Twice, a byte takes up to 42 bytes (a
// character reference of which each character is an escape).
func (x redactor) beginning(s string, limit int) (string, bool) {
	if enough := limit + 42*x.longest + len(target.Redacted); len(s) > enough {
		return s[:enough], true
	}
	return s, false
}

// url is text without user information.
func (x redactor) url(s string) string { return x.text(withoutUser(s)) }

func withoutUser(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if ok {
		authority := rest
		if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
			authority = rest[:i]
		}
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			return scheme + "://" + target.Redacted + rest[at:]
		}
	}
	return s
}

// replace returns the first limit bytes of the text with each secret replaced, one
// that crosses the limit too. Secrets that overlap are replaced as one: doing it
// one after the other would leave the end of the second. In an open text, of which
// the end may be missing, the beginning of a secret counts too where it stands at
// the end. Where there are zones, plain words count in them only; see
// [redactor.words].
func (x redactor) replace(s string, limit int, open bool, zones []bool) string {
	if x.seen == nil {
		return x.replaced(s, limit, open, zones)
	}
	key := asked{s, limit, open, zones != nil}
	known, ok := x.seen[key]
	if !ok {
		known = x.replaced(s, limit, open, zones)
		x.seen[key] = known
	}
	return known
}

func (x redactor) replaced(s string, limit int, open bool, zones []bool) string {
	f := finding{redactor: x, text: s, open: open, zones: zones, depth: make([]int32, len(s)+1)}
	for _, at := range login.FindAllStringSubmatchIndex(s, -1) {
		f.mark(at[2], at[3])
	}
	if x.shortest > 0 {
		f.look(view{text: []byte(s)}, 2)
	}
	if !f.found {
		return cut(s, limit)
	}
	var b strings.Builder
	done, depth := 0, int32(0)
	for i := range len(s) + 1 {
		before := depth
		depth += f.depth[i]
		switch {
		case before == 0 && depth > 0:
			if i >= limit {
				return b.String() + cut(s[done:], max(0, limit-done))
			}
			b.WriteString(s[done:i] + target.Redacted)
		case before > 0 && depth == 0:
			done = i
		}
	}
	if done < limit {
		b.WriteString(cut(s[done:], limit-done))
	}
	return b.String()
}

// cut returns at most limit bytes, and no half of a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// A finding is the search of one text.
type finding struct {
	redactor
	text  string
	open  bool
	zones []bool
	depth []int32 // how many more parts to replace reach over each byte than over the one before
	found bool
}

// mark takes a part to replace, from inclusive to exclusive.
func (f *finding) mark(from, to int) {
	f.depth[from]++
	f.depth[to]--
	f.found = true
}

// look searches a view, and what it stands for in so many more encodings.
func (f *finding) look(v view, more int) {
	f.search(v)
	if more == 0 {
		return
	}
	for _, decode := range decoders {
		if inner, ok := decode(v, f.shortest); ok {
			f.look(inner, more-1)
		}
	}
}

func (f *finding) search(v view) {
	state := int32(0)
	for i, b := range v.text {
		if v.isBarrier(i) {
			f.ending(v, i, state)
			state = 0
			continue
		}
		if isEllipsis(v.text[i:]) {
			f.ending(v, i, state)
		}
		state = f.automaton.step(state, b)
		length := int(f.automaton.longest[state])
		if length == 0 {
			continue
		}
		from, to := v.start(i+1-length), v.end(i+1)
		if f.zones != nil && to-from == length && !f.zones[to-1] { // as it is, and among words
			if length = int(f.automaton.distinct[state]); length == 0 {
				continue
			}
			from = v.start(i + 1 - length)
		}
		f.mark(from, to)
	}
	f.ending(v, len(v.text), state)
}

// ending looks for the beginning of a secret before i, where something may have
// been cut off.
func (f *finding) ending(v view, i int, state int32) {
	depth := int(f.automaton.depth[state])
	if depth < minimum || depth == int(f.automaton.longest[state]) { // or all of one
		return
	}
	// The rest of an escape may stand between.
	const rest = 12
	end := v.end(i)
	for _, cut := range []int{strings.Index(f.text[end:min(end+rest+len(ellipsis), len(f.text))], ellipsis), len(f.text) - end} {
		if isEnd := end+cut == len(f.text); cut < 0 || isEnd && !f.open || v.from == nil && cut > 0 || cut > rest {
			continue
		}
		f.mark(v.start(i-depth), end+cut)
		return
	}
}

// values marks the bytes of a sentence that are values and no words: what is in
// quotes, addresses, and what is after an equals sign.
func values(s string) []bool {
	zones := make([]bool, len(s))
	for _, at := range value.FindAllStringIndex(s, -1) {
		for i := at[0]; i < at[1]; i++ {
			zones[i] = true
		}
	}
	return zones
}

// value is what [values] finds. A quote that is not closed reaches to the end.
var value = regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*(?:"|$)|` + "`[^`]*(?:`|$)" + `|[^\s"` + "`" + `]*(?:://|@|=)[^\s"` + "`" + `]*`)

// leaveOut replaces the values in a sentence.
func leaveOut(s string, zones []bool) string {
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !zones[i]:
			b.WriteByte(s[i])
		case i == 0 || !zones[i-1]:
			b.WriteString(target.Redacted)
		}
	}
	return b.String()
}

// login is user information with a password in a URL, wherever it stands. A user
// name without one is evidence: https://app.example.com@evil.test is an origin that
// scenarios try.
var login = regexp.MustCompile(`://([^\s/?#"'<>:@\\]*:[^\s/?#"'<>\\]+)@`)
