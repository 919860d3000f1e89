package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func planExposedSecrets(t Target) ([]Case, string) {
	judge := func(obs Observations) Judgement { return judgeExposedSecrets(t.Policy.Exposed, obs) }
	return planned(repliesToEveryone(t, judge), noReads)
}

// judgeExposedSecrets takes what the operator declared to be exposed: a token that
// the front end is to read is one of that list.
func judgeExposedSecrets(declared []string, obs Observations) Judgement {
	return judgeReplies(obs, "no reply exposes a secret header", func(r *cors.Response) string {
		names := r.Headers.List(cors.HeaderExposeHeaders)
		if slices.Contains(names, "*") && hasLine(r, cors.HeaderAllowCredentials, "true") {
			return "has Access-Control-Expose-Headers: * with credentials, where it is a name like any other"
		}
		for _, name := range names {
			if isSecret(name) && !hasFold(declared, name) {
				return "exposes " + quote(name)
			}
		}
		return ""
	})
}

// isSecret reports whether a response header holds, by its name, what a page should
// not read. Pages never see Set-Cookie, so that who lists it means something else.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	if name == "mcp-session-id" {
		return false // which MCP has every client read and send back (Streamable HTTP, "Session Management")
	}
	for _, part := range []string{"authorization", "set-cookie", "token", "secret", "session", "password", "api-key", "apikey"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func planResourceHeaders(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range t.PrivateReads() {
		v := attack(t, exposed(t)[0])
		read := v.read(e)
		if v.asks(e) { // the browser may be refused before there is a reply
			read = byHand(read, v.cred, originHeader(v.page))
		}
		cases = append(cases, single(v.subject(e), read, judgeResourceHeaders))
	}
	return planned(cases, "The target declares no private endpoint to read.")
}

func judgeResourceHeaders(o Observation) Judgement {
	if doubt := silence(o); doubt != nil {
		return inDoubt(doubt)
	}
	origin, r := o.Attempt.Origin(), o.Response()
	if r == nil {
		return cannotTell("the target did not answer the request itself").until(LacksAnswer)
	}
	var said []string
	for _, name := range []string{"Timing-Allow-Origin", "Cross-Origin-Resource-Policy", "X-Content-Type-Options"} {
		if v, ok := r.Headers.Get(name); ok {
			said = append(said, name+": "+quote(v))
		} else {
			said = append(said, "no "+name)
		}
	}
	all := strings.Join(said, ", ")
	timing := r.Headers.List("Timing-Allow-Origin")
	switch {
	case slices.Contains(timing, "*"), slices.Contains(timing, origin.String()):
		return violates(Low, "the %d reply tells %s how long it took and how large it is (%s)", r.Status, origin, all)
	case !r.Headers.ListHas("X-Content-Type-Options", "nosniff"):
		return violates(Low, "browsers may take the %d reply for another type than it says (%s)", r.Status, all)
	}
	return conforms("the %d reply has %s", r.Status, all)
}

// injected is the header that shows that a line break got through.
const injected = "Crossexam-Injected"

// lineBreaks are spellings that servers have been known to turn into CR LF: percent
// encoding, and characters whose last byte is CR or LF where only that is kept. The
// two bytes themselves end the header wherever HTTP is spoken.
var lineBreaks = []string{"%0d%0a", "\u560d\u560a"}

func planInjection(t Target) ([]Case, string) {
	e := firstRead(t)
	var cases []Case
	for _, page := range append([]cors.Origin{arbitrary(t)}, t.Trusted...) {
		var attempts []Attempt
		for _, br := range lineBreaks {
			origin := page.String() + br + injected + ":" + t.Label
			attempts = append(attempts, probe(t, page, e, Anonymous, cors.Header{Name: cors.HeaderOrigin, Value: origin}))
		}
		cases = append(cases, Case{
			Subject:  Subject{Endpoint: e.String(), Origin: page.String() + " and a line break"},
			Attempts: attempts,
			Judge:    judgeInjection,
		})
	}
	return cases, ""
}

func judgeInjection(obs Observations) Judgement {
	for _, o := range obs.All() {
		r := o.Response()
		if r == nil {
			continue
		}
		asked, _ := o.Attempt.Headers.Get(cors.HeaderOrigin)
		for _, l := range r.Headers {
			switch {
			case strings.EqualFold(l.Name, injected):
				return violates(Medium, "an Origin of %s ended the header line it was copied into: the %d reply has the line %s of its own making",
					quote(asked), r.Status, quote(l.Name+": "+l.Value)).withProof(o)
			case strings.ContainsAny(l.Value, "\r\n"):
				return violates(Medium, "an Origin of %s was copied into %s of the %d reply with a line break in it: %s",
					quote(asked), l.Name, r.Status, quote(l.Value)).withProof(o)
			}
		}
	}
	if doubt := silence(obs.All()...); doubt != nil {
		return inDoubt(doubt)
	}
	return conforms("no line break in the Origin survives in a header (%d tried)", len(obs.All()))
}
