package report

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// stuff appends a text to every string of a record that a target or a user has a
// hand in: all plain strings, but those that the report takes for words of ours.
func stuff(v reflect.Value, with string) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[scenarios.Scenario]() || v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		if h, ok := v.Interface().(cors.Header); ok && h.Name == "Cookie" {
			return // it would make a secret of the text
		}
		for i := range v.NumField() {
			ours := slices.Contains([]string{"Record.Run", "Header.Name", "Attempt.Method", "Control.ID", "Loot.SHA256", "Screen.Name", "StoredCookie.Value", "Acceptance.ID", "SubjectPattern.Credential", "BaselineCase.ID", "Comparison.Run"}, v.Type().Name()+"."+v.Type().Field(i).Name)
			if v.Type().Field(i).IsExported() && !ours {
				stuff(v.Field(i), with)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			stuff(v.Index(i), with)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			stuff(v.Elem(), with)
		}
	case reflect.Interface:
		if err, ok := v.Interface().(error); ok && err != nil {
			v.Set(reflect.ValueOf(fmt.Errorf("%w%s", err, with)))
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.String() != "" {
			v.SetString(v.String() + with)
		}
	}
}

func TestNoSecretSurvives(t *testing.T) {
	// Secrets with whatever an encoding may change.
	const bearer, password, cookie = `tök"en/+<&>|s3cr3t\x`, `p@ss w0rd;%`, "c00kie-value=="
	const code, csrf = "set-by-the-target-1", "other-cookie-of-victim-2"
	pair := "alice:" + password
	login := `{"user":"alice","password":"l0gin-secret"}`
	meta := Meta{Secrets: []string{bearer, pair, cookie, login, "ab"}}
	forbidden := []string{
		bearer, password, pair, cookie, login, "l0gin-secret", code, csrf, sampleSession,
		url.QueryEscape(bearer), url.PathEscape(password), html.EscapeString(bearer), strings.Trim(strconv.Quote(bearer), `"`),
		base64.StdEncoding.EncodeToString([]byte(pair)), base64.RawURLEncoding.EncodeToString([]byte(password)),
	}

	record := compared(accepting(sample(), "CRD-002"))
	record.Fault = &engine.Fault{Stage: engine.StageRun, Err: fmt.Errorf("interrupted"), Advice: "again"}
	stuff(reflect.ValueOf(&record).Elem(), " "+strings.Join(forbidden, " ")+" ")
	for i := range record.Results {
		for j := range record.Results[i].Observations {
			for k := range record.Results[i].Observations[j].Exchanges {
				x := &record.Results[i].Observations[j].Exchanges[k]
				x.Request.Headers = append(x.Request.Headers,
					cors.Header{Name: "authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))},
					cors.Header{Name: "Proxy-Authorization", Value: "Bearer " + bearer},
					cors.Header{Name: "COOKIE", Value: "a=ab; csrf=" + csrf + ";" + cookie},
					cors.Header{Name: "X-Echo", Value: csrf + code})
				if x.Response != nil {
					x.Response.Headers = append(x.Response.Headers,
						cors.Header{Name: "Set-Cookie", Value: "sid=" + code + "; Path=/; HttpOnly; x=" + code},
						cors.Header{Name: "Location", Value: "https://alice:hunter22@api.example.com/"})
				}
			}
		}
	}
	r := reportOf(record, meta)
	all := rendered(t, r, record.Screens)
	recorded(t, all, record, meta)
	if len(all) < 9 {
		t.Fatalf("only %d outputs were made", len(all))
	}
	for name, text := range all {
		for _, secret := range append(forbidden, "hunter22") {
			for _, spelling := range []string{secret, html.EscapeString(secret), inJSON(secret)} {
				if i := strings.Index(text, spelling); i >= 0 {
					t.Errorf("%s has the secret %q: ...%q", name, secret, text[max(0, i-60):min(len(text), i+60)])
				}
			}
		}
		if !strings.Contains(text, "redacted") && name != "text" {
			t.Errorf("%s shows nothing that was redacted: the test proves nothing", name)
		}
	}
	if len(r.Screens) != 0 || !slices.Contains(r.Notes, leftOut) {
		t.Error("pictures of loot with a secret in it are kept")
	}
	// What is evidence and no secret stays.
	for _, keep := range []string{`"value": "session=[redacted]`, "sid=[redacted]; Path=/; HttpOnly", "Basic [redacted]", "Bearer [redacted]", "a=[redacted]; csrf=[redacted]", `"https://[redacted]@api.example.com/"`} {
		if !strings.Contains(all["report.json"], keep) {
			t.Errorf("report.json has lost %q", keep)
		}
	}
}

func TestEvidenceStays(t *testing.T) {
	record := sample()
	r := reportOf(record, Meta{Secrets: []string{sampleSession, "true", "ab", ""}})
	text := rendered(t, r, record.Screens)["report.json"]
	for _, keep := range []string{
		`"Access-Control-Allow-Credentials"`, `"value": "true"`, "Merger talks", sampleEvil, "malicious-page-cookie.png", `"name": "crossexam-0123456789ab"`,
	} {
		if !strings.Contains(text, keep) {
			t.Errorf("report.json has lost %q", keep)
		}
	}
	if len(r.Notes) != 1 {
		t.Errorf("the notes are %q", r.Notes)
	}
}

// Made up by a scenario is what an attempt sets in its headers. It is redacted
// there, and is no secret elsewhere.
func TestWhatThePageSetIsNoSecret(t *testing.T) {
	o := read(sampleEvil, true)
	own := cors.Header{Name: "Authorization", Value: "Bearer crossexam"}
	o.Attempt.Headers = cors.Headers{own}
	o.Exchanges[0].Request.Headers = append(o.Exchanges[0].Request.Headers, own)
	r := reportOf(of(judged("ERR-001", scenarios.Must, scenarios.Conforms, "https://crossexam.test read it", o)), Meta{})
	if got := r.Results[0].Reason; got != "https://crossexam.test read it" {
		t.Error(got)
	}
}

func TestHeaderRedaction(t *testing.T) {
	x := redactorOf("hunter22")
	for _, c := range []struct{ name, value, want string }{
		{"Cookie", "session=abc; theme=dark", "session=[redacted]; theme=[redacted]"},
		{"cookie", "novalue", "[redacted]"},
		{"Cookie", "a=b=c;d", "a=[redacted]; [redacted]"},
		{"Cookie", "=x", "[redacted]"},
		{"Set-Cookie", "session=abc; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=None; Partitioned", "session=[redacted]; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=None; Partitioned"},
		{"Set-Cookie", "session=abc; unknown=abc; another", "session=[redacted]; [redacted]; [redacted]"},
		{"Set-Cookie", "session=abc; path=/hunter22", "session=[redacted]; path=/[redacted]"},
		{"Set-Cookie", "", "[redacted]"},
		{"Authorization", "Basic dTpw", "Basic [redacted]"},
		{"AUTHORIZATION", "bearer abc def", "bearer [redacted]"},
		{"Authorization", "abc", "[redacted]"},
		{"Authorization", "sk-live abc", "[redacted]"},
		{"Proxy-Authorization", "Negotiate YII=", "Negotiate [redacted]"},
		{"Location", "https://u:p@h.test/x?y=hunter22", "https://[redacted]@h.test/x?y=[redacted]"},
		{"X-Other", "a hunter22 b", "a [redacted] b"},
		// An origin is no address: a user name in it is the very evidence.
		{"Origin", "https://app.example.com@evil.test", "https://app.example.com@evil.test"},
	} {
		if got := x.header(c.name, c.value, "wire"); got != c.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.name, c.value, got, c.want)
		}
	}
}

func TestURLRedaction(t *testing.T) {
	x := redactorOf()
	for in, want := range map[string]string{
		"https://u:p@h.test/a@b":  "https://[redacted]@h.test/a@b",
		"https://u:p@q@h.test/":   "https://[redacted]@h.test/",
		"https://h.test/?m=a@b.c": "https://h.test/?m=a@b.c",
		"https://h.test":          "https://h.test",
		"/relative@x":             "/relative@x",
	} {
		if got := x.url(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestPartsOfSecrets(t *testing.T) {
	for _, c := range []struct{ secret, part string }{
		{"alice:wonderland", "wonderland"},
		{"session=abcdef; Path=/", "abcdef"},
		{"s%3Aabc%2F", "s:abc/"},
		{"username=alice&password=hunt+er", "hunt er"},
		{`{"user":"alice","auth":{"pass":["looking-glass"]}}`, "looking-glass"},
	} {
		if got := redactorOf(c.secret).text("<" + c.part + ">"); got != "<[redacted]>" {
			t.Errorf("%s: %s becomes %s", c.secret, c.part, got)
		}
		if got := redactorOf(c.secret).text("alice"); got != "alice" {
			t.Errorf("%s: the name of the user is redacted", c.secret)
		}
	}
}

func TestOverlappingSecrets(t *testing.T) {
	x := redactorOf("abcdef", "defghi", "cdefg", "aaaa")
	for in, want := range map[string]string{
		"<abcdefghi>":    "<[redacted]>",
		"<abcdef>defghi": "<[redacted]>[redacted]",
		"aaaaaaa":        "[redacted]",
		"abcde":          "abcde",
	} {
		if got := x.text(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestBodies(t *testing.T) {
	const secret = "0123456789"
	x := redactorOf(secret)
	long := strings.Repeat("x", bodyLimit)
	for _, c := range []struct{ name, in, want string }{
		{"short", "abc", "abc"},
		{"capped", long + "yyy", long},
		{"capped between characters", long[:bodyLimit-1] + "é", long[:bodyLimit-1]},
		{"a secret before the cap", secret + long, target.Redacted + long[:bodyLimit-len(secret)]},
		{"a secret across the cap", long[:bodyLimit-3] + secret + long, long[:bodyLimit-3] + target.Redacted},
		{"a secret cut by the recorder", "abc " + secret[:7], "abc " + target.Redacted},
		{"too little of a secret", "abc " + secret[:2], "abc " + secret[:2]},
		{"a secret cut within its encoding", "abc 012345%3", "abc " + target.Redacted},
		{"a secret in base64, cut", "abc " + base64.StdEncoding.EncodeToString([]byte("xy0123456"))[:10], "abc eH" + target.Redacted},
	} {
		if got := x.body(c.in); got != c.want {
			t.Errorf("%s: got ...%s, want ...%s", c.name, got[max(0, len(got)-40):], c.want[max(0, len(c.want)-40):])
		}
	}
	o := read(sampleEvil, true)
	o.Exchanges[0].Response.Body, o.Loot.Excerpt, o.Exchanges[0].Request.Body = long+long, long+long, long+long
	p := reportOf(of(judged("ORG-001", scenarios.Must, scenarios.Violates, "", o)), Meta{}).Results[0].Proof
	if len(p.Exchanges[0].Response.Body) > bodyLimit || len(p.Exchanges[0].Request.Body) > bodyLimit || len(p.LootExcerpt) > bodyLimit {
		t.Error("a body is not capped")
	}
	if !p.Exchanges[0].Response.Truncated {
		t.Error("a body is capped and does not say so")
	}
}

func TestRedactingLeavesTheRecordAlone(t *testing.T) {
	record := sample()
	reportOf(record, Meta{Secrets: []string{"Merger"}})
	if !reflect.DeepEqual(record.Results[0].Observations, sample().Results[0].Observations) {
		t.Error("the record has changed")
	}
}

// Redacting takes a time that grows with what it reads, however many cookies a
// target sets; all of these begin alike.
func TestManySecrets(t *testing.T) {
	if testing.Short() {
		t.Skip("its inputs are huge")
	}
	var results []engine.Result
	for i := range 4000 {
		o := read(sampleEvil, true)
		o.Exchanges[0].Response.Body = strings.Repeat("value-number-", 200)
		o.Exchanges[0].Response.Headers = append(o.Exchanges[0].Response.Headers,
			cors.Header{Name: "Set-Cookie", Value: fmt.Sprintf("session=value-number-%d-%[1]d-%[1]d", i)})
		results = append(results, judged("ORG-001", scenarios.Must, scenarios.Violates, fmt.Sprintf("value-number-%d-%[1]d-%[1]d", 3999-i), o))
	}
	r := reportOf(of(results...), Meta{})
	for i, c := range r.Results {
		if c.Reason != target.Redacted {
			t.Fatalf("result %d: %s", i, c.Reason)
		}
	}
	if slices.Contains(r.Notes, tooMany) {
		t.Error("4,000 cookies are too many")
	}
}

// What cannot be searched is left out.
func TestTooManySecrets(t *testing.T) {
	const secret = "t0ken-of-the-operator"
	var results []engine.Result
	for i := range 60 {
		o := read(sampleEvil, true)
		for k := range 500 {
			o.Exchanges[0].Response.Headers = append(o.Exchanges[0].Response.Headers,
				cors.Header{Name: "Set-Cookie", Value: fmt.Sprintf("c=value-%d-%d", i, k)})
		}
		echo := "value-0-17"
		o.Exchanges[0].Response.Body, o.Loot.Excerpt, o.Page.Error = echo, echo, echo
		o.Exchanges[0].Request.URL += "?" + echo
		o.Exchanges[0].Response.Headers = append(o.Exchanges[0].Response.Headers, cors.Header{Name: "X-" + echo, Value: echo}, cors.Header{Name: "Vary", Value: echo})
		o.Block.Parameter = echo
		results = append(results, judged("ORG-001", scenarios.Must, scenarios.Violates, `it grants "`+echo+`" to `+secret, o))
	}
	record := of(results...)
	r := reportOf(record, Meta{Secrets: []string{secret}})
	if !slices.Contains(r.Notes, tooMany) {
		t.Errorf("the notes are silent: %q", r.Notes)
	}
	for name, text := range rendered(t, r, nil) {
		if strings.Contains(text, "value-0-17") || strings.Contains(text, secret) {
			t.Errorf("a secret is in %s", name)
		}
	}
	if got, want := r.Results[0].Reason, "it grants [redacted] to [redacted]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if p := r.Results[0].Proof; p.Attempt.URL != sampleURL+"/api/notebooks" || p.Exchanges[0].Response.Body != unsearchable {
		t.Errorf("%+v", p)
	}
}

// What was asked already is answered as it would be without that: one text is redacted in
// another way as a sentence, as what may be cut off, and where less is shown.
func TestWhatWasSeenIsRedactedAlike(t *testing.T) {
	plain := newRedactor(secrets{list: []string{"victim", "s3cr3t-0123456789"}})
	x := plain
	x.seen = map[asked]string{}
	for _, s := range []string{"the victim reads", "it ends with s3cr3t-01234", strings.Repeat("a ", valueLimit/2+5), strings.Repeat("s3cr3t-0123456789 victim ", 400)} {
		for range 2 {
			for _, how := range []string{"", "words", "body", "wire", "url", "wire-url"} {
				if got, want := x.as(how, s), plain.as(how, s); got != want {
					t.Errorf("as %q: %.60q, want %.60q", how, got, want)
				}
			}
		}
	}
	if plain.as("words", "the victim reads") == plain.as("", "the victim reads") {
		t.Error("a plain word is redacted alike everywhere, so that this shows nothing")
	}
}
