package scenarios

import "github.com/crossexam/crossexam/cors"

// wildcardDefaults is the family WLD: deployments that trust every origin.
func wildcardDefaults() []Scenario {
	return []Scenario{
		{
			ID:       "WLD-001",
			Title:    "A page on an arbitrary origin cannot read a private endpoint with the victim's credential",
			Level:    Must,
			Topic:    Reading,
			Attacker: AnySite,
			Anyone:   true,
			Guidance: []Guidance{
				hardeningStep("step 1"), asvs5("3.4.2"), apiTop10("API8:2023"), cwe("942"), wstg("WSTG-CLNT-07"),
			},
			Fix:  "List the front end's origins instead of \"*\" or an echo, and grant no other one.",
			Plan: planArbitrary,
		},
		{
			ID:       "WLD-002",
			Title:    "A page on an arbitrary http:// origin cannot read a private endpoint with the victim's credential",
			Level:    Must,
			Topic:    Reading,
			Attacker: AnyHTTPSite,
			Anyone:   true,
			Guidance: []Guidance{hardeningStep("step 1"), asvs5("3.4.2"), cwe("942"), chen2018()},
			Fix: "Compare the whole origin, its scheme included, with the list of the front end's origins. " +
				"A pattern such as \"https?://\" trusts whoever can change the victim's unencrypted traffic.",
			Plan: planArbitraryInsecure,
		},
		{
			ID:       "WLD-003",
			Title:    "A page on an arbitrary origin cannot read a private endpoint from the victim's place in the network",
			Level:    Must,
			Topic:    Reading,
			Attacker: AnySite,
			Anyone:   true,
			Guidance: []Guidance{
				hardeningStep("step 1"), fetchStandard("basic-safe-cors-protocol-setup"), asvs5("3.4.2"), cwe("942"),
			},
			Fix: "Have the API ask for a login, or put one in front, and list the front end's origins instead of \"*\" or an echo. " +
				"Without a login, any page that the victim opens reads the API through the victim's browser.",
			Plan: planNetwork,
		},
		{
			ID:       "WLD-004",
			Title:    "Access-Control-Allow-Origin: * never comes with Access-Control-Allow-Credentials: true",
			Level:    Should,
			Topic:    Reading,
			Guidance: []Guidance{fetchStandard("cors-protocol-and-credentials"), hardeningStep("step 2"), cwe("942")},
			Fix: "List the front end's origins instead of \"*\", or allow no credentials. " +
				"Browsers refuse the two together, and frameworks that notice turn them into an echo of any origin.",
			Plan: planWildcardWithCredentials,
		},
		{
			ID:       "WLD-005",
			Title:    "The answer to an arbitrary origin does not turn into a grant when a credential comes along",
			Level:    Must,
			Topic:    Reading,
			Attacker: AnySite,
			Indirect: true,
			Guidance: []Guidance{
				hardeningStep("step 1"), hardeningStep("step 2"), fetchStandard("cors-protocol-and-credentials"), cwe("346"),
			},
			Fix:  "List the front end's origins instead of \"*\", or allow no credentials.",
			Plan: planCredentialTrap,
		},
		{
			ID:       "WLD-006",
			Title:    "Access-Control-Allow-Methods lists methods by name: it is not * and does not repeat what was asked for",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{hardeningStep("step 3"), fetchStandard("basic-safe-cors-protocol-setup"), fetchStandard("cors-preflight-fetch")},
			Fix:      "List the methods that the front end uses, such as GET, POST, PUT and DELETE, instead of \"*\" or an echo.",
			Plan:     planListedMethods,
		},
		{
			ID:       "WLD-007",
			Title:    "Access-Control-Allow-Headers lists headers by name: it is not * and does not repeat what was asked for",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{hardeningStep("step 3"), fetchStandard("basic-safe-cors-protocol-setup"), fetchStandard("cors-preflight-fetch")},
			Fix:      "List the headers that the front end sends, such as Authorization and Content-Type, instead of \"*\" or an echo.",
			Plan:     planListedHeaders,
		},
	}
}

const noAmbient = "The victim has no credential that the browser sends by itself."

func planArbitrary(t Target) ([]Case, string) {
	if len(t.Ambient()) == 0 {
		return nil, noAmbient
	}
	return thefts(attack(t, Anonymous), t.Ambient(), Fetch)
}

func planArbitraryInsecure(t Target) ([]Case, string) {
	switch {
	case arbitrary(t) == insecure():
		return nil, "An https page cannot fetch from this http:// target, so the arbitrary origin of WLD-001 is http:// already."
	case len(t.Ambient()) == 0:
		return nil, noAmbient
	}
	return thefts(visit{target: t, page: insecure()}, t.Ambient(), Fetch)
}

func planNetwork(t Target) ([]Case, string) {
	if !t.Has(Network) {
		return nil, "A place in the victim's network is not enough to read this target."
	}
	return thefts(attack(t, Network), []Credential{Network}, Fetch)
}

const noReads = "The target declares no endpoint to read."

func planWildcardWithCredentials(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range t.Reads() {
		for _, c := range exposed(t) {
			v := attack(t, c)
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: []Attempt{v.read(e), alone(v.read(e)), v.preflighted(e)},
				Judge:    judgeWildcardWithCredentials,
			})
		}
	}
	return planned(cases, noReads)
}

func judgeWildcardWithCredentials(obs Observations) Judgement {
	return judgeReplies(obs, "no reply has both", func(r *cors.Response) string {
		if hasLine(r, cors.HeaderAllowOrigin, "*") && hasLine(r, cors.HeaderAllowCredentials, "true") {
			return "has " + grantText(r) + ", which browsers refuse"
		}
		return ""
	})
}
