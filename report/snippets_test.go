package report

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

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
