package scenarios

import (
	"slices"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// atHome is a target in the victim's network that asks for no login.
func atHome() Target { return at("http://192.168.7.7:5055", oneEndpoint(Network)) }

var (
	openToAll = reply(200, privateBody, allowOrigin("*"))
	closed    = reply(200, privateBody)
)

func attempts(t *testing.T, cases []Case, reason string) []Attempt {
	t.Helper()
	if len(cases) == 0 {
		t.Fatal(reason)
	}
	return cases[0].Attempts
}

func TestJudgePublicPage(t *testing.T) {
	cases, reason := planPublicPage(atHome())
	as := attempts(t, cases, reason)
	if got := as[0].Page.String(); got != "https://granted.public-attacker.test" {
		t.Errorf("the attempt is made from %s", got)
	}
	after := func(first Observation, r *cors.Response) []Observation {
		return []Observation{first, readBy(as[1], r), answeredTo(as[2], r), answeredTo(as[3], r)}
	}
	rule(t, func(obs []Observation) Judgement { return judgePublicPage(onReads(Network, Medium, obs)[0]) }, []ruling{
		{name: "read", obs: after(readBy(as[0], openToAll), openToAll), verdict: Violates, severity: Medium, exfiltrated: true, reason: "place in the network"},
		{name: "blocked by CORS", obs: after(blockedFrom(as[0], cors.MissingAllowOriginHeader, closed), closed), verdict: Conforms, reason: "MissingAllowOriginHeader"},
		{name: "an error is read", obs: after(readBy(as[0], reply(401, deniedBody, allowOrigin("*"))), denied), verdict: Violates, severity: Low},
		{name: "permission without effect", obs: after(localNetworkBlock(as[0]), openToAll), verdict: CannotTell, reason: "although it had the permission"},
		{name: "control failed", obs: after(broken(as[0]), openToAll), verdict: CannotTell, reason: "could not be opened"},
	})
}

func TestJudgePromptAlone(t *testing.T) {
	cases, reason := planPromptAlone(atHome())
	as := attempts(t, cases, reason)
	insecure := localNetworkBlock(as[0])
	insecure.Block.Reason = cors.InsecureLocalNetwork
	corsBlock := blockedFrom(as[1], cors.MissingAllowOriginHeader, closed)
	rule(t, ofTwo(judgePromptAlone), []ruling{
		{name: "the prompt alone", obs: []Observation{localNetworkBlock(as[0]), readBy(as[1], openToAll)},
			verdict: Violates, severity: Low, proof: 1, reason: "LocalNetworkAccessPermissionDenied"},
		{name: "an insecure page", obs: []Observation{insecure, readBy(as[1], openToAll)}, verdict: Violates, severity: Low, proof: 1, reason: "InsecureLocalNetwork"},
		{name: "not even the prompt", obs: []Observation{readBy(as[0], openToAll), readBy(as[1], openToAll)}, verdict: Violates, severity: Low, reason: "not even the prompt"},
		{name: "CORS too", obs: []Observation{localNetworkBlock(as[0]), corsBlock}, verdict: Conforms, proof: 1, reason: "MissingAllowOriginHeader"},
		{name: "a login too", obs: []Observation{localNetworkBlock(as[0]), readBy(as[1], reply(401, deniedBody, allowOrigin("*")))}, verdict: Conforms, proof: 1, reason: "(401)"},
		{name: "permission without effect", obs: []Observation{localNetworkBlock(as[0]), localNetworkBlock(as[1])}, verdict: CannotTell, reason: "although"},
		{name: "refused page broken", obs: []Observation{broken(as[0]), readBy(as[1], openToAll)}, verdict: CannotTell, reason: "could not be opened"},
		{name: "granted page broken", obs: []Observation{localNetworkBlock(as[0]), broken(as[1])}, verdict: CannotTell, reason: "could not be opened"},
		{name: "refused page met CORS first", obs: []Observation{blockedFrom(as[0], cors.MissingAllowOriginHeader, closed), readBy(as[1], openToAll)},
			verdict: CannotTell, reason: "MissingAllowOriginHeader"},
	})
}

func TestJudgePrivateNetworkPreflight(t *testing.T) {
	cases, reason := planPrivateNetworkPreflight(atHome())
	as := attempts(t, cases, reason)
	if v, _ := as[0].Headers.Get("Access-Control-Request-Private-Network"); v != "true" || as[0].Method != "OPTIONS" {
		t.Errorf("the question is %s %v", as[0].Method, as[0].Headers)
	}
	answer := func(r *cors.Response) []Observation {
		return []Observation{{Attempt: as[0], Exchanges: []cors.Exchange{sent(as[0], r)}}}
	}
	rule(t, byKey(judgePrivateNetworkPreflight), []ruling{
		{name: "given", obs: answer(reply(200, "", "access-control-allow-private-network: true", allowOrigin("*"))), verdict: Violates, severity: Low, reason: `Allow-Origin "*"`},
		{name: "not given", obs: answer(reply(400, "", varyOrigin)), verdict: Conforms},
		{name: "not quite given", obs: answer(reply(200, "", "Access-Control-Allow-Private-Network: false")), verdict: Conforms},
		{name: "no answer", obs: answer(nil), verdict: CannotTell},
	})
}

// The family is about targets in a network of the victim's; what the target is
// decides which of it applies.
func TestNetworkScenariosApplyToLocalTargets(t *testing.T) {
	named := at("https://nas.example", oneEndpoint(Cookie))
	named.Local = true
	for name, c := range map[string]struct {
		target Target
		want   []string
	}{
		"http, no login":   {atHome(), []string{"NET-001", "NET-002", "NET-003", "NET-004"}},
		"https, no login":  {oneEndpoint(Network), []string{"NET-001", "NET-002", "NET-003"}},
		"loopback, cookie": {at("http://127.0.0.1:5055", oneEndpoint(Cookie)), []string{"NET-003"}},
		"a name at home":   {named, []string{"NET-003"}},
		"public":           {oneEndpoint(Cookie), nil},
	} {
		var got []string
		for _, s := range localNetwork() {
			if cases, _ := s.Plan(c.target); len(cases) > 0 {
				got = append(got, s.ID)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v apply, want %v", name, got, c.want)
		}
	}
}
