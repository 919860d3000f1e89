package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// misspelling says why browsers take a value of Access-Control-Allow-Origin for no origin,
// as a clause, and what to change. Both are empty for what is one, and for a list.
func misspelling(value string) (why, fix string) {
	bare := strings.Trim(value, "\"' ")
	right := spelledRight(bare)
	switch lower := strings.ToLower(value); {
	case namesSomebody(value):
		return "", ""
	case strings.TrimSpace(value) == "":
		return "which is empty", fixUnset
	case slices.Contains([]string{"undefined", "none", "nil", "<nil>", "false", "true", "[object object]"}, lower):
		return "which is how a program writes a setting that is not there", fixUnset
	case strings.ContainsAny(value, "${}%<>()"):
		return "which is a variable that nobody filled in", "Have the variable filled in before the value is sent: set it for the program that starts the server (an .env file, envsubst, the values of a chart), in quotes that let it be expanded. Then compare the Origin with it, character by character."
	case strings.ContainsFunc(bare, isListSeparator):
		return "", ""
	case strings.Contains(value, "*") && bare == value:
		return "which is a pattern, and browsers know none there", "Compare the Origin with a list of exact origins in the server, and answer with the one that asks: no pattern is sent."
	}
	switch {
	case bare != value:
		why = "which has quotation marks around it"
	case !strings.Contains(value, "://"):
		return "which lacks the scheme", fmt.Sprintf("Write the origin with its scheme, %s, as browsers do: they compare the value letter by letter.", quote("https://"+value))
	case right == "":
		return "", ""
	case strings.ToLower(value) == right:
		why = "which has capitals, and browsers write an origin without"
	case strings.HasPrefix(value, right+"/"):
		why = "which has a path, if only a slash, and an origin has none"
	case strings.HasPrefix(value, right+":"):
		why = "which names the port that its scheme has anyway, and browsers leave that out"
	default:
		why = "which is not how browsers write it"
	}
	if right == "" {
		return why, "Take the quotation marks away: browsers compare the value letter by letter."
	}
	return why, fmt.Sprintf("Write %s: browsers compare the value letter by letter with the origin as they write it (scheme and host in lower case, no default port, no slash at the end, no quotation marks).", right)
}

const fixUnset = "Give the setting that has the allowed origins a value, for this program and this environment: the header is sent with what stands for a missing one. Without a value the server should send no such header."

func isListSeparator(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == ';' }

// spelledRight is an http or https URL's origin as browsers write it, and empty for
// anything else.
func spelledRight(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	o, err := cors.ParseOrigin(cors.OriginOf(u).String())
	if err != nil || o.IsOpaque() {
		return ""
	}
	return o.String()
}

// inThePlaceOf is the origin that a reply names in the place of the one that asked, which
// differs from it in its scheme, its port or a leading www alone: somebody's slip, and no
// other front end. It is empty where the reply names none, or another.
func inThePlaceOf(asked string, r *cors.Response) string {
	if r == nil {
		return ""
	}
	named := r.Headers.Values(cors.HeaderAllowOrigin)
	if len(named) != 1 || named[0] == asked {
		return ""
	}
	a, errA := cors.ParseOrigin(asked)
	n, errN := cors.ParseOrigin(named[0])
	if errA != nil || errN != nil || a.IsOpaque() || n.IsOpaque() || strings.TrimPrefix(a.Host(), "www.") != strings.TrimPrefix(n.Host(), "www.") {
		return ""
	}
	return named[0]
}

// misspelledOrigin is a trusted origin that the server sends as somebody wrote it, so that
// no browser takes it for the front end's.
func misspelledOrigin() causeKind {
	slip := func(f Judged) (named, why string) {
		switch {
		case f.Answer == nil:
		case f.ID == "HDR-001" && len(f.Answer.Headers.Values(cors.HeaderAllowOrigin)) == 1:
			named, _ = f.Answer.Headers.Get(cors.HeaderAllowOrigin)
			why, _ = misspelling(named)
		case lockedOut(f) && (f.Block == cors.AllowOriginMismatch || f.Block == cors.PreflightAllowOriginMismatch):
			if named = inThePlaceOf(f.Subject.Origin, f.Answer); named != "" {
				why = "in the place of " + f.Subject.Origin
			}
		}
		return named, why
	}
	return causeKind{
		id: "misspelled-origin",
		words: func(findings []Judged) string {
			for _, f := range findings {
				if named, why := slip(f); why != "" {
					return fmt.Sprintf("replies say Access-Control-Allow-Origin: %s, %s", quote(named), why)
				}
			}
			return ""
		},
		shows: func(f Judged) bool { _, why := slip(f); return why != "" },
		fells: func(f Judged, shown []Judged) bool {
			return f.ID == "CRD-005" || lockedOut(f) || slices.ContainsFunc(shown, func(s Judged) bool {
				named, _ := slip(s)
				// Who is named there can read, and nobody else.
				return strings.HasPrefix(f.ID, "ORG") && f.Subject.Origin == named || f.ID == "CRD-004" && granted(f) == nothing
			})
		},
		roots: []string{"HDR-001", "TRU-001"},
	}
}
