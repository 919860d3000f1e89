package scenarios

import (
	"cmp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A list is one of the two that the answer to a preflight has.
type list struct {
	header string
	// width is the scenario that is about a list of everything, or none at all.
	width string
	// policy is what the operator declared for it; nil where nothing was.
	policy []string
	// harmless are items that the browser needs no consent for.
	harmless []string
	// invented is what Crossexam made up for it.
	invented string
	// leftOut are common methods that the declared policy does not have: a library that
	// knows no list of its own approves them, and nothing made up.
	leftOut []string
}

func methodList(t Target) list {
	var policy []string
	if t.Policy.Methods != nil {
		policy = []string{}
		for _, m := range append(slices.Clone(t.Policy.Methods), usedMethods(t)...) {
			if !slices.Contains(policy, m) {
				policy = append(policy, m)
			}
		}
	}
	var leftOut []string
	for _, m := range []string{"PUT", "PATCH", "DELETE"} {
		if len(policy) > 0 && !hasFold(policy, m) && !slices.Contains(policy, "*") {
			leftOut = append(leftOut, m)
		}
	}
	return list{cors.HeaderAllowMethods, "WLD-006", policy, []string{"GET", "HEAD", "POST", "OPTIONS"}, inventedMethod(t), leftOut}
}

func headerList(t Target) list {
	safe := []string{"Accept", "Accept-Language", "Content-Language", "Content-Type", "Range"}
	return list{cors.HeaderAllowHeaders, "WLD-007", t.Policy.Headers, safe, inventedHeader(t).Name, nil}
}

func inventedMethod(t Target) string { return "CROSSEXAM-" + strings.ToUpper(t.Label) }

func inventedHeader(t Target) cors.Header {
	return cors.Header{Name: "Crossexam-" + t.Label, Value: "1"}
}

// in returns the list's items in an answer.
func (l list) in(r *cors.Response) []string { return r.Headers.List(l.header) }

// undeclared are the items that nobody declared. `*` is not among them: it is a
// matter of its own.
func (l list) undeclared(r *cors.Response) []string {
	if l.policy == nil {
		return nil
	}
	return slices.DeleteFunc(l.in(r), func(item string) bool {
		return item == "*" || hasFold(l.policy, item) || hasFold(l.harmless, item)
	})
}

// planList asks for something invented, and for what the policy should allow, so
// that a refusal of the first can be told from one of the origin. It asks as the
// trusted front end, since others learn little of the lists.
func planList(t Target, l list, invent func(visit, Endpoint) Attempt, judge func(list, asked) Judgement) ([]Case, string) {
	e := firstRead(t)
	var cases []Case
	for _, o := range t.Trusted {
		v := frontEnd(t, o, used(t)[0])
		invented, allowed := invent(v, e), v.preflighted(e)
		attempts := []Attempt{invented}
		if allowed.needsPreflight() {
			attempts = append(attempts, allowed)
		}
		if l.header == cors.HeaderAllowHeaders && !hasFold(t.setByFrontEnd(v.cred), "Authorization") && hasFold(t.Policy.Headers, "Authorization") {
			attempts = append(attempts, v.with(e, cors.Header{Name: "Authorization", Value: "Bearer crossexam"}))
		}
		var leftOut []Attempt
		for _, m := range l.leftOut {
			leftOut = append(leftOut, v.request(m, e.Path))
		}
		attempts = append(attempts, leftOut...)
		cases = append(cases, Case{
			Subject:  v.subject(e),
			Attempts: attempts,
			Judge: func(obs Observations) Judgement {
				seen := asked{invented: obs.Of(invented), leftOut: obs.each(leftOut), all: obs.All()}
				if allowed.needsPreflight() {
					o := obs.Of(allowed)
					seen.allowed = &o
				}
				return judge(l, seen)
			},
		})
	}
	return planned(cases, noTrusted)
}

// asked are the observations of what planList asks for.
type asked struct {
	invented Observation   // nobody declared it
	allowed  *Observation  // the front end should be allowed it; nil where there is nothing of that kind
	leftOut  []Observation // the policy has them not
	all      []Observation // these, and one with Authorization where the policy has it
}

func withInventedMethod(v visit, e Endpoint) Attempt {
	return v.request(inventedMethod(v.target), e.Path)
}

func withInventedHeader(v visit, e Endpoint) Attempt { return v.with(e, inventedHeader(v.target)) }

func planListedMethods(t Target) ([]Case, string) {
	l := methodList(t)
	l.leftOut = nil // PRE-004 asks for them
	return planList(t, l, withInventedMethod, judgeListed)
}

func planListedHeaders(t Target) ([]Case, string) {
	return planList(t, headerList(t), withInventedHeader, judgeListed)
}

func planPolicyMethods(t Target) ([]Case, string) {
	return planList(t, methodList(t), withInventedMethod, judgePolicyList)
}

func planPolicyHeaders(t Target) ([]Case, string) {
	return planList(t, headerList(t), withInventedHeader, judgePolicyHeaders)
}

// judgeListed takes what planList asked for. It judges how the list is written,
// whatever the browser makes of it.
func judgeListed(l list, asked asked) Judgement {
	for _, o := range asked.all {
		r := preflightReply(o)
		if r == nil {
			continue
		}
		switch items := l.in(r); {
		case slices.Contains(items, "*"):
			return violates(Low, "the %d reply to the preflight of %s has %s: *", r.Status, o.Attempt.Origin(), l.header).withProof(o)
		case hasFold(items, l.invented):
			return violates(Low, "the %d reply to the preflight of %s repeats in %s what was asked for, %s, which Crossexam made up",
				r.Status, o.Attempt.Origin(), l.header, l.invented).withProof(o)
		}
	}
	if doubt := asked.unknown(); doubt != nil {
		return inDoubt(doubt)
	}
	if why := asked.ungranted(); why != "" {
		return Judgement{Verdict: NotApplicable, Reason: why}
	}
	return conforms("asked for %s, the target answers %s with %s", l.invented, asked.invented.Attempt.Origin(), l.text(preflightReply(asked.invented)))
}

// judgePolicyList takes what planList asked for.
func judgePolicyList(l list, asked asked) Judgement {
	invented := asked.invented
	if r := preflightReply(invented); r != nil && invented.Request() != nil {
		j := violates(Low, "the preflight of %s for %s, which Crossexam made up, was approved (%s), and the request left the browser",
			invented.Attempt.Origin(), l.invented, l.text(r)).withProof(invented)
		if judgeListed(l, asked).Verdict == Violates {
			j.FollowsFrom = l.width
		}
		return j
	}
	for _, o := range asked.leftOut {
		if r := preflightReply(o); r != nil && o.Request() != nil {
			return violates(Low, "the preflight of %s for %s, which the declared policy does not have (%s), was approved (%s), and the request left the browser",
				o.Attempt.Origin(), o.Attempt.Method, strings.Join(l.policy, ", "), l.text(r)).withProof(o)
		}
	}
	for _, o := range asked.all {
		r := preflightReply(o)
		if r == nil {
			continue
		}
		origin := o.Attempt.Origin()
		if beyond := l.undeclared(r); len(beyond) > 0 {
			return violates(Low, "the %d reply to the preflight of %s allows %s, which the declared policy does not have (%s)",
				r.Status, origin, quote(strings.Join(beyond, ", ")), cmp.Or(strings.Join(l.policy, ", "), "none")).withProof(o)
		}
	}
	if doubt := asked.unknown(); doubt != nil {
		return inDoubt(doubt)
	}
	if why := asked.ungranted(); why != "" {
		return Judgement{Verdict: NotApplicable, Reason: why}
	}
	if !invented.Blocked() || !invented.Block.Reason.IsPreflight() {
		return inDoubt(whyUnknown(invented, "the preflight"))
	}
	return conforms("the preflight of %s for %s was refused (%s; %s)", invented.Attempt.Origin(), l.invented, invented.Block.Reason, l.text(preflightReply(invented)))
}

// judgePolicyHeaders says besides whether `*` stands where Authorization should:
// the Fetch standard excepts that header from it.
func judgePolicyHeaders(l list, asked asked) Judgement {
	for _, o := range asked.all {
		x := o.Preflight()
		if x == nil || x.Response == nil || !x.Request.Headers.ListHas(cors.HeaderRequestHeaders, "Authorization") {
			continue
		}
		if items := l.in(x.Response); slices.Contains(items, "*") && !hasFold(items, "Authorization") {
			return violates(Low, "the preflight of %s for Authorization was answered with %s, and * does not cover that header",
				o.Attempt.Origin(), l.text(x.Response)).withProof(o)
		}
	}
	return judgePolicyList(l, asked)
}

// unknown says why the answers do not show the lists: the target gave none.
func (asked asked) unknown() *Doubt {
	for _, o := range asked.all {
		if o.Fault != "" || preflightReply(o) == nil {
			return whyUnknown(o, "a preflight")
		}
	}
	return nil
}

// ungranted says that the target refuses the origin whatever it asks for, so that there is
// no list for it. That is what TRU-001, TRU-003, TRU-005 and PRE-006 are about.
func (asked asked) ungranted() string {
	if asked.allowed == nil {
		return ""
	}
	o := *asked.allowed
	if r := preflightReply(o); grantTo(o.Attempt.Origin(), r) == nothing {
		return "The preflight of " + o.Attempt.Origin().String() + " for what it should be allowed was answered " + statusText(r) +
			" with " + grantText(r) + ", so that there are no lists for a front end to judge."
	}
	return ""
}

// text shows the list as it came.
func (l list) text(r *cors.Response) string {
	if vs := r.Headers.Values(l.header); len(vs) > 0 {
		return l.header + ": " + quote(strings.Join(vs, ", "))
	}
	return "no " + l.header
}

// preflightReply is the answer to the preflight, or nil.
func preflightReply(o Observation) *cors.Response {
	if x := o.Preflight(); x != nil {
		return x.Response
	}
	return nil
}
