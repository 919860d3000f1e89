package scenarios

import "fmt"

// preflights is the family PRE: what the browser asks for before a request that
// no form could make.
func preflights() []Scenario {
	return []Scenario{
		{
			ID:       "PRE-001",
			Title:    "A preflight from an arbitrary origin is refused for every method beyond GET, HEAD and POST",
			Level:    Must,
			Guidance: []Guidance{hardeningStep("step 1"), hardeningStep("step 3"), fetchStandard("cors-preflight-fetch"), asvs5("3.5.2")},
			Fix: "List the front end's origins instead of \"*\"; a preflight from any other origin must get no Access-Control-Allow-Origin. " +
				"Where nginx answers OPTIONS itself, its answer must follow the same list.",
			Plan: planAttackerMethods,
		},
		{
			ID:       "PRE-003",
			Title:    "No state-changing request of an arbitrary origin leaves the browser",
			Level:    Must,
			Guidance: []Guidance{asvs5("3.5.1"), asvs5("3.5.2"), asvs5("3.5.3"), fetchStandard("cors-preflight-fetch"), cwe("346")},
			Fix: "Approve preflights of the listed origins only: once a preflight is approved the write happens, " +
				"even if the page cannot read the answer.",
			Plan: planAttackerWrites,
		},
		{
			ID:       "PRE-006",
			Title:    "Preflight and request agree on which origins are accepted",
			Level:    Must,
			Guidance: []Guidance{fetchStandard("cors-preflight-fetch"), fetchStandard("cors-check"), hardeningStep("step 1")},
			Fix: "Let one place, the application or the proxy, answer both the OPTIONS request and the request itself from one list of origins. " +
				"In FastAPI that is CORSMiddleware; then remove the OPTIONS block from nginx.",
			Plan: planAgreement,
		},
		{
			ID:       "PRE-007",
			Title:    "A preflight of a trusted origin is answered without a login",
			Level:    Must,
			Guidance: []Guidance{fetchStandard("cors-protocol-and-credentials"), fetchStandard("cors-preflight-fetch"), hardeningStep("section on placement")},
			Fix: "Run CORS before authentication: add CORSMiddleware last, so that it is outermost, and let auth_request or basic auth of the proxy skip OPTIONS. " +
				"Browsers send preflights without credentials.",
			Plan: planPreflightWithoutLogin,
		},
	}
}

func planAttackerMethods(t Target) ([]Case, string) {
	methods := without(usedMethods(t), "POST")
	if len(methods) == 0 {
		methods = []string{"PUT", "DELETE", "PATCH"}
	}
	return attackerWrites(t, methods, judgeAttackerMethod), ""
}

func planAttackerWrites(t Target) ([]Case, string) {
	methods := usedMethods(t)
	if len(methods) == 0 {
		methods = []string{"POST", "PUT", "DELETE", "PATCH"}
	}
	return attackerWrites(t, methods, judgeAttackerWrite), ""
}

type writeJudge func(c Credential, reach Severity, o Observation) Judgement

func attackerWrites(t Target, methods []string, judge writeJudge) []Case {
	var cases []Case
	for _, m := range methods {
		for _, c := range exposed(t) {
			v, e := attack(t, c), endpointFor(t, m)
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: []Attempt{v.write(e)},
				Judge:    func(obs []Observation) Judgement { return judge(c, reach(t, v.page), obs[0]) },
			})
		}
	}
	return cases
}

func judgeAttackerMethod(c Credential, reach Severity, o Observation) Judgement {
	return judgeWrite(c, reach, o, "the preflight for %s from %s was approved, and the request followed: %s")
}

func judgeAttackerWrite(c Credential, reach Severity, o Observation) Judgement {
	return judgeWrite(c, reach, o, "%s from %s left the browser: %s")
}

// judgeWrite judges what an attacker's request shows once it is out, or that it
// stayed in. accusation takes the method, the origin and the circumstances.
func judgeWrite(c Credential, reach Severity, o Observation, accusation string) Judgement {
	if o.Fault != "" {
		return cannotTell("%s", o.Fault)
	}
	origin, method := o.Attempt.Origin(), o.Attempt.Method
	if o.Blocked() && o.Block.Reason.IsPreflight() {
		return conforms("the preflight for %s from %s was refused (%s), and nothing was sent", method, origin, o.Block.Reason)
	}
	x := o.Request()
	if x == nil {
		return cannotTell("%s", o.Inconclusive())
	}
	severity, circumstances := writeGravity(c, reach, o)
	switch {
	case x.Withheld:
		circumstances += ", and Crossexam withheld it from the target"
	case x.Response != nil:
		circumstances += fmt.Sprintf(", and the target answered %d", x.Response.Status)
	}
	return violates(severity, accusation, method, origin, circumstances)
}

// writeGravity says what a request that left the browser could have done.
func writeGravity(c Credential, reach Severity, o Observation) (Severity, string) {
	home := keptHome(o)
	switch {
	case c == Network:
		return reach, "the victim's place in the network is all it needs"
	case !c.Ambient():
		return Low, "it had no credential of the victim with it"
	case o.Credential.Sent:
		return reach, "it had the victim's " + c.noun() + " with it"
	case home != "":
		return Medium.atMost(reach), "only SameSite kept the cookie home (" + home + ")"
	}
	return Low, notInPlay(c, o)
}
