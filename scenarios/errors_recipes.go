package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A provocation is a recipe that can be tried on any target, and its name in
// reports.
type provocation struct {
	ErrorRecipe
	name string
}

// kind says of which errors a scenario is.
type kind func(ErrorRecipe) bool

func anyError(ErrorRecipe) bool           { return true }
func ofTheProxy(r ErrorRecipe) bool       { return r.Proxy }
func ofTheApplication(r ErrorRecipe) bool { return !r.Proxy }
func handled(r ErrorRecipe) bool          { return !r.Proxy && !r.Unhandled }
func unhandled(r ErrorRecipe) bool        { return !r.Proxy && r.Unhandled }

// answeredAsErrors are those of a kind that have an error status. A redirect in the place
// of one is there for the trusted front end alone, which has to be told.
func answeredAsErrors(of kind) kind {
	return func(r ErrorRecipe) bool { return !isRedirect(r.Status) && of(r) }
}

// unmet is a judgement on an error that was not provoked. Where nobody said that it would
// be, there is nothing to clear up.
func unmet(r ErrorRecipe, why string) Judgement {
	switch {
	case r.Guessed:
		return Judgement{Verdict: NotApplicable, Reason: "This way to provoke an error was guessed, and shows nothing here: " + why + "."}
	case r.Discovered:
		return Judgement{Verdict: NotApplicable, Reason: "This way to provoke an error comes from discovery, and shows nothing here: " + why + "."}
	}
	return cannotTell("%s", why).until(LacksError)
}

// noReply is a judgement on replies where an error that nobody handles ends the
// connection; ERR-004 is about that.
var noReply = Judgement{Verdict: NotApplicable, Reason: "The target closed the connection instead of answering, so that there is no reply to judge."}

// isClosed reports whether the target closed the connection instead of answering the
// request.
func isClosed(o Observation) bool {
	x := o.Request()
	return o.Fault == "" && x != nil && x.Closed
}

// provocations are the recipes of a kind whose method only reads, or which may
// write: others would be withheld from the target.
func provocations(t Target, of kind) []provocation {
	var ps []provocation
	seen := map[string]int{}
	for _, r := range t.Errors {
		if !of(r) || !cors.IsSafeMethod(r.Method) && !r.SafeToWrite {
			continue
		}
		what := ""
		switch {
		case r.Proxy:
			what = ", of the proxy"
		case r.Unhandled:
			what = ", unhandled"
		}
		name := fmt.Sprintf("%s %s (%d%s)", r.Method, t.steady(r.Path), r.Status, what)
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s, %d", name, seen[name])
		}
		ps = append(ps, provocation{r, name})
	}
	return ps
}

// noProvocations says why there are none of this kind.
func noProvocations(t Target, of kind, noun string) string {
	if slices.ContainsFunc(t.Errors, of) {
		return "All ways to provoke " + noun + " are writes, which are withheld from the target unless they are declared safe."
	}
	return "No way to provoke " + noun + " is known."
}

// provokeInEveryWay has an attacker ask as the recipe says, with a type of the body that
// needs no consent, and both without the victim's credential: a grant without credentials
// will do for what needs none.
func (v visit) provokeInEveryWay(r ErrorRecipe) []Attempt {
	ways := []Attempt{v.provoke(r)}
	if plain, ok := plainBody(ways[0]); ok {
		ways = append(ways, plain)
	}
	for _, a := range slices.Clone(ways) {
		if a = alone(a); !slices.ContainsFunc(ways, func(b Attempt) bool { return a.Key() == b.Key() }) {
			ways = append(ways, a)
		}
	}
	return ways
}

// plainBody is the request with its body as plain text, where that saves the preflight
// that the body's type makes necessary.
func plainBody(a Attempt) (Attempt, bool) {
	if a.Method != http.MethodPost || a.Body == "" && a.Fill == 0 {
		return a, false
	}
	i := slices.IndexFunc(a.Headers, func(h cors.Header) bool { return strings.EqualFold(h.Name, "Content-Type") })
	if i < 0 {
		return a, false
	}
	typ, _, _ := strings.Cut(a.Headers[i].Value, ";")
	switch strings.ToLower(strings.TrimSpace(typ)) {
	case "text/plain", "multipart/form-data", "application/x-www-form-urlencoded":
		return a, false
	}
	a.Headers = slices.Clone(a.Headers)
	a.Headers[i].Value = "text/plain"
	return a, true
}

func (p provocation) subject(v visit) Subject {
	s := Subject{Endpoint: p.name, Origin: v.page.String(), Credential: v.cred}
	if p.Anonymous {
		s.Credential = Anonymous
	}
	return s
}
