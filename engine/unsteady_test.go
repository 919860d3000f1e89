package engine

import (
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Several servers behind one URL, of which one is wrong, are told as such; what changes for
// good, a limiter, and a policy that goes by another header are not.
func TestUnsteadyPolicies(t *testing.T) {
	const evil = "https://evil.test"
	grant := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		withSession(w, r)
	}
	for name, c := range map[string]struct {
		then  func(w http.ResponseWriter, r *http.Request, number int32)
		again func(q *cors.Request) // how the other exchange differs
		found bool
	}{
		"by turns": {then: func(w http.ResponseWriter, r *http.Request, n int32) {
			if n%2 == 0 {
				grant(w, r)
				return
			}
			withSession(w, r)
		}, found: true},
		"one of three": {then: func(w http.ResponseWriter, r *http.Request, n int32) {
			if n%3 == 0 {
				grant(w, r)
				return
			}
			withSession(w, r)
		}, found: true},
		"one refuses": {then: func(w http.ResponseWriter, r *http.Request, n int32) {
			if n%2 == 0 {
				say(w, 403, `{}`)
				return
			}
			withSession(w, r)
		}, found: true},
		"one policy": {then: func(w http.ResponseWriter, r *http.Request, _ int32) { grant(w, r) }},
		"a session that ends": {then: func(w http.ResponseWriter, r *http.Request, n int32) {
			if n > 2 {
				say(w, 401, `{}`)
				return
			}
			grant(w, r)
		}},
		"a target that fails": {then: func(w http.ResponseWriter, r *http.Request, n int32) {
			if n%2 == 0 {
				say(w, 502, ``)
				return
			}
			grant(w, r)
		}},
		"a limiter that answers 403": {then: func(w http.ResponseWriter, r *http.Request, n int32) {
			if n%2 == 0 {
				say(w, 403, `{"message":"rate limit exceeded"}`)
				return
			}
			grant(w, r)
		}},
		"by another header": {then: func(w http.ResponseWriter, r *http.Request, _ int32) {
			if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
				say(w, 403, `{}`)
				return
			}
			grant(w, r)
		}, again: func(q *cors.Request) {
			q.Headers = append(q.Headers, cors.Header{Name: "Sec-Fetch-Site", Value: "cross-site"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := changed(t, c.then)
			for i, lines := range []cors.Headers{{}, {{Name: cors.HeaderAllowOrigin, Value: evil}}} {
				a := scenarios.Attempt{Vector: scenarios.Fetch, Identity: scenarios.Cookie, Method: "GET", URL: s.plan.Target.At("/me"), Omit: i > 0}
				x := cors.Exchange{Request: queryWith(a.URL, "session=x"), Response: &cors.Response{Status: 200, Headers: lines}}
				x.Request.Headers = append(x.Request.Headers, cors.Header{Name: "Origin", Value: evil})
				if i > 0 && c.again != nil {
					c.again(&x.Request)
				}
				s.observed[a.Key()] = scenarios.Observation{Attempt: a, Exchanges: []cors.Exchange{x}, Stake: scenarios.PrivateReply}
			}
			conforming := Result{Judgement: scenarios.Judgement{Verdict: scenarios.Conforms}}
			x := &Examination{session: s, record: Record{Results: []Result{conforming}}}
			f := x.steady(t.Context())
			if (f != nil) != c.found || (len(x.record.Diagnoses) > 0) != c.found {
				t.Fatalf("fault %v, diagnoses %v", f, x.record.Diagnoses)
			}
			if !c.found {
				return
			}
			if d := x.record.Diagnoses[0]; d.Kind != PolicyUnsteady || !strings.Contains(d.Detail, "from "+evil) || strings.Contains(d.Detail, "session=x") {
				t.Errorf("%+v", d)
			}
			// Where something fails the run anyway, that is what it ends with.
			x.record = Record{Results: []Result{conforming, {Fails: true, Judgement: scenarios.Judgement{Verdict: scenarios.Violates}}}}
			if f := x.steady(t.Context()); f != nil || len(x.record.Diagnoses) != 1 {
				t.Errorf("fault %v, diagnoses %v", f, x.record.Diagnoses)
			}
		})
	}
}

// A finding stands where the target gives its answer each time, and falls with those that it
// does not.
func TestFindingsOfAnUnsteadyPolicy(t *testing.T) {
	const now, always = "https://evil.test", "https://always.test"
	s := changed(t, func(w http.ResponseWriter, r *http.Request, n int32) {
		if origin := r.Header.Get("Origin"); origin == always || n%2 == 0 {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
		withSession(w, r)
	})
	finding := func(id, origin string) Result {
		a := scenarios.Attempt{Vector: scenarios.Fetch, Identity: scenarios.Cookie, Method: "GET", URL: s.plan.Target.At("/me")}
		x := cors.Exchange{Request: queryWith(a.URL, "session=x"), Response: &cors.Response{Status: 200, Headers: cors.Headers{{Name: cors.HeaderAllowOrigin, Value: origin}}}}
		x.Request.Headers = append(x.Request.Headers, cors.Header{Name: "Origin", Value: origin})
		scenario, _ := scenarios.Find(id)
		rule := scenarios.Rule{Kind: scenarios.Contains, Value: "example"}
		return Result{Scenario: scenario, Observations: []scenarios.Observation{{Attempt: a, Exchanges: []cors.Exchange{x}}},
			Judgement: scenarios.Judgement{Verdict: scenarios.Violates, Severity: scenarios.High, Reason: "it was read; " + rule.String(), Rule: &rule}}
	}
	r := Record{Results: []Result{finding("WLD-001", now), finding("ORG-001", always), finding("HDR-009", now)}}
	s.mark(t.Context(), r.Results)
	for i, unsteady := range []bool{true, false, false} {
		got := r.Results[i]
		if got.Observations[0].Unsteady != unsteady {
			t.Errorf("%s: unsteady %t", got.Scenario.ID, !unsteady)
		}
		if inferred := got.Judgement.Rule != nil || got.Judgement.Reason != "it was read"; got.Scenario.TurnsOnGrant() && inferred {
			t.Errorf("%s: %s", got.Scenario.ID, got.Judgement.Reason)
		}
	}
	var ids []string
	for _, c := range r.Causes() {
		ids = append(ids, c.ID)
	}
	if got := strings.Join(ids, " "); !strings.Contains(got, "policy-unsteady") || !strings.Contains(got, "ORG-001") || strings.Contains(got, "every-origin") {
		t.Errorf("causes: %s", got)
	}
}
