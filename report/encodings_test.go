package report

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// redactorOf looks for these secrets and their parts.
func redactorOf(list ...string) redactor {
	s := secrets{seen: map[string]bool{}}
	for _, secret := range list {
		s.add(secret)
	}
	return newRedactor(s)
}

// inJSON is a text as it stands between the quotes of a JSON string.
func inJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

func eachByte(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
}

func eachRune(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, format, r)
		}
		return b.String()
	}
}

// component is JavaScript's encodeURIComponent.
func component(s string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.QueryEscape(s))
}

// lowerHex writes the digits of percent encodings in lower case.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

func base64After(n int, e *base64.Encoding) func(string) string {
	return func(s string) string { return e.EncodeToString([]byte("\x01\x02"[:n] + s + "end")) }
}

func chain(first, second func(string) string) func(string) string {
	return func(s string) string { return second(first(s)) }
}

// encodings are the ways to write a secret that README.md and SECURITY.md promise.
var encodings = []struct {
	name   string
	encode func(string) string
}{
	{"raw", func(s string) string { return s }},
	{"query", url.QueryEscape},
	{"query, lower", chain(url.QueryEscape, lowerHex)},
	{"path", url.PathEscape},
	{"component", component},
	{"percent, every byte", eachByte("%%%02X")},
	{"percent, every byte, lower", eachByte("%%%02x")},
	{"query twice", chain(url.QueryEscape, url.QueryEscape)},
	{"component twice, lower", chain(chain(component, component), lowerHex)},
	{"percent, every byte, twice", chain(eachByte("%%%02X"), eachByte("%%%02x"))},
	{"JSON", inJSON},
	{"JSON, Go", func(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) }},
	{"JSON, ASCII", asciiJSON},
	{"JSON, PHP", func(s string) string { return strings.ReplaceAll(inJSON(s), "/", `\/`) }},
	{"JSON, every unit", func(s string) string {
		var b strings.Builder
		for _, unit := range utf16.Encode([]rune(s)) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
		return b.String()
	}},
	{"JSON in JSON", chain(inJSON, inJSON)},
	{"JSON in JSON, ASCII", chain(asciiJSON, asciiJSON)},
	{"JSON in a URL", chain(inJSON, url.QueryEscape)},
	{"URL in JSON", chain(url.QueryEscape, asciiJSON)},
	{"Go", func(s string) string { q := strconv.Quote(s); return q[1 : len(q)-1] }},
	{"Go, ASCII", func(s string) string { q := strconv.QuoteToASCII(s); return q[1 : len(q)-1] }},
	{"HTML", html.EscapeString},
	{"HTML, named", func(s string) string {
		return strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(html.EscapeString(s))
	}},
	{"HTML, decimal", eachRune("&#%d;")},
	{"HTML, hexadecimal", eachRune("&#x%X;")},
	{"HTML in HTML", chain(html.EscapeString, html.EscapeString)},
	{"hexadecimal", func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{"hexadecimal, upper", eachByte("%02X")},
	{"hexadecimal, inside", func(s string) string { return "a" + hex.EncodeToString([]byte(s)) + "b" }},
	{"base64", base64After(0, base64.StdEncoding)},
	{"base64, after 1", base64After(1, base64.StdEncoding)},
	{"base64, after 2", base64After(2, base64.StdEncoding)},
	{"base64url", base64After(0, base64.RawURLEncoding)},
	{"base64url, after 1", base64After(1, base64.RawURLEncoding)},
	{"base64url, after 2", base64After(2, base64.RawURLEncoding)},
	{"base64, alone", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64, after 1 digit", func(s string) string { return "x" + base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64, after 2 digits", func(s string) string { return "x/" + base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64, after 3 digits", func(s string) string { return "xyz" + base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64 in lines", func(s string) string {
		e := base64.StdEncoding.EncodeToString([]byte("filler" + s))
		return e[:len(e)/2] + "\r\n" + e[len(e)/2:]
	}},
	{"base64 in a URL", chain(base64After(1, base64.StdEncoding), url.QueryEscape)},
	{"base64 of JSON", chain(asciiJSON, base64After(2, base64.StdEncoding))},
	{"base64 twice", chain(base64After(1, base64.StdEncoding), base64After(2, base64.StdEncoding))},
}

// asciiJSON is JSON as Python writes it, every other character escaped.
func asciiJSON(s string) string {
	var b strings.Builder
	for _, r := range inJSON(s) {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func TestEncodings(t *testing.T) {
	for _, secret := range []string{`a/b+c d"é'&%2F~😀|x`, "???>>>~~~", "hunter2", "abc", "s:3", `back\slash`, "p@ss w0rd;%"} {
		x := redactorOf(secret)
		for _, e := range encodings {
			for _, around := range [][2]string{{"", ""}, {"before ", " after"}, {`{"a":"`, `"}`}, {"?x=", "&y=1"}, {"+", "+"}} {
				text := around[0] + e.encode(secret) + around[1]
				for how, got := range map[string]string{"text": x.text(text), "body": x.body(text), "url": x.url(text), "wire": x.wire(text), "header": x.header("X-Any", text, "wire")} {
					if !strings.Contains(got, target.Redacted) {
						t.Errorf("%s of %q, as %s: %s is kept", e.name, secret, how, got)
						continue
					}
					// What is left of it has nothing to decode any more.
					rest := strings.ReplaceAll(got, target.Redacted, "\x00")
					if again := x.text(rest); again != rest {
						t.Errorf("%s of %q, as %s: %s becomes %s", e.name, secret, how, got, again)
					}
					if !strings.HasPrefix(got, around[0]) || how != "body" && !strings.HasSuffix(got, around[1]) {
						t.Errorf("%s of %q, as %s: more than the secret is gone: %s", e.name, secret, how, got)
					}
				}
			}
		}
	}
}

// In sentences of ours a secret that is a plain word counts where a value stands.
func TestWords(t *testing.T) {
	x := redactorOf("victim", "4433", "s3cr3t-token", "a1c")
	for in, want := range map[string]string{
		"the victim's cookie":                    "the victim's cookie",
		`the target said "I know victim"`:        `the target said "I know [redacted]"`,
		`it said "\"victim\"", to the victim`:    `it said "\"[redacted]\"", to the victim`,
		"it said `victim`, to the victim":        "it said `[redacted]`, to the victim",
		"https://victim.test/ is the victim's":   "https://[redacted].test/ is the victim's",
		"with session=victim":                    "with session=[redacted]",
		"%76ictim and dmljdGlt":                  "[redacted] and [redacted]",
		"port 4433 of s3cr3t-token":              "port 4433 of [redacted]",
		"a header of a1c bytes":                  "a header of a1c bytes",
		`cut "s3cr3t-t…" off`:                    `cut "[redacted]…" off`,
		"see https://alice:hunter2@h.test/x":     "see https://[redacted]@h.test/x",
		"https://app.example.com@evil.test read": "https://app.example.com@evil.test read",
		`"not closed victim`:                     `"not closed [redacted]`,
	} {
		if got := x.words(in); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
	}
	// What a target sends is searched for all of them.
	if got := x.wire("the victim's 4433"); got != "the [redacted]'s [redacted]" {
		t.Error(got)
	}
}

// Sentences quote a target without tags, blanks and backquotes: a secret with such in it is
// found as it stands there.
func TestSecretsAsTheyAreQuoted(t *testing.T) {
	for _, secret := range []string{"p@ss<7>w0rd", "a  long pass", "tick`ed-s3cret", " <i>s3cret-word "} {
		x := redactorOf(secret)
		for _, said := range []string{secret, inJSON(secret)} {
			quoted := scenarios.Quotable("no: " + said + " is wrong")
			if got := x.words("401 (`" + quoted + "`)"); !strings.HasPrefix(got, "401 (`no: ["+"redacted]") || !strings.HasSuffix(got, "is wrong`)") {
				t.Errorf("%q, quoted as %q, becomes %q", secret, quoted, got)
			}
		}
	}
}

// What a report says of a victim whose cookie is the word "victim".
func TestOurSentencesStay(t *testing.T) {
	const reason = "https://evil.test read the reply with the victim's cookie"
	o := read(sampleEvil, true)
	o.Exchanges[0].Response.Body = "hello victim"
	r := reportOf(of(judged("ORG-001", scenarios.Must, scenarios.Violates, reason, o)), Meta{Secrets: []string{"victim"}})
	if got := r.Results[0].Reason; got != reason {
		t.Error(got)
	}
	if got := r.Results[0].Proof.Exchanges[0].Response.Body; got != "hello [redacted]" {
		t.Error(got)
	}
}

// A place is a string of a record.
type place struct {
	name string
	set  func(string)
}

// places are the strings of a record that a target or a user has a hand in.
func places(v reflect.Value, name string) []place {
	var list []place
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[scenarios.Scenario]() {
			return nil
		}
		if h, ok := v.Interface().(cors.Header); ok && h.Name == "Cookie" {
			return nil // it would make a secret of the text
		}
		for i := range v.NumField() {
			field := v.Type().Name() + "." + v.Type().Field(i).Name
			if v.Type().Field(i).IsExported() && !slices.Contains(ours, field) {
				list = append(list, places(v.Field(i), field)...)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				list = append(list, places(v.Index(i), name)...)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			list = places(v.Elem(), name)
		}
	case reflect.Interface:
		if err, ok := v.Interface().(error); ok && err != nil {
			list = []place{{name, func(s string) { v.Set(reflect.ValueOf(fmt.Errorf("%w%s", err, s))) }}}
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.String() != "" {
			list = []place{{name, func(s string) { v.SetString(v.String() + s) }}}
		}
	}
	return list
}

// ours are the strings that a report takes for words of this project's, and those
// that make a secret of what is put there.
var ours = []string{"Record.Run", "Header.Name", "Attempt.Method", "Control.ID", "Loot.SHA256", "Screen.Name", "StoredCookie.Value", "Acceptance.ID", "SubjectPattern.Credential", "BaselineCase.ID", "Comparison.Run"}

// A secret in any of the encodings, at any place of any field, is in none of the
// outputs.
func FuzzRedact(f *testing.F) {
	count := func() int {
		record := compared(accepting(sample(), "CRD-002"))
		return len(places(reflect.ValueOf(&record).Elem(), ""))
	}()
	for i := range max(count, len(encodings)) {
		f.Add([]string{"hunter22", `a"b/c+d é`, "ab&"}[i%3], "before ", " after", uint16(i), uint16(i))
	}
	f.Add("aaaa", "aa", "aaa", uint16(0), uint16(3))
	f.Add("é\x00\u0080", "0", "0", uint16(109), uint16(25))
	f.Add("é\xff\x00\x1b", "\n", "%", uint16(0), uint16(9))
	f.Add("a[redacted]b", `\`, "b", uint16(15), uint16(20))
	plain := compared(accepting(sample(), "CRD-002"))
	before := rendered(f, reportOf(plain, Meta{}), plain.Screens)
	f.Fuzz(func(t *testing.T, secret, left, right string, encoding, at uint16) {
		e := encodings[int(encoding)%len(encodings)]
		if len(secret) < minimum || len(secret) > 1000 || isProtocol(secret) || strings.Contains(target.Redacted, secret) || len(left)+len(right) > 1000 ||
			!utf8.ValidString(secret) {
			t.Skip()
		}
		encoded := e.encode(secret)
		text := left + encoded + right
		if encoded == secret && isWord(secret) {
			text = `"` + secret + `"` // elsewhere it is a word of ours
		}
		record := compared(accepting(sample(), "CRD-002"))
		all := places(reflect.ValueOf(&record).Elem(), "")
		to := all[int(at)%len(all)]
		to.set(" " + text)
		r := reportOf(record, Meta{Secrets: []string{secret}})
		outputs := rendered(t, r, nil)
		outputs["junit.xml"] = Redactor(record, []string{secret})(record.Results[0].Judgement.Reason)
		for name, out := range outputs {
			for _, spelling := range []string{encoded, html.EscapeString(encoded), inJSON(encoded), Visible(encoded), url.PathEscape(encoded)} {
				if strings.Contains(before[name], spelling) || strings.Contains(target.Redacted, spelling) {
					continue
				}
				for piece := range strings.SplitSeq(out, target.Redacted) {
					if strings.Contains(piece, spelling) {
						t.Fatalf("%s of %q in %s survives in %s as %q", e.name, secret, to.name, name, spelling)
					}
				}
			}
		}
	})
}

// FuzzHeader: where a header carries a credential, nothing of its value stays,
// however short, but an attribute that happens to be written the same.
func FuzzHeader(f *testing.F) {
	f.Add("hunter22")
	f.Add("a;b=c")
	f.Fuzz(func(t *testing.T, secret string) {
		if len(secret) < minimum || isProtocol(secret) || strings.Contains(target.Redacted, secret) {
			t.Skip()
		}
		for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"} {
			value := "name=" + secret
			if got := redactorOf(secret).header(name, value, "wire"); strings.Contains(strings.ReplaceAll(got, target.Redacted, ""), secret) && !strings.Contains("name=", secret) {
				t.Fatalf("%s: %q becomes %q", name, value, got)
			}
		}
	})
}

// Without any of the decoders a secret stays that is written in one of the
// encodings: the table above would find it missing.
func TestEveryDecoderCounts(t *testing.T) {
	all := decoders
	defer func() { decoders = all }()
	const secret = `a/b+c d"é&`
	x := redactorOf(secret)
	for i := range all {
		decoders = slices.Delete(slices.Clone(all), i, i+1)
		if !slices.ContainsFunc(encodings, func(e struct {
			name   string
			encode func(string) string
		}) bool {
			return !strings.Contains(x.text("."+e.encode(secret)+"."), target.Redacted)
		}) {
			t.Errorf("decoder %d is not needed for any encoding", i)
		}
	}
}
