package scenarios

import "fmt"

// A provocation is a recipe that can be tried on any target, and its name in
// reports.
type provocation struct {
	ErrorRecipe
	name string
}

// provocations are the recipes whose method only reads: others would be withheld
// from the target.
func provocations(t Target) []provocation {
	var ps []provocation
	seen := map[string]int{}
	for _, r := range t.Errors {
		if !isSafe(r.Method) {
			continue
		}
		name := fmt.Sprintf("%s %s (%d)", r.Method, r.Path, r.Status)
		if r.Unhandled {
			name = fmt.Sprintf("%s %s (%d, unhandled)", r.Method, r.Path, r.Status)
		}
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s, %d", name, seen[name])
		}
		ps = append(ps, provocation{r, name})
	}
	return ps
}

// noProvocations says why there are none.
func noProvocations(t Target) string {
	if len(t.Errors) > 0 {
		return "All ways to provoke an error are writes, which are withheld from the target."
	}
	return "No way to provoke an error is known."
}

func (p provocation) subject(v visit) Subject {
	s := Subject{Endpoint: p.name, Origin: v.page.String(), Credential: v.cred}
	if p.Anonymous {
		s.Credential = Anonymous
	}
	return s
}
