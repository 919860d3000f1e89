package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// recipeIDs are the endpoints of a scenario's cases.
func recipeIDs(t *testing.T, id string, target Target) string {
	t.Helper()
	s, _ := Find(id)
	cases, _ := s.Plan(target)
	var names []string
	for _, c := range cases {
		names = append(names, c.Subject.Endpoint)
	}
	return strings.Join(names, "; ")
}

func TestErrorsAreOfTheLayerThatMakesThem(t *testing.T) {
	target := rich(Cookie)
	target.Trusted = target.Trusted[:1]
	const (
		application = "GET /api/notebooks (401); GET /nothing-here (404); GET /bad (400); GET /bad (400), 2; GET /error (500)"
		crash       = "GET /error (500, unhandled)"
		proxy       = "POST /upload (413, of the proxy); GET /down (502, of the proxy)"
	)
	for id, want := range map[string]string{
		"ERR-001": application,
		"ERR-002": application + "; " + crash,
		"ERR-004": crash,
		"ERR-005": proxy,
		"ERR-006": proxy,
	} {
		if got := recipeIDs(t, id, target); got != want {
			t.Errorf("%s:\n got %s\nwant %s", id, got, want)
		}
	}
	target.Errors = []ErrorRecipe{{Status: 413, Method: "POST", Path: "/upload", Proxy: true}}
	if _, why := planReadableProxyErrors(target); !strings.Contains(why, "withheld") {
		t.Errorf("a write that nobody declared safe: %q", why)
	}
}

func TestProvocationsOnlyReadUnlessDeclaredSafe(t *testing.T) {
	ps := provocations(rich(Cookie), anyError)
	names := map[string]bool{}
	for _, p := range ps {
		if !cors.IsSafeMethod(p.Method) && !p.SafeToWrite {
			t.Errorf("%s would be withheld", p.name)
		}
		names[p.name] = true
	}
	for _, want := range []string{"GET /bad (400)", "GET /bad (400), 2", "GET /error (500)", "GET /error (500, unhandled)"} {
		if !names[want] {
			t.Errorf("no provocation is called %s: %v", want, names)
		}
	}
	cases, reason := planReadableErrors(Target{URL: "https://api.example.com", Trusted: rich().Trusted, Errors: []ErrorRecipe{{Status: 422, Method: "POST", Path: "/"}}})
	if len(cases) > 0 || reason != "All ways to provoke an error of the application are writes, which are withheld from the target unless they are declared safe." {
		t.Errorf("%d cases, %q", len(cases), reason)
	}
}

// The front end asks in the mode that it uses; an attacker in every way that there is.
func TestHowErrorsAreProvoked(t *testing.T) {
	login := ErrorRecipe{Status: 401, Method: "GET", Path: "/me", Anonymous: true}
	none := oneEndpoint(Cookie)
	none.Policy.Credentials = NoCredentials
	for name, c := range map[string]struct {
		target Target
		cred   Credential
		omit   bool
	}{
		"with a cookie":                {oneEndpoint(Cookie), Cookie, false},
		"with a token":                 {oneEndpoint(Bearer), Bearer, true},
		"from a place in the network":  {oneEndpoint(Network), Network, true},
		"by the policy without cookie": {none, used(none)[0], true},
	} {
		a := frontEnd(c.target, cors.MustParseOrigin(trustedOrigin), c.cred).provoke(login)
		if a.Identity != Anonymous || a.Omit != c.omit {
			t.Errorf("%s: %+v", name, a)
		}
	}
	json := cors.Headers{{Name: "content-type", Value: "application/json"}}
	for name, c := range map[string]struct {
		recipe ErrorRecipe
		want   []string
	}{
		"a read":        {ErrorRecipe{Status: 404, Method: "GET", Path: "/x"}, []string{"cookie []", " []"}},
		"without login": {login, []string{" []"}},
		"a large body":  {ErrorRecipe{Status: 413, Method: "POST", Path: "/x", Headers: json, BodyBytes: 9}, []string{"cookie [application/json]", "cookie [text/plain]", " [application/json]", " [text/plain]"}},
		"a form":        {ErrorRecipe{Status: 413, Method: "POST", Path: "/x", Headers: cors.Headers{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}, Body: "x"}, []string{"cookie [text/plain; charset=utf-8]", " [text/plain; charset=utf-8]"}},
		"another write": {ErrorRecipe{Status: 422, Method: "PUT", Path: "/x", Headers: json, Body: "x"}, []string{"cookie [application/json]", " [application/json]"}},
	} {
		var got []string
		for _, a := range attack(oneEndpoint(Cookie), Cookie).provokeInEveryWay(c.recipe) {
			if a.Omit != (a.Identity == Anonymous) {
				t.Errorf("%s: %+v", name, a)
			}
			got = append(got, fmt.Sprintf("%s %v", a.Identity, a.Headers.Values("Content-Type")))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// One way that gets further is enough.
func TestAttackersTryEveryWay(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	recipe := ErrorRecipe{Status: 413, Method: "POST", Path: "/x", Headers: cors.Headers{{Name: "Content-Type", Value: "application/json"}}, BodyBytes: 9, Proxy: true, SafeToWrite: true}
	ways := v.provokeInEveryWay(recipe)
	refused := func(a Attempt) Observation { return refusedTo(a, cors.PreflightMissingAllowOriginHeader, denied) }
	hidden := func(a Attempt) Observation {
		return blockedFrom(a, cors.MissingAllowOriginHeader, reply(413, "large"))
	}
	obs := []Observation{refused(ways[0]), hidden(ways[1]), refused(ways[2]), hidden(ways[3])}
	if j := judgeHiddenErrors(Cookie, recipe, obs); j.Verdict != Conforms {
		t.Errorf("hidden each way: %+v", j)
	}
	obs[3] = readBy(ways[3], reply(413, "large", allowOrigin("*")))
	if j := judgeHiddenErrors(Cookie, recipe, obs); j.Verdict != Violates || j.Level != Should || j.Proof != ways[3].Key() {
		t.Errorf("read without the cookie: %+v", j)
	}
	obs[1] = readBy(ways[1], reply(413, "large", allowOrigin(evilOrigin), withCredentials))
	if j := judgeHiddenErrors(Cookie, recipe, obs); j.Verdict != Violates || j.Level != Must || j.Proof != ways[1].Key() {
		t.Errorf("read with the cookie: %+v", j)
	}
	obs = []Observation{refused(ways[0]), broken(ways[1]), refused(ways[2]), hidden(ways[3])}
	if j := judgeHiddenErrors(Cookie, recipe, obs); j.Verdict != CannotTell {
		t.Errorf("one way is not known: %+v", j)
	}
}

// Nobody said that what was guessed or discovered would work.
func TestUnmetRecipes(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	for want, recipe := range map[Verdict]ErrorRecipe{
		CannotTell:    {Status: 422, Method: "GET", Path: "/x"},
		NotApplicable: {Status: 422, Method: "GET", Path: "/x", Discovered: true},
	} {
		front, evil := v.provoke(recipe), attack(v.target, Cookie).provoke(recipe)
		read, byHand := v.successes()
		for name, j := range map[string]Judgement{
			"ERR-001": judgeReadableError(recipe, readBy(front, private), readBy(v.read(privateRead), private)),
			"ERR-002": judgeHiddenErrors(Cookie, recipe, []Observation{blockedFrom(evil, cors.MissingAllowOriginHeader, reply(200, ""))}),
			"ERR-003": judgeModestError(recipe, readBy(front, private), readBy(read, private), answeredTo(byHand, private)),
		} {
			if j.Verdict != want || !strings.Contains(j.Reason, "asked for 422, got 200") {
				t.Errorf("%s, discovered %t: %+v", name, recipe.Discovered, j)
			}
		}
	}
}

// An error that nobody handles may end the connection: the front end reads nothing, and
// there is no reply for the rest to judge.
func TestCrashesThatCloseTheConnection(t *testing.T) {
	target := rich(Cookie)
	target.Trusted = target.Trusted[:1]
	closed := func(a Attempt) Observation {
		x := sent(a, nil)
		x.Fault, x.Closed = "the target closed the connection without an answer", true
		o := observe(a, x)
		o.Block = Block{Reason: cors.MissingAllowOriginHeader, Network: "net::ERR_FAILED"}
		return o
	}
	for id, want := range map[string]Verdict{"ERR-002": NotApplicable, "ERR-003": NotApplicable, "ERR-004": Violates, "HDR-001": NotApplicable, "ERR-007": Conforms} {
		s, _ := Find(id)
		cases, _ := s.Plan(target)
		n := 0
		for _, c := range cases {
			if !strings.Contains(c.Subject.Endpoint, "unhandled") && id != "ERR-007" {
				continue
			}
			n++
			var obs []Observation
			for _, a := range c.Attempts {
				if strings.HasSuffix(a.URL, "/error") {
					obs = append(obs, closed(a))
				} else {
					obs = append(obs, readBy(a, reply(200, "")))
				}
			}
			if j := c.Judge(NewObservations(obs)); j.Verdict != want {
				t.Errorf("%s %v: %+v", id, c.Subject, j)
			}
		}
		if n == 0 {
			t.Errorf("%s has no case", id)
		}
	}
	handled := ErrorRecipe{Status: 500, Method: "GET", Path: "/error"}
	v := frontEnd(target, target.Trusted[0], Cookie)
	if j := judgeReadableError(handled, closed(v.provoke(handled)), readBy(v.read(privateRead), private)); j.Verdict != CannotTell {
		t.Errorf("an error that should be handled: %+v", j)
	}
}
