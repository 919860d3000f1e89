package target

import (
	"fmt"
	"slices"
	"strings"
)

// LeftAlone is an operation that is not examined.
type LeftAlone struct {
	operation string // "GET /logout"
	why       string // for a sentence
	Reason    LeftReason
	// Private says that its reply depends on the victim, as far as anybody can tell
	// without having seen it.
	Private bool
}

// LeftReason is why discovery leaves an operation alone.
type LeftReason string

// The reasons. With those marked so the operation holds what nobody has looked at.
const (
	LeftByName     LeftReason = "name"       // unseen: its name says that it has an effect
	LeftExcluded   LeftReason = "excluded"   // unseen
	LeftStream     LeftReason = "stream"     // unseen
	LeftLogin      LeftReason = "login"      // unseen: it needs a login that nobody gave, or answered 401 or 403
	LeftUnanswered LeftReason = "unanswered" // unseen: it did not answer, or with a server's error
	LeftBeyond     LeftReason = "beyond"     // more of the kind than are examined
	LeftParameters LeftReason = "parameters" // it needs values that the document has not
	LeftOutside    LeftReason = "outside"    // of the target's URL
	LeftNotFound   LeftReason = "not-found"  // it answered otherwise than with success
	LeftPage       LeftReason = "page"       // it answered with no data
)

func (r LeftReason) unseen() bool {
	switch r {
	case LeftByName, LeftExcluded, LeftStream, LeftLogin, LeftUnanswered:
		return true
	}
	return false
}

// Unseen is how much of what is private an examination does not look at.
type Unseen struct {
	// examined is how many private reads there are, and Left those that were left
	// alone and that nobody has looked at. What is like an examined one (another
	// page of the same list, one more of many) is not among them.
	examined int
	Left     []LeftAlone
}

// Unseen tells how much of what is private was left alone.
func (d Discovery) Unseen() Unseen {
	var u Unseen
	for _, e := range d.Reads {
		if e.Private {
			u.examined++
		}
	}
	for _, l := range d.Left {
		if l.Private && l.Reason.unseen() {
			u.Left = append(u.Left, l)
		}
	}
	return u
}

// Most reports whether what was left alone is all or most of what is private, so that
// nothing can be said of the API's private data as a whole.
func (u Unseen) Most() bool { return len(u.Left) > u.examined }

// String says it in a sentence, and is empty where nothing was left alone.
func (u Unseen) String() string {
	if len(u.Left) == 0 {
		return ""
	}
	return fmt.Sprintf("Of %d private endpoints that are known, %d were not examined: %s.", u.examined+len(u.Left), len(u.Left), firstOf(u.Left))
}

// Refused names what asked for a login, or refused the one that was given; it is empty
// where nothing did.
func (u Unseen) Refused() string {
	refused := slices.DeleteFunc(slices.Clone(u.Left), func(l LeftAlone) bool { return l.Reason != LeftLogin })
	if len(refused) == 0 {
		return ""
	}
	return firstOf(refused)
}

func (f *finder) left(operation string, reason LeftReason, private bool, format string, args ...any) {
	f.found.Left = append(f.found.Left, LeftAlone{operation: operation, Reason: reason, Private: private, why: fmt.Sprintf(format, args...)})
}

// refusal is the reason that a reply's status is.
func refusal(status int) LeftReason {
	switch {
	case status == 401 || status == 403:
		return LeftLogin
	case status >= 500 || status == 429:
		return LeftUnanswered
	}
	return LeftNotFound
}

// leftByReason is a sentence for each reason, with the first few operations.
func leftByReason(left []LeftAlone) []string {
	var order []string
	by := map[string][]LeftAlone{}
	for _, l := range left {
		if by[l.why] == nil {
			order = append(order, l.why)
		}
		by[l.why] = append(by[l.why], l)
	}
	s := make([]string, 0, len(order))
	for _, why := range order {
		s = append(s, "Left alone: "+firstOf(by[why])+" ("+why+").")
	}
	return s
}

// firstOf names the first few operations, and how many more there are.
func firstOf(left []LeftAlone) string {
	const shown = 5
	var names []string
	for _, l := range left[:min(len(left), shown)] {
		names = append(names, l.operation)
	}
	text := strings.Join(names, ", ")
	if more := len(left) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
