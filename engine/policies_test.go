package engine_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// openLab gives a lab that is closed with the test.
func openLab(t *testing.T, o attacker.Options) *engine.Lab {
	t.Helper()
	browsertest.Needed(t)
	lab, err := engine.OpenLab(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Errorf("closing the lab: %v", err)
		}
	})
	return lab
}

// stage serves a notebook for the lab until the test ends.
func stage(t *testing.T, lab *engine.Lab, n fixtures.Notebook) *engine.Staged {
	t.Helper()
	return stageAt(t, lab, n, engine.StagedURL)
}

// stageAt serves it under another URL.
func stageAt(t *testing.T, lab *engine.Lab, n fixtures.Notebook, at string) *engine.Staged {
	t.Helper()
	if n.Origins == nil {
		n.Origins = n.Policy.Origins
	}
	if n.Origins == nil {
		n.Origins = []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")}
	}
	staged, err := engine.StageNotebookAt(lab, n, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := staged.Close(); err != nil {
			t.Errorf("closing the fixture: %v", err)
		}
	})
	return staged
}

// examine judges a staged notebook by the whole catalogue.
func examine(ctx context.Context, t *testing.T, lab *engine.Lab, s *engine.Staged) engine.Record {
	t.Helper()
	return examineBy(ctx, t, engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts), lab, s)
}

// examineBy judges a staged notebook by a plan.
func examineBy(ctx context.Context, t *testing.T, plan engine.Plan, lab *engine.Lab, s *engine.Staged) engine.Record {
	t.Helper()
	record, err := engine.ExaminePlan(ctx, lab, s.Deployment, plan, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// besides are the families whose attempts cost a page or a frame each. A policy that is no
// mistake of theirs decides there as the hardened one does, which has them all.
var besides = []string{"ORG", "NUL", "ALT", "NET"}

// examineTelling judges a staged notebook by what tells its policy from the hardened one,
// unless -whole is given: of these families those that convict it, and of the near-misses
// those to which the policy grants anything. It answers the others as the hardened one
// does.
func examineTelling(t *testing.T, lab *engine.Lab, s *engine.Staged, policy fixtures.Policy, convicts []string) engine.Record {
	t.Helper()
	if *engine.Whole || *recording || policy.Breaks == "" {
		return examine(t.Context(), t, lab, s)
	}
	plan := engine.NewPlan(telling(convicts), s.Deployment.Facts).Select(func(i engine.Item) bool {
		nearMiss := i.Scenario.Family() == "ORG" && i.Scenario.ID != "ORG-021" // which is about the URL
		return !nearMiss || i.Case == nil || grants(policy, s.Deployment.Facts, i.Subject().Origin)
	})
	return examineBy(t.Context(), t, plan, lab, s)
}

// grants reports whether the policy lets an origin read anything of a private reply.
func grants(policy fixtures.Policy, t scenarios.Target, origin string) bool {
	if policy.Decide == nil {
		return false
	}
	q := fixtures.Question{Request: httptest.NewRequest(http.MethodGet, t.At(t.PrivateReads()[0].Path), nil), Status: http.StatusOK, Ambient: true}
	q.Request.Header.Set(cors.HeaderOrigin, origin)
	q.Request.AddCookie(&http.Cookie{Name: fixtures.CookieName, Value: "x"})
	for _, o := range t.Trusted {
		q.Allowed.Items = append(q.Allowed.Items, o.String())
	}
	q.Allowed.Items = append(q.Allowed.Items, policy.OtherOrigins...)
	if policy.OriginsUnset {
		q.Allowed = fixtures.ParseCORSOrigins("", false)
	}
	return policy.Decide(q).Header.Get(cors.HeaderAllowOrigin) != ""
}

// telling are the scenarios of the other families, and of these those that convict.
func telling(convicts []string) []scenarios.Scenario {
	return slices.DeleteFunc(scenarios.Catalogue(), func(s scenarios.Scenario) bool {
		return slices.Contains(besides, s.Family()) && !slices.ContainsFunc(convicts, func(id string) bool { return strings.HasPrefix(id, s.Family()+"-") })
	})
}

// convicted are the IDs of the scenarios that found a violation.
func convicted(record engine.Record) []string {
	var ids []string
	for _, r := range record.Results {
		if r.Verdict() == scenarios.Violates && !slices.Contains(ids, r.Scenario.ID) {
			ids = append(ids, r.Scenario.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// Every policy is convicted by exactly the scenarios that it declares, the
// hardened one by none.
func TestPoliciesAreConvictedByWhatTheyBreak(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, policy := range fixtures.Policies() {
		if *recording && !slices.Contains(recordedPolicies, policy.Name) {
			continue
		}
		t.Run(policy.Name, func(t *testing.T) {
			s := stage(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.SessionCookie})
			record := examineTelling(t, lab, s, policy, policy.Convicts)
			if *recording {
				keep(t, policy.Name, record)
			}
			convict(t, policy, policy.Convicts, record)
		})
	}
}

// The same without a login, as Open Notebook runs on its user's own machine, for
// the policies that say what convicts them there.
func TestOpenPoliciesAreConvictedByWhatTheyBreak(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, policy := range fixtures.Policies() {
		if policy.Breaks != "" && policy.ConvictsOpen == nil {
			continue
		}
		t.Run(policy.Name, func(t *testing.T) {
			s := stageAt(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.NoLogin}, engine.LocalURL)
			convict(t, policy, policy.ConvictsOpen, examineTelling(t, lab, s, policy, policy.ConvictsOpen))
		})
	}
}

// The same under a bearer token.
func TestBearerPoliciesAreConvictedByWhatTheyBreak(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, policy := range fixtures.Policies() {
		if policy.Breaks != "" && policy.ConvictsBearer == nil {
			continue
		}
		t.Run(policy.Name, func(t *testing.T) {
			s := stage(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.BearerToken})
			convict(t, policy, policy.ConvictsBearer, examineTelling(t, lab, s, policy, policy.ConvictsBearer))
		})
	}
}

// convict holds a record against what the policy declares.
func convict(t *testing.T, policy fixtures.Policy, declared []string, record engine.Record) {
	t.Helper()
	want := slices.Clone(declared)
	slices.Sort(want)
	if got := convicted(record); !slices.Equal(got, want) {
		t.Errorf("convicted by %v, and declares %v", got, want)
		for _, r := range record.Results {
			if r.Verdict() == scenarios.Violates {
				t.Logf("%s %v: %s", r.Scenario.ID, r.Subject, r.Judgement.Reason)
			}
		}
	}
	for _, r := range record.Results {
		if policy.Breaks == "" && r.Verdict() == scenarios.CannotTell {
			t.Errorf("the hardened policy leaves a doubt: %s %v: %s", r.Scenario.ID, r.Subject, r.Judgement.Reason)
		}
	}
}

// The matrix says of the fixture's cookie what the browser did with it.
func TestCookieMatrix(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for attributes, want := range map[string]struct{ crossSite, sibling bool }{
		"":                                  {true, true},
		"Path=/; Secure; SameSite=Lax":      {false, true},
		"Path=/; Secure; SameSite=Strict":   {false, true},
		"Path=/api/; Secure; SameSite=None": {true, true},
	} {
		s := stage(t, lab, fixtures.Notebook{Login: fixtures.SessionCookie, CookieAttributes: attributes})
		plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool { return i.Scenario.Family() == "CRD" })
		record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		if len(record.CookieMatrix) != 1 {
			t.Fatalf("%q: the matrix has %d rows", attributes, len(record.CookieMatrix))
		}
		row := record.CookieMatrix[0]
		if row.Name != fixtures.CookieName || row.CrossSite.Sent != want.crossSite || row.Sibling.Sent != want.sibling || row.ThirdPartyBlocked.Sent ||
			row.CrossSite.Basis != engine.Measured || row.Sibling.Basis != engine.Measured || row.ThirdPartyBlocked.Basis != engine.Derived {
			t.Errorf("%q: %+v", attributes, row)
		}
	}
}
