package report

import (
	"regexp"
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

// Each rule of a policy is in every snippet as it is, and is not where the policy has none.
func TestSnippetsSayTheWholePolicy(t *testing.T) {
	base := CORSPolicy{
		Origins: []string{"https://app.example.com"}, Methods: []string{"GET", "PATCH"}, Headers: []string{"X-Csrf"}, Exposed: []string{"X-Total-Count"}, Credentials: true, MaxAge: 700,
	}
	// What a proxy takes away of the application behind it is no rule.
	taken := regexp.MustCompile(`(?m)^.*(hide_header|del-header) .*$`)
	for rule, c := range map[string]struct {
		change func(*CORSPolicy)
		more   string // that the changed snippet has, and the base has not
		less   string // a pattern of what the base has, and the changed one has not
	}{
		"another origin":    {func(p *CORSPolicy) { p.Origins = append(p.Origins, "https://admin.example.com") }, `https://admin\\*\.example`, ""},
		"fewer methods":     {func(p *CORSPolicy) { p.Methods = []string{"GET"} }, "", `PATCH`},
		"another header":    {func(p *CORSPolicy) { p.Headers = append(p.Headers, "X-Trace") }, `(?i)x-trace`, ""},
		"no header":         {func(p *CORSPolicy) { p.Headers = nil }, "", `(?i)x-csrf`},
		"another exposed":   {func(p *CORSPolicy) { p.Exposed = append(p.Exposed, "ETag") }, `ETag`, ""},
		"nothing exposed":   {func(p *CORSPolicy) { p.Exposed = nil }, "", `(?i)expose|X-Total-Count|responseheaders`},
		"no credentials":    {func(p *CORSPolicy) { p.Credentials = false }, "", `(?i)credential`},
		"another age":       {func(p *CORSPolicy) { p.MaxAge = 42 }, `\b42(L|\b)`, `\b700(L|\b)`},
		"no word of an age": {func(p *CORSPolicy) { p.MaxAge = 0 }, "", `(?i)max-?_?age|\b700`},
	} {
		changed := base
		c.change(&changed)
		before, after := Snippets(base, nil), Snippets(changed, nil)
		for i, s := range before {
			was, is := taken.ReplaceAllString(s.Text, ""), taken.ReplaceAllString(after[i].Text, "")
			if more := regexp.MustCompile(c.more); c.more != "" && (more.MatchString(was) || !more.MatchString(is)) {
				t.Errorf("%s, %s: it lacks %s\n%s", s.ID, rule, c.more, is)
			}
			if less := regexp.MustCompile(c.less); c.less != "" && (!less.MatchString(was) || less.MatchString(is)) {
				t.Errorf("%s, %s: it has %s\n%s", s.ID, rule, c.less, is)
			}
		}
	}
}
