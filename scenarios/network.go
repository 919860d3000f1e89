package scenarios

import (
	"cmp"

	"github.com/crossexam/crossexam/cors"
)

// localNetwork is the family NET: targets on loopback or in a private network,
// which the victim's browser reaches and the attacker does not.
func localNetwork() []Scenario {
	return []Scenario{
		{
			ID:       "NET-001",
			Title:    "A page on a public address cannot read a private endpoint in the victim's network, even with the browser's permission",
			Level:    Must,
			Topic:    LocalNetwork,
			Attacker: NetworkPage,
			Guidance: []Guidance{
				hardeningStep("step 1"), hardeningStep("section on placement"), fetchStandard("basic-safe-cors-protocol-setup"), asvs5("3.4.2"), cwe("942"),
			},
			Fix: "List the front end's origins instead of \"*\", and have the API ask for a login. " +
				"The browser's question about the local network is no defence: users say yes, and other browsers do not ask.",
			Plan: planPublicPage,
		},
		{
			ID:       "NET-002",
			Title:    "More than the browser's permission prompt keeps a page on a public address from a private endpoint",
			Level:    Info,
			Topic:    LocalNetwork,
			Guidance: []Guidance{hardeningStep("section on placement"), fetchStandard("basic-safe-cors-protocol-setup")},
			Fix: "List the front end's origins instead of \"*\", and have the API ask for a login, so that the answer of one user to one " +
				"prompt decides nothing.",
			Plan: planPromptAlone,
		},
		{
			ID:       "NET-003",
			Title:    "An attacker's preflight never gets Access-Control-Allow-Private-Network: true",
			Level:    Must,
			Topic:    LocalNetwork,
			Guidance: []Guidance{hardeningStep("step 1"), hardeningStep("section on placement"), asvs5("3.4.2"), cwe("942")},
			Fix: "Remove Access-Control-Allow-Private-Network from the application and from the proxy, " +
				"or send it only with the Access-Control-Allow-Origin of a listed origin.",
			Plan: planPrivateNetworkPreflight,
		},
		{
			ID:       "NET-004",
			Title:    "A request that names a foreign host gets nothing private, so that DNS rebinding gets nothing",
			Level:    Must,
			Topic:    LocalNetwork,
			Attacker: NetworkPage,
			Guidance: []Guidance{hardeningStep("section on placement"), cwe("346")},
			Fix:      "Refuse requests whose Host is none of yours, such as with 421. A login protects as well.",
			Plan:     planRebinding,
		},
	}
}

const notNetwork = "A place in the victim's network is not enough to read this target."

// isLocal reports whether the target is on loopback or in a private network.
func (t Target) isLocal() bool { return t.Local || t.Has(Network) || t.Origin().IsLocal() }

func planPublicPage(t Target) ([]Case, string) {
	if !t.Has(Network) {
		return nil, notNetwork
	}
	v := visit{target: t, page: public(Granted), cred: Network}
	var cases []Case
	for _, e := range t.PrivateReads() {
		read, controls := v.read(e), v.controls(v.page, e)
		cases = append(cases, Case{
			Subject:  v.subject(e),
			Attempts: controls.after(read),
			// The victim has to be talked into an answer first, which caps the severity.
			Judge: func(obs Observations) Judgement {
				return judgePublicPage(controls.of(Network, Medium, obs.Of(read), obs))
			},
		})
	}
	return planned(cases, "The target declares no private endpoint to read.")
}

// judgePublicPage judges a page that has the permission to connect to the network.
func judgePublicPage(ev evidence) Judgement {
	if why := permissionIgnored(ev.read); why != "" {
		return cannotTell("%s", why).until(LacksEvidence)
	}
	return judgeTheft(ev)
}

// permissionIgnored says that Chrome guarded the local network from a page that
// has the permission, which shows nothing about the target.
func permissionIgnored(granted Observation) string {
	if granted.Fault == "" && guardsNetwork(granted.Block.Reason) {
		return "Chrome kept the page from the local network (" + string(granted.Block.Reason) + ") although it had the permission"
	}
	return ""
}

// guardsNetwork reports whether Chrome blocked a request because of where it went,
// before anything was asked of the target.
func guardsNetwork(r cors.Reason) bool {
	return r == cors.LocalNetworkAccessPermissionDenied || r == cors.InsecureLocalNetwork || r == cors.InvalidLocalNetworkAccess
}

func planPromptAlone(t Target) ([]Case, string) {
	if !t.Has(Network) {
		return nil, notNetwork
	}
	var cases []Case
	for _, e := range t.PrivateReads() {
		v := visit{target: t, page: public(Refused), cred: Network}
		refused := v.read(e)
		granted := visit{target: t, page: public(Granted), cred: Network}.read(e)
		cases = append(cases, Case{
			Subject:  v.subject(e),
			Attempts: []Attempt{refused, granted},
			Judge:    func(obs Observations) Judgement { return judgePromptAlone(obs.Of(refused), obs.Of(granted)) },
		})
	}
	return planned(cases, "The target declares no private endpoint to read.")
}

// judgePromptAlone takes the read of a page without the permission, and of one
// that has it.
func judgePromptAlone(refused, granted Observation) Judgement {
	if why := permissionIgnored(granted); why != "" {
		return cannotTell("%s", why).until(LacksEvidence)
	}
	if doubt := granted.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	switch {
	case !granted.Read():
		return conforms("the target itself kept its reply from the page that had the permission (%s)", granted.Block.Reason).withProof(granted)
	case !isSuccess(answer(granted)):
		return conforms("the page that had the permission got an error (%d) and nothing more", granted.Page.Status).withProof(granted)
	case refused.Fault != "":
		return inDoubt(refused.Doubt())
	case guardsNetwork(refused.Block.Reason):
		return violates(Low, "Chrome blocked the page that the victim refused the permission (%s), and the target gave its %d reply to the one that had it: the prompt is all that protects it",
			refused.Block.Reason, granted.Page.Status).withProof(granted)
	case refused.Read():
		return violates(Low, "the page read the %d reply although the victim had refused the permission: not even the prompt protects the target", refused.Page.Status)
	}
	return cannotTell("Chrome did not say that it guarded the local network from the page that was refused the permission (%s)", cmp.Or(refused.Inconclusive(), string(refused.Block.Reason))).until(LacksEvidence)
}

const (
	requestPrivateNetwork = "Access-Control-Request-Private-Network"
	allowPrivateNetwork   = "Access-Control-Allow-Private-Network"
)

func planPrivateNetworkPreflight(t Target) ([]Case, string) {
	if !t.isLocal() {
		return nil, "The target is neither on loopback nor in a private network."
	}
	var cases []Case
	for _, e := range t.Reads() {
		v := attack(t, Anonymous)
		ask := probe(t, v.page, Endpoint{Path: e.Path}, Anonymous, originHeader(v.page),
			cors.Header{Name: cors.HeaderRequestMethod, Value: e.Method}, cors.Header{Name: requestPrivateNetwork, Value: "true"})
		ask.Method = "OPTIONS"
		cases = append(cases, Case{Subject: v.subject(e), Attempts: []Attempt{ask}, Judge: judgePrivateNetworkPreflight})
	}
	return planned(cases, noReads)
}

// judgePrivateNetworkPreflight looks at headers alone: Chrome asked this question
// until it came to ask the user instead.
func judgePrivateNetworkPreflight(obs Observations) Judgement {
	return judgeReplies(obs, "no reply has Access-Control-Allow-Private-Network: true", func(r *cors.Response) string {
		if !hasLine(r, allowPrivateNetwork, "true") {
			return ""
		}
		return "has Access-Control-Allow-Private-Network: true, with " + grantText(r)
	})
}
