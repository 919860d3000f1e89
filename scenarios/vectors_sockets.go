package scenarios

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func planSockets(t Target) ([]Case, string) {
	creds := exposed(t)
	switch {
	case len(t.WebSockets) == 0:
		return nil, "The target declares no WebSocket."
	case creds[0] == Anonymous:
		return nil, nothingExposed
	}
	var cases []Case
	for _, socket := range t.WebSockets {
		for _, c := range creds {
			v, e := attack(t, c), Endpoint{Method: "GET", Path: socket.Path, Private: true}
			tried := socketAttempts(v, e, socket)
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: tried.all(),
				Judge:    func(obs Observations) Judgement { return judgeSocket(tried.of(c, reach(t, v.page), obs)) },
			})
		}
	}
	return cases, ""
}

// handshakes are the attacker's and, by hand, the controls; and then each trusted
// origin's, in the browser and by hand, to show that there is something to connect to.
type handshakes struct {
	socket Attempt
	controls
	fronts []Attempt
}

func socketAttempts(v visit, e Endpoint, s Socket) handshakes {
	t, origin := v.target, originHeader(v.page)
	byHand := func(page cors.Origin, c Credential, more ...cors.Header) Attempt {
		return s.of(handshake(t, page, e, c, s.lines(more)...))
	}
	tried := handshakes{socket: s.of(v.unasked(e, WebSocket)), controls: controls{
		alone:  byHand(v.page, Anonymous, origin),
		bare:   byHand(cors.Opaque, Anonymous),
		byHand: byHand(v.page, v.cred, origin),
	}}
	for _, o := range t.Trusted {
		tried.fronts = append(tried.fronts, s.of(frontEnd(t, o, v.cred).unasked(e, WebSocket)), byHand(o, v.cred, originHeader(o)))
	}
	if len(t.Trusted) == 0 { // the target's own page, which only Crossexam itself can play
		tried.fronts = append(tried.fronts, handshake(t, t.Origin(), e, v.cred, originHeader(t.Origin())))
	}
	return tried
}

// of has an attempt talk as the socket wants it.
func (s Socket) of(a Attempt) Attempt {
	a.Protocols, a.Message, a.Then = s.Protocols, s.FirstMessage, s.Then
	return a
}

// lines are those of a handshake, the subprotocols among them (RFC 6455, section
// 11.3.4).
func (s Socket) lines(more []cors.Header) cors.Headers {
	if len(s.Protocols) > 0 {
		more = append(more, cors.Header{Name: "Sec-WebSocket-Protocol", Value: strings.Join(s.Protocols, ", ")})
	}
	return more
}

func (h handshakes) all() []Attempt { return append(h.after(h.socket), h.fronts...) }

func (h handshakes) of(c Credential, reach Severity, obs Observations) (ev evidence, fronts []Observation) {
	return h.controls.of(c, reach, obs.Of(h.socket), obs), obs.each(h.fronts)
}

// unasked is a read by a vector that has no credentials mode: the browser adds
// what it has.
func (v visit) unasked(e Endpoint, vector Vector) Attempt {
	a := v.read(e)
	a.Vector, a.Omit = vector, false
	if !v.cred.Ambient() {
		a.Identity = Anonymous
	}
	return a
}

// handshake is one by Crossexam itself. The key is the example of RFC 6455,
// section 1.3: it keeps nothing secret.
func handshake(t Target, page cors.Origin, e Endpoint, c Credential, more ...cors.Header) Attempt {
	return probe(t, page, e, c, append(cors.Headers{
		{Name: "Connection", Value: "Upgrade"},
		{Name: "Upgrade", Value: "websocket"},
		{Name: "Sec-WebSocket-Version", Value: "13"},
		{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="},
	}, more...)...)
}

// connected reports whether the handshake was accepted, as a browser sees it: a 101 whose
// Sec-WebSocket-Accept does not fit the key is a failure (RFC 6455, section 4.1).
func connected(o Observation) bool {
	r := answer(o)
	if r == nil || r.Status != http.StatusSwitchingProtocols {
		return false
	}
	x := o.Request()
	key, ok := x.Request.Headers.Get("Sec-WebSocket-Key")
	accept, _ := r.Headers.Get("Sec-WebSocket-Accept")
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return !ok || accept == base64.StdEncoding.EncodeToString(sum[:])
}

// judgeSocket takes the evidence on the attacker's handshake, and those of the
// trusted origins.
func judgeSocket(ev evidence, fronts []Observation) Judgement {
	c, reach, socket, byHand := ev.cred, ev.reach, ev.read, ev.byHand
	origin, r := socket.Attempt.Origin(), socket.Response()
	absent := notInPlay(c, socket)
	switch {
	case socket.Fault != "":
		return inDoubt(socket.Doubt())
	case r == nil:
		return inDoubt(socket.Doubt())
	case connected(socket):
		return judgeConnected(ev)
	case absent != "" && answer(byHand) == nil:
		return cannotTell("the handshake of %s was refused (%d), but %s", origin, r.Status, absent).until(LacksPrivacy)
	case absent != "" && connected(byHand):
		return violates(Medium.atMost(reach), "the handshake of %s with the victim's %s is accepted; only the browser kept it home", origin, c.noun()).withProof(byHand)
	case absent != "":
		r = answer(byHand)
	}
	for _, front := range fronts {
		if connected(front) {
			return conforms("the handshake of %s was refused (%d), and that of %s accepted", origin, r.Status, front.Attempt.Origin())
		}
	}
	if len(fronts) == 0 {
		return cannotTell("the handshake of %s was refused (%d), and no trusted origin is declared that would show whether any is accepted", origin, r.Status).until(LacksTrusted)
	}
	return cannotTell("the handshake of %s was refused (%d), but no trusted origin could connect either (%s)", origin, r.Status, whyRefused(fronts[0])).until(LacksFrontEnd)
}

func whyRefused(o Observation) string {
	if r := answer(o); r != nil {
		return fmt.Sprintf("%s got %d", o.Attempt.Origin(), r.Status)
	}
	return o.Inconclusive()
}

// judgeConnected judges a handshake of the attacker that was accepted.
func judgeConnected(ev evidence) Judgement {
	c, reach, socket, alone, bare, byHand := ev.cred, ev.reach, ev.read, ev.alone, ev.bare, ev.byHand
	origin, message := socket.Attempt.Origin(), socket.Response().Body
	stolen := socket.Loot != nil && message != ""
	differs := connected(alone) && connected(bare) && answer(alone).Body == answer(bare).Body && message != answer(alone).Body
	refused := answer(alone) != nil && !connected(alone)
	switch absent := notInPlay(c, socket); {
	case absent != "" && connected(byHand):
		return violates(Medium.atMost(reach), "the handshake of %s was accepted, and is with the victim's %s too, which only the browser kept home", origin, c.noun())
	case absent != "":
		return violates(Low, "the handshake of %s was accepted, but %s", origin, absent)
	case stolen && (c.ofPlace() || refused || differs):
		j := violates(reach, "%s connected with the victim's %s, and %d bytes of the first message reached the attacker's collector", origin, c.noun(), socket.Loot.Bytes)
		j.Exfiltrated = true
		return j
	case !c.ofPlace() && refused:
		return violates(reach, "%s connected with the victim's %s, without which the handshake is refused (%d)", origin, c.noun(), answer(alone).Status)
	}
	return violates(Low, "the handshake of %s was accepted, but nothing private was proved to leave", origin)
}
