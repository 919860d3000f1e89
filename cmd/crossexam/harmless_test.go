package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/crossexam/crossexam/fixtures/hostile"
)

// harmless holds an output to what is promised for all of them: no byte that a
// terminal obeys, no character that a reader does not see, no markup of a target's
// where a browser would obey it, and a file that its readers can read. name is below
// the report's folder.
func harmless(t *testing.T, name, content string) {
	t.Helper()
	if path.Ext(name) == ".png" {
		return
	}
	if !utf8.ValidString(content) {
		t.Errorf("%s is not UTF-8", name)
	}
	for i, r := range content {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
			t.Errorf("%s has %q: %q", name, r, content[max(0, i-60):min(len(content), i+20)])
			break
		}
	}
	switch path.Ext(name) {
	case ".html":
		page(t, name, content)
	case ".md":
		// In code nothing is markup.
		text := regexp.MustCompile("(?s)```.*?\n```|`[^`\n]*`").ReplaceAllString(content, "")
		for _, tag := range []string{"<img", "<script", "<details open", "<svg", "](javascript:", "![b]"} {
			if i := strings.Index(text, tag); i >= 0 {
				t.Errorf("%s has %s: %q", name, tag, text[max(0, i-60):min(len(text), i+60)])
			}
		}
	case ".json", ".sarif":
		if !json.Valid([]byte(content)) {
			t.Errorf("%s is no JSON", name)
		}
	case ".xml":
		for d := xml.NewDecoder(strings.NewReader(content)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s is no XML: %v", name, err)
				break
			}
		}
	}
}

// page holds a page of the report to having no element, script or address of a
// target's.
func page(t *testing.T, name, content string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(content))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	scripts, policy := 0, false
	for n := range root.Descendants() {
		// A proof of concept has the address to ask in its script; a report has nothing
		// of a target's there.
		proof := strings.HasPrefix(name, "poc/")
		data := slices.Contains(n.Parent.Attr, dataScript) || slices.Contains(n.Attr, dataScript)
		if data && n.Type == html.TextNode && (!json.Valid([]byte(n.Data)) || strings.Contains(n.Data, "<")) {
			t.Errorf("%s has data that a browser may take for markup", name)
		}
		if !data && n.Type == html.TextNode && n.Parent.Data == "script" && (strings.Contains(n.Data, "<img") || !proof && strings.Contains(n.Data, hostile.Mark)) {
			t.Errorf("%s has a target's words in a script", name)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" && !data {
			scripts++
		}
		if strings.Contains(n.Data, hostile.Mark) {
			t.Errorf("%s has the element %s", name, n.Data)
		}
		for _, a := range n.Attr {
			address := a.Key == "href" || a.Key == "src" || a.Key == "action"
			switch {
			case strings.HasPrefix(a.Key, "on"), strings.Contains(a.Key, hostile.Mark):
				t.Errorf("%s has <%s %s>", name, n.Data, a.Key)
			case a.Key == "http-equiv":
				policy = policy || strings.EqualFold(a.Val, "Content-Security-Policy")
				if strings.EqualFold(a.Val, "refresh") {
					t.Errorf("%s leads elsewhere", name)
				}
			case address && strings.Contains(a.Val, hostile.Mark), address && !ours.MatchString(a.Val):
				t.Errorf("%s leads to %q", name, a.Val)
			}
		}
	}
	if scripts > 1 { // ours
		t.Errorf("%s has %d scripts", name, scripts)
	}
	if !policy {
		t.Errorf("%s has no Content-Security-Policy", name)
	}
}

// dataScript has a script be data, which no browser runs.
var dataScript = html.Attribute{Key: "type", Val: "application/json"}

// ours are the addresses that a report leads to: guidance, places in it, pictures, and the
// reports of a fleet's targets.
var ours = regexp.MustCompile(`^(https://[a-z0-9.-]+/|#|data:image/png;base64,|poc/|screens/|targets/)`)

// spellings are the encodings in which a secret would be recognised.
func spellings(secret string) map[string]string {
	quoted, _ := json.Marshal(secret) // a string has JSON
	trimmed := func(s string) string { return s[2 : len(s)-4] }
	b64 := base64.StdEncoding.EncodeToString
	return map[string]string{
		"raw": secret, "JSON": strings.Trim(string(quoted), `"`), "URL": url.QueryEscape(secret), "URL twice": url.QueryEscape(url.QueryEscape(secret)), "hexadecimal": hex.EncodeToString([]byte(secret)),
		"base64": trimmed(b64([]byte(secret))), "base64 after one": trimmed(b64([]byte("x" + secret))), "base64 after two": trimmed(b64([]byte("xy" + secret))),
	}
}
