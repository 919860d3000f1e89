package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// What a grant follows is asked by hand once a page was granted: with the Referer and
// without.
func TestJudgeTheftByReferer(t *testing.T) {
	target := oneEndpoint(Cookie)
	v := attack(target, Cookie)
	c := theft(v, privateRead, []Vector{Fetch})
	granted := reply(200, privateBody, allowOrigin(v.page.String()), withCredentials)
	plain := reply(200, privateBody)
	seen := func(read bool, byHand func(refers bool) *cors.Response) []Observation {
		var obs []Observation
		answered := func(a Attempt) Observation {
			switch {
			case a.Vector == Probe && a.Headers.Has(cors.HeaderOrigin):
				return answeredTo(a, byHand(a.Headers.Has("Referer")))
			case a.Identity == Anonymous:
				return answeredTo(a, denied)
			case read:
				return readBy(a, granted)
			}
			return blockedFrom(a, cors.MissingAllowOriginHeader, plain)
		}
		for _, a := range c.Attempts {
			obs = append(obs, answered(a))
		}
		for _, a := range c.More(NewObservations(obs)) {
			obs = append(obs, answered(a))
		}
		return obs
	}
	always := func(bool) *cors.Response { return granted }
	byReferer := func(refers bool) *cors.Response {
		if refers {
			return granted
		}
		return plain
	}
	never := func(bool) *cors.Response { return plain }
	for _, tt := range []struct {
		name    string
		obs     []Observation
		referer bool
	}{
		{"an echo", seen(true, always), false},
		{"by Referer", seen(true, byReferer), true},
		{"by something else", seen(true, never), false},
	} {
		j := c.Judge(NewObservations(tt.obs))
		if j.Verdict != Violates || !j.Exfiltrated {
			t.Errorf("%s: %+v", tt.name, j)
		}
		if named := strings.Contains(j.Fix, "Referer") && strings.Contains(j.Reason, "Referer") && j.Rule != nil && j.Rule.referer; named != tt.referer {
			t.Errorf("%s: %s (%s)", tt.name, j.Reason, j.Fix)
		}
		f := Judged{ID: "WLD-001", Subject: c.Subject, Judgement: j, Level: Must, Answer: granted}
		if causes := Causes([]Judged{f}); strings.Contains(causes[0].Rule, "by the Referer header") != tt.referer || causes[0].ID != "every-origin" {
			t.Errorf("%s: %s", tt.name, causes[0].Rule)
		}
	}
	if asked := c.More(NewObservations(seen(false, never))); len(asked) > 0 {
		t.Errorf("%d attempts more where nothing is granted", len(asked))
	}
}

// Where every http:// page is granted, what else of http:// is granted there is no cause of
// its own.
func TestEveryInsecureOriginIsOneCause(t *testing.T) {
	violation := func(id, endpoint, origin string, r *Rule) Judged {
		return Judged{ID: id, Level: Must, Subject: Subject{Endpoint: endpoint, Origin: origin, Credential: Cookie}, Judgement: Judgement{Verdict: Violates, Severity: Medium, Rule: r}}
	}
	host := &Rule{Kind: SameHost, Value: "notebook.example.com"}
	causes := Causes([]Judged{
		violation("WLD-002", "GET /a", "http://evil.test", nil),
		violation("ORG-006", "GET /a", "http://notebook.example.com", host),
		violation("ORG-014", "GET /a", "http://localhost.evil.test", &Rule{Kind: TakesFor}),
		violation("ORG-003", "GET /a", "https://evilnotebook.example.com", &Rule{Kind: EndsWith, Value: "notebook.example.com"}),
		violation("ORG-006", "GET /b", "http://notebook.example.com", host),
	})
	var ids []string
	for _, c := range causes {
		ids = append(ids, c.ID)
	}
	if got := strings.Join(ids, " "); len(causes) != 3 || len(causes[0].Findings)+len(causes[1].Findings)+len(causes[2].Findings) != 5 {
		t.Errorf("causes: %s", got)
	}
	for _, c := range causes {
		if c.ID == "every-origin" && len(c.Findings) != 3 {
			t.Errorf("%s: %v", c.ID, c.Findings)
		}
	}
}
