package main

import "github.com/crossexam/crossexam/scenarios"

// wouldTell words for the command line what would tell, where a case could not be judged.
func wouldTell(l scenarios.Lack) string {
	switch l {
	case scenarios.LacksAnswer:
		return "try again when the API answers, with a lower --rate or longer limits where it refuses many requests or is slow"
	case scenarios.LacksConnection:
		return "see whether the browser reaches the API (crossexam doctor); what it said is in the evidence of report.html"
	case scenarios.LacksEvidence:
		return "run it again; where it stays, the evidence in report.html says what was seen, and Crossexam has a fault worth a report"
	case scenarios.LacksSuccess:
		return "name an endpoint that answers with a success, with --read"
	case scenarios.LacksPrivacy:
		return "name an endpoint that answers the victim with private data, with --read, and give the credential that opens it"
	case scenarios.LacksCredential:
		return "give a credential that the API takes: try the same request with curl, and give what it wants besides, such as a token against CSRF (--header)"
	case scenarios.LacksCookie:
		return "give the cookie as the server sets it, such as --cookie 'NAME=VALUE; SameSite=None; Secure'"
	case scenarios.LacksFrontEnd:
		return "mend first what keeps the trusted front end out (the TRU requirements), or name the right origin with --trusted"
	case scenarios.LacksTrusted:
		return "name the origin of the front end with --trusted"
	case scenarios.LacksError:
		return "write the request that provokes the error, and the status that it gets, into errors of crossexam.yaml"
	case scenarios.LacksRedirect:
		return "name a path that the API redirects in redirects of crossexam.yaml"
	case scenarios.LacksWrite:
		return "name the endpoint as safe_to_write in crossexam.yaml, if a write of a test does no harm there"
	case scenarios.LacksBody:
		return "give the endpoint a body that the API takes, in crossexam.yaml"
	case scenarios.LacksMethod:
		return "have policy.methods in crossexam.yaml list the methods that the API knows"
	case scenarios.LacksHeader:
		return "name an endpoint whose reply has the header, with --read, or take the header out of policy in crossexam.yaml"
	case scenarios.LacksStability:
		return "name an endpoint whose reply stays the same, with --read"
	case scenarios.LacksLog:
		return "give the log from the API's start, with --startup-log; startup_log.warning and startup_log.origins in crossexam.yaml say what its lines look like"
	case scenarios.LacksLaunch:
		return "see in its output why it does not start so, and correct launch in crossexam.yaml"
	}
	return ""
}

// wouldTellAssistant words the same for the tool.
func wouldTellAssistant(l scenarios.Lack) string {
	switch l {
	case scenarios.LacksAnswer:
		return "examine it again when the API answers; where it refuses many requests or is slow, whoever starts `crossexam mcp` can give a lower --rate or longer limits"
	case scenarios.LacksConnection:
		return "see with doctor whether the browser works here; the evidence in read_report has what it said"
	case scenarios.LacksEvidence:
		return "examine it again; where it stays, read_report has what was seen, and Crossexam has a fault worth a report"
	case scenarios.LacksSuccess:
		return "name an endpoint that answers with a success, with `read`"
	case scenarios.LacksPrivacy:
		return "name an endpoint that answers the victim with private data, with `read`, and give the credential that opens it"
	case scenarios.LacksCredential:
		return "give a credential that the API takes, with what it wants besides, such as a token against CSRF with `headers`"
	case scenarios.LacksCookie:
		return "give the whole Set-Cookie line with `cookies`, attributes included"
	case scenarios.LacksFrontEnd:
		return "mend first what keeps the trusted front end out (the TRU requirements), or name the right origin with `trusted`"
	case scenarios.LacksTrusted:
		return "name the origin of the front end with `trusted`"
	case scenarios.LacksStability:
		return "name an endpoint whose reply stays the same, with `read`"
	case scenarios.LacksHeader:
		return "name an endpoint whose reply has the header, with `read`, or take the header out of policy in crossexam.yaml"
	case scenarios.LacksWrite:
		return "this tool lets no write through: `crossexam test` does, where crossexam.yaml names the endpoint as safe_to_write"
	}
	return wouldTell(l) // in crossexam.yaml, with which the tool is started
}
