package scenarios

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/crossexam/crossexam/cors"
)

// A Witness is the mark of the private reply. A reply carries it where its status is
// in the same class and, unless Parts is empty, at least one of the parts is in its
// body.
type Witness struct {
	Status int `json:"status"`
	// Parts stood in both of two replies to the victim, and not in the stranger's,
	// which was asked for between them: a time or an id that changes by itself is in
	// none of them. Values come first, then names of members, which stay where all the
	// values of a reply change.
	Parts []string `json:"parts,omitempty"`
}

// CarriedBy reports whether a reply is the private one. That of HEAD has no body, so
// that the status has to do.
func (w Witness) CarriedBy(r *cors.Response) bool {
	if r == nil || r.Status/100 != w.Status/100 {
		return false
	}
	return len(w.Parts) == 0 || slices.ContainsFunc(w.Parts, func(part string) bool { return strings.Contains(r.Body, part) })
}

const (
	// mostParts is how many parts a witness has, and mostNames how many names of members:
	// enough that one of them survives a change of the data during the run.
	mostParts = 8
	mostNames = 4
	// shortPart and longPart bound the length of a part, in bytes. What is shorter
	// stands anywhere by chance.
	shortPart, longPart = 2, 200
)

// memberName is the name of a member of a JSON object, with its quotation marks.
var memberName = regexp.MustCompile(`("([A-Za-z_$][\w$.-]{2,60})")\s*:`)

// marks are what a witness consists of: values, and the names of members that stand in
// both replies and not in the third, the most frequent first, for those that stand once may
// be data (of an object by process, say). Names that any service may have in any reply, an
// error among them, mark nothing.
func marks(one, two, without *cors.Response) []string {
	times := map[string]int{}
	for _, m := range memberName.FindAllStringSubmatch(one.Body, -1) {
		name := m[1]
		if !TellsOfService(m[2]) && strings.Contains(two.Body, name) && (without == nil || !strings.Contains(without.Body, name)) {
			times[name]++
		}
	}
	names := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(times[b]-times[a], len(b)-len(a), strings.Compare(a, b))
	})
	return append(parts(one, two, without), names[:min(len(names), mostNames)]...)
}

// parts are what stands in both replies and not in the third, the longest first. A
// reply to be without may be nil.
func parts(one, two, without *cors.Response) []string {
	var found []string
	for _, part := range segments(one) {
		if strings.Contains(two.Body, part) && !(without != nil && strings.Contains(without.Body, part)) && !slices.Contains(found, part) {
			found = append(found, part)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found[:min(len(found), mostParts)]
}

// segments takes a body apart where data formats separate one value from the next. A
// body that was cut loses its last segment, which may have been cut too.
func segments(r *cors.Response) []string {
	list := strings.FieldsFunc(r.Body, func(c rune) bool { return strings.ContainsRune(",{}[]<>&;|\r\n\t", c) })
	if r.Truncated && len(list) > 0 {
		list = list[:len(list)-1]
	}
	var kept []string
	for _, s := range list {
		s = strings.TrimSpace(s)
		if len(s) > longPart {
			s = strings.ToValidUTF8(s[:longPart], "")
		}
		if len(s) >= shortPart && strings.ContainsFunc(s, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) {
			kept = append(kept, s)
		}
	}
	return kept
}

// alike reports whether a reply is what the other two are but for what changes by
// itself: there is something that does not change in them, and all of it is in the
// reply.
func alike(r, one, two *cors.Response) bool {
	if r.Status/100 != one.Status/100 {
		return false
	}
	return len(parts(one, two, nil)) > 0 && len(parts(one, two, r)) == 0
}
