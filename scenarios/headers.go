package scenarios

import (
	"fmt"
	"net/url"

	"github.com/crossexam/crossexam/cors"
)

// headerSyntax is the family HDR: the headers' own form, and caches.
func headerSyntax() []Scenario {
	return []Scenario{
		{
			ID:       "HDR-001",
			Title:    "A response has at most one Access-Control-Allow-Origin, which is * or one origin",
			Level:    Must,
			Guidance: []Guidance{fetchStandard("http-new-header-syntax"), fetchStandard("cors-check"), chen2018()},
			Fix: "Answer with the one origin that asked, without path or trailing slash, and never with a list or a pattern. " +
				"If nginx and FastAPI both add the header, let only one of them do so (proxy_hide_header Access-Control-Allow-Origin).",
			Plan: planAllowOriginSyntax,
		},
		{
			ID:       "HDR-002",
			Title:    "A response whose grant depends on the origin says Vary: Origin",
			Level:    Must,
			Guidance: []Guidance{fetchStandard("cors-protocol-and-http-caches"), rfc("9110", "12.5.5"), rfc("9111", "4.1")},
			Fix: "Add Vary: Origin to every reply, those to refused origins and without an Origin too: in nginx add_header Vary Origin always. " +
				"Starlette's CORSMiddleware leaves it out there.",
			Plan: planVary,
		},
	}
}

func planAllowOriginSyntax(t Target) ([]Case, string) {
	cases := repliesToEveryone(t, judgeAllowOriginSyntax)
	for _, p := range provocations(t, anyError) {
		for _, v := range everyone(t) {
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: []Attempt{v.provoke(p.ErrorRecipe)},
				Judge:    judgeAllowOriginSyntax,
			})
		}
	}
	return planned(cases, noReads)
}

func judgeAllowOriginSyntax(obs []Observation) Judgement {
	return judgeReplies(obs, "no reply has a malformed Access-Control-Allow-Origin or more than one", func(r *cors.Response) string {
		switch vs := r.Headers.Values(cors.HeaderAllowOrigin); {
		case len(vs) > 1:
			return fmt.Sprintf("has %d lines of Access-Control-Allow-Origin", len(vs))
		case len(vs) == 1 && vs[0] != "*" && !isSerializedOrigin(vs[0]):
			return "has Access-Control-Allow-Origin: " + quote(vs[0]) + ", which is neither * nor one origin"
		}
		return ""
	})
}

// isSerializedOrigin follows the Fetch standard, #http-new-header-syntax. Schemes
// other than http and https (extensions, apps) have no default port to leave out.
func isSerializedOrigin(s string) bool {
	if _, err := cors.ParseOrigin(s); err == nil {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "http" && u.Scheme != "https" && u.Host != "" && s == u.Scheme+"://"+u.Host
}
