package sweep

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// file files endpoints into classes by their interviews, which are in the same order.
func file(t scenarios.Target, endpoints []Endpoint, interviews []*interview) []Class {
	type class struct {
		Class
		whole   *interview // with the answers of all members
		members []int
	}
	var all []*class
	var answered []int
	for i := range interviews {
		if endpoints[i].Unanswered == "" {
			answered = append(answered, i)
		}
	}
	// Those that were asked most come first, and the others to them.
	slices.SortStableFunc(answered, func(a, b int) int { return cmp.Compare(len(interviews[b].answers), len(interviews[a].answers)) })
	byKey := map[string][]*class{}
	for _, i := range answered {
		v := interviews[i]
		key := v.key(t)
		at := slices.IndexFunc(byKey[key], func(c *class) bool { return c.whole.agrees(v) })
		if at < 0 {
			at = len(byKey[key])
			c := &class{whole: v.clone()}
			byKey[key], all = append(byKey[key], c), append(all, c)
		}
		c := byKey[key][at]
		c.whole.add(v)
		c.members = append(c.members, i)
	}
	for _, c := range all {
		slices.Sort(c.members)
		c.Class = c.whole.class(t)
		c.Size = len(c.members)
		for _, m := range c.members {
			if endpoints[m].Private() {
				c.Private++
			}
			for _, g := range c.Granted {
				if c.Level != scenarios.Must && (g.Decision == WithCredentials || g.Method == "" && endpoints[m].openTo(c.whole.with)) {
					c.Level = g.Level
				}
			}
		}
		c.Suspect = c.Level == scenarios.Must
	}
	slices.SortFunc(all, func(a, b *class) int {
		return cmp.Or(compare(a.Suspect, b.Suspect), compare(a.everyone(), b.everyone()), compare(a.ToAnyone(), b.ToAnyone()), compare(len(a.Granted) > 0, len(b.Granted) > 0), cmp.Compare(b.Private, a.Private), cmp.Compare(b.Size, a.Size), cmp.Compare(a.members[0], b.members[0]))
	})
	classes := make([]Class, len(all))
	for i, c := range all {
		c.ID = fmt.Sprintf("P%d", i+1)
		for _, m := range c.members {
			endpoints[m].Class = c.ID
		}
		classes[i] = c.Class
	}
	return classes
}

// everyone reports whether an arbitrary origin is granted the read with the credential.
func (c Class) everyone() bool { return c.Answers[0].Decision == WithCredentials }

// compare has what is true come first.
func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// key is the same for endpoints that decided alike about every read, and grant others
// than the trusted origins what weighs the same. What they decided about methods, of
// which each has its own, is left to [interview.agrees].
func (v *interview) key(t scenarios.Target) string {
	var b strings.Builder
	for _, a := range v.answers {
		if a.Preflight == "" {
			fmt.Fprintf(&b, "%s|%s|%s\n", a.Origin, a.With, a.Decision)
		}
	}
	c, weight := v.class(t), 0
	for _, g := range c.Granted {
		switch {
		case g.Decision != WithCredentials:
		case g.Level == scenarios.Must:
			weight = 2
		default:
			weight = max(weight, 1)
		}
	}
	fmt.Fprintf(&b, "%s %d", c.Word(), weight)
	return b.String()
}

// agrees reports whether two endpoints decided alike on every question that both were
// asked.
func (v *interview) agrees(w *interview) bool {
	return !slices.ContainsFunc(w.answers, func(a Answer) bool {
		known, ok := v.answer(a.Question)
		return ok && known != a.Decision
	})
}

// add adds the answers of an endpoint to questions that v was not asked.
func (v *interview) add(w *interview) {
	for _, a := range w.answers {
		if _, ok := v.answer(a.Question); !ok {
			v.answers = append(v.answers, a)
		}
	}
}

func (v *interview) clone() *interview {
	c := *v
	c.answers = slices.Clone(v.answers)
	return &c
}

// class is what the answers come to.
func (v *interview) class(t scenarios.Target) Class {
	c := Class{Answers: v.answers, Granted: []Grant{}, Trusted: []cors.Origin{}}
	for _, a := range v.answers {
		if a.Decision == NotGranted || a.Preflight == http.MethodGet {
			continue
		}
		g := Grant{Origin: a.Origin, Method: a.Preflight, Decision: a.Decision}
		i := slices.IndexFunc(v.misses, func(m grantedMiss) bool { return m.Origin == a.Origin })
		switch {
		case slices.Contains(t.Trusted, a.Origin):
			if a.Preflight == "" && !slices.Contains(c.Trusted, a.Origin) {
				c.Trusted = append(c.Trusted, a.Origin)
			}
			continue
		case a.Origin == t.Arbitrary():
			g.How, g.Anyone, g.Suspicion = "any origin", true, scenarios.EveryOriginSuspicion()
			if a.With == scenarios.Anonymous && a.Preflight == "" && v.with != scenarios.Anonymous {
				if a.Decision == v.answers[0].Decision { // said already
					continue
				}
				g.How = "any origin, without a credential"
			}
		case a.Origin.IsOpaque():
			g.How, g.Anyone, g.Suspicion = "null, the origin of every sandboxed frame", true, scenarios.NullSuspicion()
		case i >= 0:
			g.How, g.Anyone, g.Suspicion = v.misses[i].How, v.misses[i].Registrable, v.misses[i].suspicion
			g.Rule = v.misses[i].rule
			if !g.Anyone {
				g.Takes = v.misses[i].Takes()
			}
		default:
			continue
		}
		c.Granted = append(c.Granted, g)
	}
	for _, r := range v.rules {
		c.Rules = append(c.Rules, r.String())
	}
	return c
}
