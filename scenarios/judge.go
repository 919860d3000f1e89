package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func conforms(format string, args ...any) Judgement {
	return Judgement{Verdict: Conforms, Reason: fmt.Sprintf(format, args...)}
}

func violates(s Severity, format string, args ...any) Judgement {
	return Judgement{Verdict: Violates, Severity: s, Reason: fmt.Sprintf(format, args...)}
}

func cannotTell(format string, args ...any) Judgement {
	return Judgement{Verdict: CannotTell, Reason: fmt.Sprintf(format, args...)}
}

// StaysInPartition is the reason for which a partitioned cookie (CHIPS) stays home: it is
// sent only below the site where it was set.
const StaysInPartition = "Partitioned"

// keeper is what kept a cookie home for these reasons.
func keeper(home string) string {
	if home == StaysInPartition {
		return "its partition"
	}
	return "SameSite"
}

// sameSiteReasons are Chrome's reasons of SameSite for keeping cookies home, or that they
// stay in their partition, and empty where there is none. Other reasons (a path, a browser that blocks third-party
// cookies) say nothing of how the target protects itself.
func sameSiteReasons(o Observation) string {
	var why []string
	for _, r := range o.Credential.HeldBack {
		if (strings.Contains(r, "SameSite") || r == StaysInPartition) && !slices.Contains(why, r) {
			why = append(why, r)
		}
	}
	return strings.Join(why, ", ")
}

// notInPlay says why an attempt with an ambient credential shows nothing about
// it: the browser did not send it.
func notInPlay(c Credential, o Observation) string {
	if !c.Ambient() || o.Credential.Sent {
		return ""
	}
	why := ""
	if len(o.Credential.HeldBack) > 0 {
		why = " (" + strings.Join(o.Credential.HeldBack, ", ") + ")"
	}
	return fmt.Sprintf("the victim's %s was not in play: the browser did not send it%s", c.noun(), why)
}

// sameFailure reports whether the target answers the request with the error that a
// request without credential and without Origin gets: the credential was not
// accepted, or there is nothing at this path.
func sameFailure(o, bare Observation) bool {
	a, b := answer(o), answer(bare)
	return a != nil && b != nil && a.Status >= 400 && a.Status == b.Status
}

func isSuccess(r *cors.Response) bool { return r != nil && r.Status >= 200 && r.Status <= 299 }

// quote makes a string of the target safe to print.
func quote(s string) string {
	const limit = 80
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return strconv.Quote(s)
}
