package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

var liveSocket = Endpoint{Method: "GET", Path: "/api/live", Private: true}

// switches answers a handshake made by hand (RFC 6455, section 1.3 has the pair), and says
// something.
func switches(message string) *cors.Response {
	return reply(101, message, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
}

// opened is a socket that the browser opened; the page sends home what it said.
func opened(a Attempt, message string) Observation {
	o := readBy(a, switches(message))
	if message == "" {
		o.Loot = nil
	}
	return o
}

func turnedAway(status int) func(Attempt) Observation {
	return func(a Attempt) Observation {
		o := observe(a, sent(a, reply(status, "")))
		o.Page.Error = "WebSocket gives no reason"
		o.Block.Network = "Error during WebSocket handshake"
		return o
	}
}

func TestJudgeSocket(t *testing.T) {
	target := oneEndpoint(Cookie)
	v := attack(target, Cookie)
	as := socketAttempts(v, liveSocket, Socket{Path: liveSocket.Path}).all()
	opens := func(message string) func(Attempt) Observation {
		return func(a Attempt) Observation { return opened(a, message) }
	}
	athome := func(f func(Attempt) Observation) func(Attempt) Observation {
		return func(a Attempt) Observation { return lacking(f(a)) }
	}
	refuses := turnedAway(403)
	no, yes := reply(403, ""), switches("diary")
	// by hand: without the credential, without an Origin, with the credential
	made := func(socket func(Attempt) Observation, alone, bare, byHand *cors.Response, front func(Attempt) Observation, frontByHand *cors.Response) []Observation {
		obs := []Observation{socket(as[0])}
		for i, r := range []*cors.Response{alone, bare, byHand} {
			if r == nil {
				obs = append(obs, broken(as[i+1]))
			} else {
				obs = append(obs, answeredTo(as[i+1], r))
			}
		}
		return append(obs, front(as[4]), answeredTo(as[5], frontByHand))
	}
	rule(t, func(obs []Observation) Judgement { return judgeSocket(onReads(Cookie, High, obs[:4])[0], obs[4:]) }, []ruling{
		{name: "refused", obs: made(refuses, no, no, no, opens("diary"), yes), verdict: Conforms,
			reason: "of https://evil.test was refused (403), and that of https://app.example.org accepted"},
		{name: "refused, front end by hand", obs: made(refuses, no, no, no, turnedAway(401), yes), verdict: Conforms},
		{name: "refused, no cookie, by hand too", obs: made(athome(turnedAway(401)), no, no, no, opens("diary"), yes), verdict: Conforms, reason: "(403)"},
		{name: "refused, as everyone", obs: made(refuses, no, no, no, turnedAway(404), reply(404, "")), verdict: CannotTell,
			reason: "no trusted origin could connect either (https://app.example.org got 404)"},
		{name: "answered as if accepted, which no browser takes for it", obs: made(athome(refuses), no, no, reply(101, "diary"), opens(""), yes), verdict: Conforms},
		{name: "refused, front end broken", obs: made(refuses, no, no, no, broken, no), verdict: CannotTell, reason: "the page could not be opened"},
		{name: "refused, no cookie, by hand unknown", obs: made(athome(turnedAway(401)), no, no, nil, opens("diary"), yes), verdict: CannotTell, reason: "not in play"},
		{name: "refused, nobody trusted", obs: made(refuses, no, no, no, opens(""), yes)[:4], verdict: CannotTell, reason: "no trusted origin is declared"},
		{name: "fault", obs: made(broken, no, no, no, opens(""), yes), verdict: CannotTell, reason: "could not be opened"},
		{name: "no answer", obs: made(func(a Attempt) Observation { return observe(a) }, no, no, no, opens(""), yes), verdict: CannotTell, reason: "nothing was observed"},

		{name: "stolen", obs: made(opens("diary"), no, no, yes, opens("diary"), yes), verdict: Violates, severity: High, exfiltrated: true,
			reason: "connected with the victim's cookie, and 5 bytes"},
		{name: "stolen, others get something else", obs: made(opens("diary"), switches("hi"), switches("hi"), yes, opens("diary"), yes),
			verdict: Violates, severity: High, exfiltrated: true},
		{name: "silent, and refused without the cookie", obs: made(opens(""), no, no, yes, opens(""), yes), verdict: Violates, severity: High,
			reason: "without which the handshake is refused (403)"},
		{name: "the same for all", obs: made(opens("hi"), switches("hi"), switches("hi"), switches("hi"), opens("hi"), yes), verdict: Violates, severity: Low,
			reason: "nothing private"},
		{name: "different every time", obs: made(opens("3"), switches("1"), switches("2"), yes, opens("4"), yes), verdict: Violates, severity: Low},
		{name: "open to all, cookie at home", obs: made(athome(opens("hi")), yes, yes, yes, opens("hi"), yes), verdict: Violates, severity: Medium, reason: "only the browser kept home"},
		{name: "open to all but the cookie", obs: made(athome(opens("hi")), yes, yes, no, opens("hi"), yes), verdict: Violates, severity: Low, reason: "not in play"},
		{name: "refused, accepted by hand", obs: made(athome(turnedAway(401)), no, no, yes, opens("hi"), yes), verdict: Violates, severity: Medium, proof: 3,
			reason: "only the browser kept it home"},
	})

	network := socketAttempts(attack(oneEndpoint(Network), Network), liveSocket, Socket{Path: liveSocket.Path}).all()
	obs := func(socket Observation) []Observation {
		return []Observation{socket, answeredTo(network[1], yes), answeredTo(network[2], yes), answeredTo(network[3], yes), opened(network[4], "diary"), answeredTo(network[5], yes)}
	}
	judge := func(obs []Observation) Judgement {
		return judgeSocket(onReads(Network, High, obs[:4])[0], obs[4:])
	}
	if j := judge(obs(opened(network[0], "diary"))); j.Verdict != Violates || j.Severity != High || !j.Exfiltrated {
		t.Errorf("from the network: %+v", j)
	}
	if j := judge(obs(opened(network[0], ""))); j.Verdict != Violates || j.Severity != Low || j.Exfiltrated {
		t.Errorf("from the network, silent: %+v", j)
	}
}

// A socket has no credentials mode, so that whose browser it is matters.
func TestSocketAttemptsNameTheVictim(t *testing.T) {
	for cred, want := range map[Credential]Credential{Cookie: Cookie, Basic: Basic, Network: Anonymous} {
		for i, a := range socketAttempts(attack(rich(cred), cred), liveSocket, Socket{Path: liveSocket.Path}).all() {
			if a.Vector == WebSocket && (a.Identity != want || a.Omit) {
				t.Errorf("%s: attempt %d is by %q, omit %t", cred, i, a.Identity, a.Omit)
			}
		}
	}
}
