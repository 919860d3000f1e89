package scenarios

import (
	"slices"

	"github.com/crossexam/crossexam/cors"
)

// memberLabel stands before the domain of a pattern in the member that stands for it: of
// letters alone, see siblingLabel.
const memberLabel = "crossexammember"

// MemberOf is the origin that stands for all of a pattern where its front end is
// played.
func MemberOf(p cors.Pattern) cors.Origin { return p.Member(memberLabel) }

// Trusts reports whether the operator declared that an origin may read the target, by
// its name or by a pattern, or may mean it.
func (t Target) Trusts(o cors.Origin) bool {
	return slices.Contains(t.Trusted, o) || slices.Contains(t.Questioned, o) || slices.ContainsFunc(t.Patterns, func(p cors.Pattern) bool { return p.Matches(o) })
}

// DeclaredTrust are the trusted origins as the operator wrote them, each pattern in the
// place of its member. It is empty where nobody said which are trusted.
func (t Target) DeclaredTrust() []string {
	list := []string{}
	if t.Assumed {
		return list
	}
	for _, o := range t.Trusted {
		i := slices.IndexFunc(t.Patterns, func(p cors.Pattern) bool { return MemberOf(p) == o })
		if i >= 0 {
			list = append(list, t.Patterns[i].String())
		} else {
			list = append(list, o.String())
		}
	}
	return append(list, t.OtherTrusted...)
}

// patternDomains are the domains before which the labels of a declared pattern stand.
// What resembles one of them may be taken for a member.
func patternDomains(t Target) []cors.Origin {
	var all []cors.Origin
	for _, p := range t.Patterns {
		if o, ok := p.Domain(); ok && !t.Trusts(o) && o != t.Origin() {
			all = append(all, o)
		}
	}
	return all
}
