package scenarios

import (
	"fmt"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

const (
	allowMethods = cors.HeaderAllowMethods + ": "
	allowHeaders = cors.HeaderAllowHeaders + ": "
)

// lists runs a judge on the observations of a list's attempts.
func lists(judge func(list, asked) Judgement, l list) func([]Observation) Judgement {
	return func(obs []Observation) Judgement { return judge(l, asked{obs[0], &obs[1], obs[2:], obs}) }
}

func TestJudgeLists(t *testing.T) {
	target := rich(Cookie)
	v := frontEnd(target, target.Trusted[0], Cookie)
	granted := func(lines ...string) *cors.Response {
		return reply(204, "", append([]string{allowOrigin(trustedOrigin), withCredentials}, lines...)...)
	}
	m, h := methodList(target), headerList(target)
	methods, headers := allowMethods+"GET, POST, PUT, DELETE", allowHeaders+"Authorization, Content-Type"
	both := granted(methods, headers)
	bare := reply(400, "")
	invented := withInventedMethod(v, privateRead)
	made := withInventedHeader(v, privateRead)
	allowed := v.preflighted(privateRead)
	ok := after(both, readBy(allowed, reply(200, privateBody)))
	refused := func(a Attempt, r *cors.Response) Observation {
		return refusedTo(a, cors.MethodDisallowedByPreflightResponse, r)
	}
	through := func(a Attempt, r *cors.Response) Observation { return after(r, withheldFrom(a)) }
	patch := v.request("PATCH", privateRead.Path)
	strange := refusedTo(allowed, cors.PreflightMissingAllowOriginHeader, bare)

	t.Run("listed methods", func(t *testing.T) {
		rule(t, lists(judgeListed, m), []ruling{
			{name: "listed", obs: []Observation{refused(invented, both), ok}, verdict: Conforms, reason: `"GET, POST, PUT, DELETE"`},
			{name: "refused without a list", obs: []Observation{refused(invented, bare), ok}, verdict: Conforms, reason: "no Access-Control-Allow-Methods"},
			{name: "wildcard", obs: []Observation{refused(invented, granted(allowMethods+"GET, *")), ok}, verdict: Violates, severity: Low, reason: "Allow-Methods: *"},
			{name: "echo", obs: []Observation{through(invented, granted(allowMethods+invented.Method)), ok}, verdict: Violates, severity: Low, reason: "CROSSEXAM-R4ND0M"},
			{name: "wildcard in the second", obs: []Observation{refused(invented, bare), after(granted(allowMethods+"*"), readBy(allowed, reply(200, "")))},
				verdict: Violates, severity: Low, proof: 1},
			{name: "the origin is refused", obs: []Observation{refused(invented, bare), strange}, verdict: NotApplicable, reason: "no grant"},
			{name: "no answer", obs: []Observation{broken(invented), ok}, verdict: CannotTell},
		})
	})
	t.Run("listed headers", func(t *testing.T) {
		rule(t, lists(judgeListed, h), []ruling{
			{name: "listed", obs: []Observation{refused(made, both), ok}, verdict: Conforms, reason: `"Authorization, Content-Type"`},
			{name: "echo", obs: []Observation{after(granted(allowHeaders+"crossexam-r4nd0m"), readBy(made, reply(200, ""))), ok}, verdict: Violates, severity: Low},
			{name: "no answer", obs: []Observation{refused(made, both), localNetworkBlock(allowed)}, verdict: CannotTell},
		})
	})
	t.Run("methods of the policy", func(t *testing.T) {
		rule(t, lists(judgePolicyList, m), []ruling{
			{name: "refused", obs: []Observation{refused(invented, both), ok}, verdict: Conforms, reason: "MethodDisallowed"},
			{name: "harmless ones more", obs: []Observation{refused(invented, granted(allowMethods+"HEAD, OPTIONS, GET")), ok}, verdict: Conforms},
			{name: "approved", obs: []Observation{through(invented, both), ok}, verdict: Violates, severity: Low, reason: "left the browser"},
			{name: "an unused one", obs: []Observation{refused(invented, granted(methods+", PATCH")), ok}, verdict: Violates, severity: Low, reason: `"PATCH"`},
			{name: "the origin is refused", obs: []Observation{refused(invented, bare), strange}, verdict: NotApplicable},
			{name: "a real one that is left out", obs: []Observation{refused(invented, both), ok, through(patch, granted(allowMethods+"GET, PUT"))}, verdict: Violates, severity: Low, proof: 2, reason: "for PATCH, which the declared policy does not have"},
			{name: "a real one that is left out, and refused", obs: []Observation{refused(invented, both), ok, refused(patch, both)}, verdict: Conforms},
			{name: "not CORS", obs: []Observation{after(both, localNetworkBlock(invented)), ok}, verdict: CannotTell, reason: "LocalNetwork"},
		})
	})
	t.Run("headers of the policy", func(t *testing.T) {
		token := v.with(privateRead, cors.Header{Name: "Authorization", Value: "Bearer crossexam"})
		fine := after(both, readBy(token, reply(200, "")))
		judge := func(obs []Observation) Judgement { return judgePolicyHeaders(h, asked{obs[0], &obs[1], nil, obs}) }
		rule(t, judge, []ruling{
			{name: "refused", obs: []Observation{refused(made, both), ok, fine}, verdict: Conforms},
			{name: "approved", obs: []Observation{after(both, readBy(made, reply(200, ""))), ok, fine}, verdict: Violates, severity: Low},
			{name: "one more", obs: []Observation{refused(made, granted(headers+", X-Debug")), ok, fine}, verdict: Violates, severity: Low, reason: `"X-Debug"`},
			{name: "wildcard for Authorization", obs: []Observation{refused(made, both), ok, after(granted(allowHeaders+"*, Content-Type"), readBy(token, reply(200, "")))},
				verdict: Violates, severity: Low, proof: 2, reason: "does not cover"},
			{name: "wildcard beside Authorization", obs: []Observation{refused(made, both), ok, after(granted(headers+", *"), readBy(token, reply(200, "")))}, verdict: Conforms},
			{name: "no answer", obs: []Observation{refused(made, both), ok, broken(token)}, verdict: CannotTell},
		})
	})
}

// Of the methods that a policy leaves out, the common ones are asked for.
func TestMethodsThatThePolicyLeavesOut(t *testing.T) {
	target := oneEndpoint(Cookie)
	target.Policy.Methods = []string{"GET", "POST", "PUT"}
	for _, c := range []struct {
		methods []string
		want    string
	}{{[]string{"GET", "POST", "PUT"}, "[PATCH DELETE]"}, {nil, "[]"}, {[]string{"*"}, "[]"}, {[]string{"PUT", "PATCH", "DELETE"}, "[]"}} {
		target.Policy.Methods = c.methods
		if got := fmt.Sprint(methodList(target).leftOut); got != c.want {
			t.Errorf("%v leaves out %s, want %s", c.methods, got, c.want)
		}
	}
}

// A list of everything approves what Crossexam made up, too.
func TestApprovalsThatFollowFromTheWidth(t *testing.T) {
	target := rich(Cookie)
	v := frontEnd(target, target.Trusted[0], Cookie)
	invented, allowed := withInventedMethod(v, privateRead), v.preflighted(privateRead)
	for list, want := range map[string]string{allowMethods + invented.Method: "WLD-006", allowMethods + "GET": ""} {
		r := reply(204, "", allowOrigin(trustedOrigin), withCredentials, list)
		obs := []Observation{after(r, withheldFrom(invented)), after(r, readBy(allowed, private))}
		if j := lists(judgePolicyList, methodList(target))(obs); j.Verdict != Violates || j.FollowsFrom != want {
			t.Errorf("%s: %+v", list, j)
		}
	}
}

// Where nothing is declared, every list may be meant.
func TestUndeclaredPolicyConvictsNoItem(t *testing.T) {
	target := oneEndpoint(Cookie)
	r := reply(204, "", allowMethods+"GET, PATCH", allowHeaders+"X-Debug")
	if m, h := methodList(target).undeclared(r), headerList(target).undeclared(r); m != nil || h != nil {
		t.Errorf("methods %v, headers %v", m, h)
	}
}
