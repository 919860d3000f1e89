package scenarios

import "testing"

func TestPageOrigins(t *testing.T) {
	for _, tt := range []struct {
		url, arbitrary, sibling string
		reach, insecure         Severity
	}{
		{"https://api.example.com", evilOrigin, "https://crossexamsibling.example.com", High, Medium},
		{"https://example.com:8443", evilOrigin, "https://crossexamsibling.example.com", High, Medium},
		{"https://me.github.io", evilOrigin, "https://crossexamsibling.me.github.io", High, Medium},
		{"http://api.example.com", "http://evil.test", "http://crossexamsibling.example.com", High, High},
		{"http://localhost:5055", evilOrigin, "", High, High},
		{"http://127.0.0.1:5055", evilOrigin, "", High, High},
		{"http://192.168.7.7", "http://evil.test", "", High, High},
	} {
		target := Target{URL: tt.url}
		if got := arbitrary(target).String(); got != tt.arbitrary {
			t.Errorf("%s: arbitrary %s", tt.url, got)
		}
		if got := reach(target, arbitrary(target)); got != tt.reach {
			t.Errorf("%s: reach %s", tt.url, got)
		}
		if got := reach(target, insecure()); got != tt.insecure {
			t.Errorf("%s: reach over http %s", tt.url, got)
		}
		s, ok := sibling(target)
		if ok != (tt.sibling != "") || ok && (s.String() != tt.sibling || reach(target, s) != Medium || !s.SameSite(target.Origin())) {
			t.Errorf("%s: sibling %s, %t", tt.url, s, ok)
		}
	}
}
