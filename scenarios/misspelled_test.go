package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// What is no origin to a browser is called by its name, and mended at that; a list, and
// what is an origin, are others' to tell.
func TestMisspelling(t *testing.T) {
	for _, tt := range []struct{ value, why, fix string }{
		{"https://App.Example.com", "capitals", "Write https://app.example.com:"},
		{"https://app.example.com/", "slash", "Write https://app.example.com:"},
		{"https://app.example.com/login", "path", "Write https://app.example.com:"},
		{"https://app.example.com:443", "port", "Write https://app.example.com:"},
		{"http://localhost:80", "port", "Write http://localhost:"},
		{`"https://app.example.com"`, "quotation marks", "Write https://app.example.com:"},
		{"'*'", "quotation marks", "Take the quotation marks away"},
		{"app.example.com", "lacks the scheme", `"https://app.example.com"`},
		{"localhost:3000", "lacks the scheme", "scheme"},
		{"https://*.example.com", "pattern", "no pattern is sent"},
		{"${CORS_ORIGIN}", "variable", "filled in"},
		{"$http_origin", "variable", "filled in"},
		{"{{ .Values.origin }}", "variable", "filled in"},
		{"%ORIGIN%", "variable", "filled in"},
		{"undefined", "not there", "a value"},
		{"None", "not there", "a value"},
		{"", "empty", "a value"},
		{"*", "", ""},
		{"null", "", ""},
		{"https://app.example.com", "", ""},
		{"http://[::1]:3000", "", ""},
		{"chrome-extension://abcdefghijklmnopabcdefghijklmnop", "", ""},
		{"https://app.example.com, https://b.example.com", "", ""},
		{"https://app.example.com https://b.example.com", "", ""},
	} {
		why, fix := misspelling(tt.value)
		if !strings.Contains(why, tt.why) || !strings.Contains(fix, tt.fix) || (tt.why == "") != (why == "") || (why == "") != (fix == "") {
			t.Errorf("%q: %q, %q", tt.value, why, fix)
		}
	}
}

// One slip of the pen is one cause, with what falls with it: the front end that is locked
// out, and the page that is named in its place.
func TestCauseOfAMisspelledOrigin(t *testing.T) {
	const front, evil = "https://app.example.com", "https://evil.test"
	found := func(id, origin, named string, block cors.Reason) Judged {
		return Judged{ID: id, Level: Must, Subject: Subject{Endpoint: "GET /me", Origin: origin, Credential: Cookie}, Block: block,
			Answer: reply(200, privateBody, allowOrigin(named), withCredentials), Judgement: Judgement{Verdict: Violates, Severity: Low}}
	}
	all := func(named string) []Judged {
		return []Judged{
			found("TRU-001", front, named, cors.AllowOriginMismatch),
			found("ERR-001", front, named, cors.AllowOriginMismatch),
			found("CRD-004", evil, named, cors.AllowOriginMismatch),
		}
	}
	insecure := "http://app.example.com"
	other := found("ORG-006", insecure, insecure, "")
	other.Judgement.Rule = &Rule{Kind: SameHost, Value: "app.example.com", insecure: true}
	for _, tt := range []struct {
		name     string
		findings []Judged
		id, rule string
	}{
		{"capitals", append(all("https://App.Example.com"), found("HDR-001", front, "https://App.Example.com", cors.AllowOriginMismatch)), "misspelled-origin", "capitals"},
		{"another scheme", append(all(insecure), other), "misspelled-origin", `"http://app.example.com", in the place of ` + front},
		{"www", all("https://www.app.example.com"), "misspelled-origin", "in the place of"},
	} {
		causes := Causes(tt.findings)
		if len(causes) != 1 || causes[0].ID != tt.id || !strings.Contains(causes[0].Rule, tt.rule) {
			t.Errorf("%s: %v", tt.name, told(causes))
		}
	}
	// Another front end that a fixed value names is no slip.
	if causes := Causes(all("https://admin.example.com")); causes[0].ID == "misspelled-origin" {
		t.Errorf("%v", told(causes))
	}
	// And what is granted to everybody is no slip either: each is named who asks.
	echo := found("CRD-004", evil, evil, "")
	if causes := Causes(append(all("https://App.Example.com"), found("HDR-001", front, "https://App.Example.com", cors.AllowOriginMismatch), echo)); len(causes) != 2 {
		t.Errorf("%v", told(causes))
	}
}
