package scenarios

import (
	"fmt"
	"slices"
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

// provocations are the recipes of a kind whose method only reads, or which may
// write: others would be withheld from the target.
func provocations(t Target, of kind) []provocation {
	var ps []provocation
	seen := map[string]int{}
	for _, r := range t.Errors {
		if !of(r) || !isSafe(r.Method) && !r.SafeToWrite {
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

func (p provocation) subject(v visit) Subject {
	s := Subject{Endpoint: p.name, Origin: v.page.String(), Credential: v.cred}
	if p.Anonymous {
		s.Credential = Anonymous
	}
	return s
}
