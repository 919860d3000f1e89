package report

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/crossexam/crossexam/engine"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// bodyLimit caps the bodies and loot in a report, in bytes. What they prove is in
// their beginning and in the hash of the loot.
const bodyLimit = 2 << 10

// leftOut is the note where pictures had to go.
const leftOut = "The pictures were left out: what was stolen contains a secret of the victim, which cannot be redacted in a picture."

// redact takes the secrets out of the report, and caps bodies.
func (r *Report) redact(record engine.Record, secrets []string) {
	x := newRedactor(append(slices.Clone(secrets), found(record)...))
	x.value(reflect.ValueOf(r).Elem(), "")
	for _, s := range record.Screens {
		r.Screens = append(r.Screens, x.text(s.Name))
	}
	if x.inLoot(record) {
		r.Screens = []string{}
		if len(record.Screens) > 0 {
			r.Notes = append(r.Notes, leftOut)
		}
	}
}

// Redactor gives a function that replaces the secrets, and those that the record
// shows, in a text as [New] does in a report.
func Redactor(record engine.Record, secrets []string) func(string) string {
	return newRedactor(append(slices.Clone(secrets), found(record)...)).text
}

// inLoot tells whether what arrived at the collector contains a secret: the
// malicious page shows it, and so does a picture of the page.
func (x redactor) inLoot(record engine.Record) bool {
	for _, c := range record.Results {
		for _, o := range c.Observations {
			if o.Loot != nil && x.body(o.Loot.Excerpt) != cut(o.Loot.Excerpt, bodyLimit) {
				return true
			}
		}
	}
	return false
}

// value redacts whatever can be reached from v, so that a field that is added to
// the report is searched without anybody thinking of it. The tag of a field says
// how: "-" not at all, "url" and "body" as [redactor.url] and [redactor.body].
func (x redactor) value(v reflect.Value, how string) {
	switch v.Kind() {
	case reflect.String:
		switch how {
		case "url":
			v.SetString(x.url(v.String()))
		case "body":
			v.SetString(x.body(v.String()))
		default:
			v.SetString(x.text(v.String()))
		}
	case reflect.Struct:
		if h, ok := v.Addr().Interface().(*Header); ok {
			h.Value = x.header(h.Name, h.Value)
			h.Name = x.text(h.Name)
			return
		}
		for i := range v.NumField() {
			if tag := v.Type().Field(i).Tag.Get("redact"); tag != "-" {
				x.value(v.Field(i), tag)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			x.value(v.Index(i), how)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			x.value(v.Elem(), how)
		}
	case reflect.Bool, reflect.Int, reflect.Int64:
	default:
		panic(fmt.Sprintf("report: a field of kind %s cannot be searched for secrets", v.Kind()))
	}
}

// A redactor finds secrets in texts. It keeps the spellings of the secrets by
// their first bytes: a target may set a new cookie with every answer, and looking
// for hundreds one after the other would take minutes.
type redactor struct {
	spellings map[[minimum]byte][]string
	longest   int
}

func newRedactor(secrets []string) redactor {
	x := redactor{spellings: map[[minimum]byte][]string{}}
	for _, s := range spellings(secrets) {
		key := [minimum]byte([]byte(s))
		x.spellings[key] = append(x.spellings[key], s)
		x.longest = max(x.longest, len(s))
	}
	return x
}

// text gives the text with each secret replaced.
func (x redactor) text(s string) string { return x.replace(s, len(s), false) }

// body is text for what may have been cut off somewhere, perhaps in the middle of
// a secret: the beginning of a secret at its very end goes too. It is capped.
func (x redactor) body(s string) string {
	// What is after the cap is searched as far as a secret can reach that begins
	// before it.
	whole := len(s) <= bodyLimit+x.longest
	if !whole {
		s = s[:bodyLimit+x.longest]
	}
	return x.replace(s, bodyLimit, whole)
}

// url is text without user information.
func (x redactor) url(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if ok {
		authority := rest
		if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
			authority = rest[:i]
		}
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			s = scheme + "://" + redacted + rest[at:]
		}
	}
	return x.text(s)
}

// replace gives the first limit bytes of the text with each secret replaced, one
// that crosses the limit too. Secrets that overlap are replaced as one: doing it
// one after the other would leave the end of the second.
func (x redactor) replace(s string, limit int, open bool) string {
	var b strings.Builder
	done := 0
	for _, at := range x.find(s, open) {
		if at.from >= limit {
			break
		}
		b.WriteString(s[done:at.from])
		b.WriteString(redacted)
		done = at.to
	}
	if done < limit {
		b.WriteString(cut(s[done:], limit-done))
	}
	return b.String()
}

// cut gives at most limit bytes, and no half of a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// A span is a part of a text, from inclusive to exclusive.
type span struct{ from, to int }

// find gives the parts to replace, in order and apart from each other. In an open
// text, of which the end may be missing, the beginning of a secret counts too
// where it stands at the end.
func (x redactor) find(s string, open bool) []span {
	var spans []span
	for i := 0; i+minimum <= len(s); i++ {
		rest := s[i:]
		end := 0
		for _, p := range x.spellings[[minimum]byte([]byte(rest[:minimum]))] {
			switch {
			case strings.HasPrefix(rest, p):
				end = max(end, i+len(p))
			case open && strings.HasPrefix(p, rest):
				end = len(s)
			}
		}
		switch n := len(spans); {
		case end == 0:
		case n > 0 && i < spans[n-1].to:
			spans[n-1].to = max(spans[n-1].to, end)
		default:
			spans = append(spans, span{i, end})
		}
	}
	return spans
}

// header redacts the value of a header line. Of those that carry a credential
// only what is no secret is kept: the names of cookies, the attributes of a
// Set-Cookie, the scheme of an Authorization.
func (x redactor) header(name, value string) string {
	// First as a text: a secret with a semicolon in it would come apart below.
	value = x.text(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "cookie":
		pairs := strings.Split(value, ";")
		for i, p := range pairs {
			pairs[i] = cookiePair(p)
		}
		return strings.Join(pairs, "; ")
	case "set-cookie":
		return setCookie(value)
	case "authorization", "proxy-authorization":
		scheme, _, ok := strings.Cut(strings.TrimSpace(value), " ")
		if ok && slices.Contains([]string{"basic", "bearer", "digest", "negotiate", "ntlm"}, strings.ToLower(scheme)) {
			return scheme + " " + redacted
		}
		return redacted
	case "location", "content-location", "referer":
		return x.url(value)
	}
	return value
}

// cookiePair keeps the name of a cookie. What has none is a value.
func cookiePair(s string) string {
	name, _, ok := strings.Cut(strings.TrimSpace(s), "=")
	if !ok || name == "" {
		return redacted
	}
	return name + "=" + redacted
}

func setCookie(line string) string {
	parts := strings.Split(line, ";")
	parts[0] = cookiePair(parts[0])
	for i, p := range parts[1:] {
		name, value, ok := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path", "domain", "expires", "max-age", "samesite", "priority":
			parts[i+1] = strings.TrimSpace(name)
			if ok {
				parts[i+1] += "=" + value
			}
		case "secure", "httponly", "partitioned":
			parts[i+1] = strings.TrimSpace(name)
		default:
			parts[i+1] = redacted
		}
	}
	return strings.Join(parts, "; ")
}
