package engine

import (
	"reflect"
	"slices"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// unframed gives every page a navigation of its own.
func unframed(p Plan) Plan {
	var groups []*group
	for _, g := range p.groups {
		if len(g.frames) > 0 {
			groups = append(groups, g.frames...)
		} else {
			groups = append(groups, g)
		}
	}
	p.groups = groups
	return p
}

func framedPages(p Plan) int {
	n := 0
	for _, page := range p.Pages() {
		if page.Framed {
			n++
		}
	}
	return n
}

// A frame of another site is a third party as a page of its own is: the same
// cookies go, for the same reasons the others stay, and the same is granted.
func TestFramesGetTheVerdictsOfPages(t *testing.T) {
	browsertest.Needed(t)
	lab, err := OpenLab(t.Context(), attacker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	named := func(name string) fixtures.Policy {
		p, ok := fixtures.PolicyNamed(name)
		if !ok {
			t.Fatalf("there is no policy %s", name)
		}
		return p
	}
	const lax = "Path=/; Secure; HttpOnly; SameSite=Lax"
	for row, tt := range []struct {
		policy     string
		login      fixtures.Login
		attributes string
	}{
		{"hardened", fixtures.SessionCookie, ""},
		{"wildcard-echo-always", fixtures.SessionCookie, lax},
		{"wildcard-echo-with-cookie", fixtures.SessionCookie, lax},
		{"host-ends-with", fixtures.SessionCookie, ""},
		{"contains-host", fixtures.HTTPBasic, ""},
		{"wildcard-without-credentials", fixtures.NoLogin, ""},
	} {
		t.Run(tt.policy+" "+string(tt.login)+" "+tt.attributes, func(t *testing.T) {
			staged, err := StageNotebook(lab, fixtures.Notebook{
				Policy: named(tt.policy), Login: tt.login, CookieAttributes: tt.attributes,
				Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer staged.Close()
			if tt.login == fixtures.NoLogin {
				staged.Deployment.Facts.Credentials = []scenarios.Credential{scenarios.Network}
			}
			// A third of the pages for each row, so that two rows have each.
			number := -1
			frames := NewPlan(scenarios.Catalogue(), staged.Deployment.Facts).Select(func(i Item) bool {
				if i.Scenario.Family() != "ORG" {
					return false
				}
				number++
				return *Whole || number%3 == row%3
			})
			if n := framedPages(frames); n < 10 {
				t.Fatalf("only %d pages are framed", n)
			}
			pages := unframed(frames)
			if n := framedPages(pages); n > 0 {
				t.Fatalf("%d pages are framed", n)
			}
			var results [2][]Result
			for i, p := range []Plan{frames, pages} {
				record, err := ExaminePlan(t.Context(), lab, staged.Deployment, p, Hooks{})
				if err != nil {
					t.Fatal(err)
				}
				results[i] = record.Results
			}
			for i, inFrame := range results[0] {
				onPage := results[1][i]
				if !reflect.DeepEqual(inFrame.Judgement, onPage.Judgement) {
					t.Errorf("%s %s:\n in a frame %+v\n on a page %+v", inFrame.Scenario.ID, inFrame.Subject.Origin, inFrame.Judgement, onPage.Judgement)
				}
				for j, o := range inFrame.Observations {
					p := onPage.Observations[j]
					if o.Block != p.Block || o.Credential.Sent != p.Credential.Sent || !slices.Equal(o.Credential.HeldBack, p.Credential.HeldBack) {
						t.Errorf("%s %s: in a frame %+v %+v, on a page %+v %+v", inFrame.Scenario.ID, o.Attempt.Page, o.Block, o.Credential, p.Block, p.Credential)
					}
				}
			}
		})
	}
}
