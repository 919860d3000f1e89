package scenarios

// A Lack is what would tell, of a case that could not be judged. Front ends say what to do
// about it in the words of their users.
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

// Lacks are all of them.
func Lacks() []Lack {
	return []Lack{
		LacksAnswer, LacksConnection, LacksEvidence, LacksSuccess, LacksPrivacy, LacksCredential, LacksCookie, LacksFrontEnd, LacksTrusted,
		LacksError, LacksRedirect, LacksWrite, LacksBody, LacksMethod, LacksHeader, LacksStability, LacksLog, LacksLaunch,
	}
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
