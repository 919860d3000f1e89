package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// logged is a target with a startup log.
func logged(l StartupLog) Target {
	l.Preset, l.Lines = "open-notebook", 12
	t := oneEndpoint(Bearer)
	t.StartupLog = &l
	return t
}

var (
	silent = StartupLog{}
	warned = StartupLog{Said: "CORS_ORIGINS is not set", Default: true}
)

func listing(origins ...string) StartupLog {
	return StartupLog{Said: "CORS allowed origins: [...]", Origins: origins}
}

// ruleLogs runs a scenario that attempts nothing on a table of logs.
func ruleLogs(t *testing.T, plan func(Target) ([]Case, string), rulings map[string]ruledLog) {
	t.Helper()
	reached := map[Verdict]bool{}
	for name, r := range rulings {
		cases, reason := plan(logged(r.log))
		if len(cases) != 1 || len(cases[0].Attempts) != 0 || cases[0].Subject.Endpoint == "" {
			t.Fatalf("%s: %d cases, %q", name, len(cases), reason)
		}
		j := cases[0].Judge(NewObservations(nil))
		reached[j.Verdict] = true
		if j.Verdict != r.verdict || (j.Severity == Low) != (r.verdict == Violates) || j.Reason == "" || !strings.Contains(j.Reason, r.reason) {
			t.Errorf("%s: %s %q: %s", name, j.Verdict, j.Severity, j.Reason)
		}
	}
	if len(reached) != 3 {
		t.Errorf("the table reaches %v", reached)
	}
}

type ruledLog struct {
	log     StartupLog
	verdict Verdict
	reason  string
}

func TestJudgeNoDefault(t *testing.T) {
	ruleLogs(t, planNoDefault, map[string]ruledLog{
		"a warning":     {warned, Violates, "CORS_ORIGINS is not set"},
		"a list":        {listing(trustedOrigin), Conforms, "CORS allowed origins"},
		"an odd list":   {StartupLog{Said: "CORS allowed origins: [?]", Unreadable: "no list"}, Conforms, ""},
		"another log":   {silent, CannotTell, "none of the 12 lines"},
		"an empty list": {listing(), Conforms, ""},
	})
}

func TestJudgeExactOrigins(t *testing.T) {
	ruleLogs(t, planExactOrigins, map[string]ruledLog{
		"the trusted one":   {listing(trustedOrigin), Conforms, trustedOrigin},
		"a warning":         {warned, Violates, "wildcard default"},
		"an empty value":    {listing("*"), Violates, "every origin"},
		"* among others":    {listing(trustedOrigin, "*"), Violates, "every origin"},
		"one too many":      {listing(trustedOrigin, evilOrigin), Violates, `lists "https://evil.test", not`},
		"one too few":       {listing(), Violates, "locked out"},
		"a trailing slash":  {listing(trustedOrigin + "/"), Violates, `lacks "https://app.example.org"`},
		"null":              {listing(trustedOrigin, "null"), Violates, `"null"`},
		"a list in tatters": {StartupLog{Said: "CORS allowed origins: [?]", Unreadable: "no list"}, CannotTell, "no list"},
		"another log":       {silent, CannotTell, "none of the 12 lines"},
		"many too many":     {listing(trustedOrigin, "a", "b", "c", "d", "e", "f"), Violates, "…"},
		"a hostile item":    {listing(trustedOrigin, "a\nb"), Violates, `"a\nb"`},
	})
}

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

func attemptsOf(cases []Case) []Attempt {
	var as []Attempt
	for _, c := range cases {
		as = append(as, c.Attempts...)
	}
	return as
}

func TestConfigurationScenariosApplyToWhatIsKnown(t *testing.T) {
	untrusted := logged(listing())
	untrusted.Trusted = nil
	dead := startedAs(Launch{Value: "*", URL: "http://127.0.0.1:4002"})
	dead.Launches[0].URL = ""
	for name, c := range map[string]struct {
		target Target
		want   []string
	}{
		"nothing":            {oneEndpoint(Cookie), nil},
		"a log":              {logged(listing()), []string{"CFG-001", "CFG-002"}},
		"a log, no trust":    {untrusted, []string{"CFG-001"}},
		"launches":           {startedAs(Launch{Value: "*", URL: "http://127.0.0.1:4002"}), []string{"CFG-003"}},
		"nothing to compare": {dead, nil},
	} {
		var got []string
		for _, s := range configuration() {
			cases, reason := s.Plan(c.target)
			if len(cases) > 0 {
				got = append(got, s.ID)
			} else if !strings.HasSuffix(reason, ".") {
				t.Errorf("%s, %s: the reason is no sentence: %q", name, s.ID, reason)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v apply, want %v", name, got, c.want)
		}
	}
}
