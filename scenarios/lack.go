package scenarios

// A Lack is what is missing where a case could not be judged.
type Lack string

// What a case can lack.
const (
	LacksAnswer     Lack = "answer"            // the target gave none, or broke it off
	LacksConnection Lack = "connection"        // the browser did not come as far as the target's policy
	LacksEvidence   Lack = "evidence"          // what page, browser and wire saw does not make a whole
	LacksSuccess    Lack = "success"           // the reply was an error, and a success shows it
	LacksPrivacy    Lack = "private-reply"     // nothing private was at stake
	LacksCredential Lack = "credential"        // the target did not take the victim's
	LacksCookie     Lack = "cookie-attributes" // how the browser keeps the cookie is not known
	LacksFrontEnd   Lack = "front-end"         // the trusted front end itself cannot do it
	LacksTrusted    Lack = "trusted-origin"    // none is declared that would show the difference
	LacksError      Lack = "error"             // the declared way to provoke one does not
	LacksRedirect   Lack = "redirect"          // none was met
	LacksWrite      Lack = "write"             // it was withheld from the target
	LacksBody       Lack = "body"              // the target takes none of those that were sent
	LacksMethod     Lack = "method"            // the target does not know it
	LacksHeader     Lack = "header"            // no reply has the one that is asked about, or no page may set it
	LacksStability  Lack = "stable-reply"      // it changes by itself
	LacksLog        Lack = "startup-log"       // it does not say what it should
	LacksLaunch     Lack = "launch"            // the target does not start with that configuration
)

// WouldTell says in one sentence, without a full stop, what to do so that the case can be
// judged. It names entries of the configuration, which each front door says in the words of
// its users.
func (l Lack) WouldTell() string {
	switch l {
	case LacksAnswer:
		return "try again when the API answers, with a lower `limits.requests_per_second` or longer limits where it refuses many requests or is slow"
	case LacksConnection:
		return "see whether the browser reaches the API (crossexam doctor); the evidence has what it said"
	case LacksEvidence:
		return "run it again; where it stays, the evidence says what was seen, and Crossexam has a fault worth a report"
	case LacksSuccess:
		return "name an endpoint that answers with a success, with `read`"
	case LacksPrivacy:
		return "name an endpoint that answers the victim with private data, with `read`, and give the credential that opens it"
	case LacksCredential:
		return "give a credential that the API takes: try the same request with curl, and give what it wants besides, such as a token against CSRF (`credentials.headers`)"
	case LacksCookie:
		return "give the cookie as the server sets it, such as 'NAME=VALUE; SameSite=None; Secure' with `credentials.cookies`"
	case LacksFrontEnd:
		return "mend first what keeps the trusted front end out (the TRU requirements), or name the right origin with `trusted`"
	case LacksTrusted:
		return "name the origin of the front end with `trusted`"
	case LacksError:
		return "write the request that provokes the error, and the status that it gets, into the `errors` of the configuration"
	case LacksRedirect:
		return "name a path that the API redirects in the `redirects` of the configuration"
	case LacksWrite:
		return "declare the endpoint `safe_to_write` in the configuration, if a write of a test does no harm there"
	case LacksBody:
		return "give the endpoint a `body` that the API takes, in the configuration"
	case LacksMethod:
		return "have `policy.methods` list the methods that the API knows"
	case LacksHeader:
		return "name an endpoint whose reply has the header, with `read`, or take the header out of `policy.headers` or `policy.exposed`"
	case LacksStability:
		return "name an endpoint whose reply stays the same, with `read`"
	case LacksLog:
		return "give the log from the API's start, with `startup_log`; `startup_log.warning` and `startup_log.origins` in the configuration say what its lines look like"
	case LacksLaunch:
		return "see in its output why it does not start so, and correct `launch` in the configuration"
	}
	return ""
}

// lack is what would settle a doubt.
func (d *Doubt) lack() Lack {
	switch {
	case d == nil:
	case d.Kind == Unanswered:
		return LacksAnswer
	case d.Kind == OtherBlock, d.Kind == Failed, d.Kind == ForeignAnswer:
		return LacksConnection
	}
	return LacksEvidence
}

// until says what would tell.
func (j Judgement) until(l Lack) Judgement {
	j.Lack = l
	return j
}
