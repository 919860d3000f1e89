package scenarios

import (
	"slices"
	"strings"
	"testing"
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
