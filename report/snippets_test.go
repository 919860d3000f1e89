package report

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

var settings = regexp.MustCompile(`[A-Za-z_$%][\w.$-]{3,}`)

// Every word of a snippet but its origins stands in the configuration that was examined:
// settings that nobody tried are in none of them that does not say so. (What else a policy
// can have, servers are run with; see TestSnippetsAreServed of the command.)
func TestSnippetsWereTried(t *testing.T) {
	const origin = "https://app.example.com"
	for _, s := range snippetsFor(CORSPolicy{Origins: []string{origin}, Methods: []string{"GET", "POST"}, Headers: []string{"Authorization", "Content-Type"}, Credentials: true}) {
		if s.Untried {
			continue
		}
		b, err := os.ReadFile(filepath.Join("..", "fixtures", "stacks", filepath.FromSlash(s.fixture)))
		if err != nil {
			t.Fatal(err)
		}
		tried := map[string]bool{}
		text := strings.ReplaceAll(string(b), "jub0bs.", "cors.") // the second cors of its file
		for _, word := range settings.FindAllString(text, -1) {
			tried[strings.ToLower(word)] = true // YAML has it in another case than Go
		}
		for _, word := range []string{"authorization", "content-type", "post"} { // the policy's own
			tried[word] = true
		}
		if strings.HasPrefix(s.ID, "go") { // which names its lists once, in main.go
			tried["string"] = true
		}
		code := strings.ReplaceAll(strings.ReplaceAll(s.Text, origin, ""), regexp.QuoteMeta(origin), "")
		code = regexp.MustCompile(` (#|//) .*`).ReplaceAllString(code, "")
		for _, word := range settings.FindAllString(code, -1) {
			if !tried[strings.ToLower(word)] {
				t.Errorf("%s: %s is not in %s", s.Name, word, s.fixture)
			}
		}
		if !strings.Contains(s.Text, "app") || len(settings.FindAllString(code, -1)) < 8 {
			t.Errorf("%s: the snippet is %s", s.Name, s.Text)
		}
	}
}

// Origins are the report's, credentials are allowed where the victim has some that browsers
// add, and the stack that the replies speak of comes first.
func TestSnippetsFitTheTarget(t *testing.T) {
	record := sample()
	o := read(sampleEvil, true)
	o.Exchanges[0].Response.Headers = append(o.Exchanges[0].Response.Headers, cors.Header{Name: "Server", Value: "nginx/1.26"}, cors.Header{Name: "X-Powered-By", Value: "Express"})
	record.Results[0].Observations[0] = o
	list := reportOf(record, Meta{}).policySnippets()
	if list[0].ID != "express" || list[1].ID != "nginx" || !list[0].Likely || list[2].Likely || !strings.Contains(list[0].Text, `origin: ["https://app.example.com"],`) || !strings.Contains(list[0].Text, "credentials: true") {
		t.Errorf("%+v", list[:3])
	}
	if !strings.Contains(list[1].Text, `"~^https://app\.example\.com$" $http_origin;`) {
		t.Errorf("nginx's pattern is not quoted:\n%s", list[1].Text)
	}
	record.Target.Credentials = []scenarios.Credential{scenarios.Bearer}
	if s := reportOf(record, Meta{}).policySnippets()[0]; strings.Contains(s.Text, "credentials") {
		t.Errorf("a front end with a token needs no credentials:\n%s", s.Text)
	}
}
