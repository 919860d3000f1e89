package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// explained reports whether a violation follows from another one of this report that
// fails the run: a reader who mends that one mends both.
func (r Report) explained(c Result) bool {
	return c.FollowsFrom != "" && slices.ContainsFunc(r.Results, func(root Result) bool {
		return root.ID == c.FollowsFrom && root.convicts()
	})
}

// followers says which scenarios are violated by the same rule as this one, whose
// violation fails the run. It is empty where there are none.
func (r Report) followers(id string) string {
	var ids []string
	for _, c := range r.Results {
		if c.FollowsFrom == id && c.Verdict == scenarios.Violates && !c.Accepted && !slices.Contains(ids, c.ID) {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return fmt.Sprintf("%s violated by the same rule: %s", plural(len(ids), "other requirement is", "other requirements are"), strings.Join(ids, ", "))
}
