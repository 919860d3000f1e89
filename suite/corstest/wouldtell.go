package corstest

import "github.com/crossexam/crossexam/scenarios"

// wouldTell words in options what would tell, where a case could not be judged.
func wouldTell(l scenarios.Lack) string {
	switch l {
	case scenarios.LacksAnswer:
		return "have the handler answer within the limits, and leave rate limiters out of it"
	case scenarios.LacksConnection, scenarios.LacksEvidence:
		return "run it again; where it stays, the browser cannot do here what it should (crossexam doctor)"
	case scenarios.LacksSuccess:
		return "name an endpoint that answers with a success, with corstest.Read"
	case scenarios.LacksPrivacy:
		return "name an endpoint that answers the victim with private data, with corstest.Read, and give the credential that opens it"
	case scenarios.LacksCredential:
		return "give a credential that the handler takes: make the session in the test"
	case scenarios.LacksCookie:
		return "give corstest.Cookie the attributes that the handler sets"
	case scenarios.LacksFrontEnd:
		return "mend first what keeps the trusted front end out (the TRU requirements), or name the right origin with corstest.Trusted"
	case scenarios.LacksTrusted:
		return "name the origin of the front end with corstest.Trusted"
	case scenarios.LacksWrite, scenarios.LacksBody:
		return "give corstest.Endpoint a body that the handler takes, and SafeToWrite"
	case scenarios.LacksMethod:
		return "have corstest.Policy list the methods that the handler knows"
	case scenarios.LacksHeader:
		return "name an endpoint whose reply has the header with corstest.Read, or take the header out of corstest.Policy"
	case scenarios.LacksStability:
		return "name an endpoint whose reply stays the same, with corstest.Read"
	case scenarios.LacksError, scenarios.LacksRedirect, scenarios.LacksLog, scenarios.LacksLaunch:
		return "correct it with corstest.Configure"
	}
	return ""
}
