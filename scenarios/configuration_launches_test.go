package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// started is a target with a launch beside the one that is configured rightly.
func startedAs(l Launch) Target {
	t := oneEndpoint(Bearer)
	l.Variable = "CORS_ORIGINS"
	t.Launches = []Launch{{Variable: "CORS_ORIGINS", Value: trustedOrigin, Right: true, URL: "http://127.0.0.1:4001"}, l}
	return t
}

func TestJudgeLaunch(t *testing.T) {
	running := Launch{Value: trustedOrigin + ",*", URL: "http://127.0.0.1:4002"}
	cases, reason := planMistypedOrigins(startedAs(running))
	as := attempts(t, cases, reason)
	want := []string{
		"GET http://127.0.0.1:4001/api/notebooks https://app.example.org true", "GET http://127.0.0.1:4002/api/notebooks https://evil.test true", "GET http://127.0.0.1:4002/api/notebooks https://evil.test false",
		"GET http://127.0.0.1:4001/ https://app.example.org true", "GET http://127.0.0.1:4002/ https://evil.test true", "GET http://127.0.0.1:4002/ https://evil.test false",
	}
	for i, a := range as {
		if got := strings.Join([]string{a.Method, a.URL, a.Page.String(), map[bool]string{true: "true", false: "false"}[a.Omit]}, " "); i >= len(want) || got != want[i] {
			t.Errorf("attempt %d is %s", i, got)
		}
	}
	// obs takes what becomes of the attacker's attempts, and of the front end's.
	obs := func(evil, front func(Attempt) Observation) []Observation {
		var all []Observation
		for i, a := range as {
			if i%3 == 0 {
				all = append(all, front(a))
			} else {
				all = append(all, evil(a))
			}
		}
		return all
	}
	blocked := func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, denied) }
	granted := func(a Attempt) Observation { return readBy(a, reply(401, deniedBody, allowOrigin(a.Page.String()))) }
	star := func(a Attempt) Observation {
		if a.Omit {
			return readBy(a, reply(401, deniedBody, allowOrigin("*")))
		}
		return blockedFrom(a, cors.WildcardOriginNotAllowed, reply(401, deniedBody, allowOrigin("*")))
	}
	rootOnly := func(f func(Attempt) Observation) func(Attempt) Observation {
		return func(a Attempt) Observation {
			if strings.HasSuffix(a.URL, "/") {
				return f(a)
			}
			return blocked(a)
		}
	}
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "closed", obs: obs(blocked, granted), verdict: Conforms, proof: 1, reason: "MissingAllowOriginHeader"},
		{name: "closed, front end reads the root alone", obs: obs(blocked, rootOnly(granted)), verdict: Conforms, proof: 1},
		{name: "an echo", obs: obs(granted, granted), verdict: Violates, severity: Medium, proof: 1, reason: `Allow-Origin "https://evil.test"`},
		{name: "a wildcard", obs: obs(star, granted), verdict: Violates, severity: Medium, proof: 1, reason: `Allow-Origin "*"`},
		{name: "an echo at the root", obs: obs(rootOnly(granted), granted), verdict: Violates, severity: Medium, proof: 4},
		{name: "nothing is ever granted", obs: obs(blocked, blocked), verdict: CannotTell, reason: "its front end none"},
		{name: "the program died", obs: obs(broken, granted), verdict: CannotTell, proof: 1, reason: "could not be opened"},
		{name: "the right program died", obs: obs(blocked, broken), verdict: CannotTell},
	})
}

func TestLaunchesThatDoNotRun(t *testing.T) {
	for _, c := range []struct {
		launch  Launch
		verdict Verdict
		reason  string
	}{
		{Launch{Value: "*", Refused: "exit status 1: \"*\" is no origin"}, Conforms, `CORS_ORIGINS=\"*\"`},
		{Launch{Unset: true, Refused: "exit status 2"}, Conforms, "not set"},
		{Launch{Value: " ", Fault: "it did not answer"}, CannotTell, "did not answer"},
	} {
		cases, reason := planMistypedOrigins(startedAs(c.launch))
		if len(attemptsOf(cases)) != 0 || len(cases) != 1 {
			t.Fatalf("%s: %d cases, %q", c.launch, len(cases), reason)
		}
		if j := cases[0].Judge(NewObservations(nil)); j.Verdict != c.verdict || !strings.Contains(j.Reason, c.reason) {
			t.Errorf("%s: %s: %s", c.launch, j.Verdict, j.Reason)
		}
	}
}
