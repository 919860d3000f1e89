package suite

import (
	"errors"
	"fmt"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/crossexam/crossexam/engine"
)

// ErrSelectsNothing says that a label filter matches no spec.
var ErrSelectsNothing = errors.New("the label filter matches nothing")

// Select narrows a plan to the items whose labels match a Ginkgo label filter,
// such as "ORG", "cookie && must" or "WLD-001". An empty filter selects all.
// Only what is selected is attempted. A filter that matches nothing is an error,
// never an empty run.
func Select(p engine.Plan, filter string) (engine.Plan, error) {
	matches, err := types.ParseLabelFilter(filter)
	if err != nil {
		return p, fmt.Errorf("the label filter %q cannot be read: %s", filter, firstLine(err))
	}
	selected := p.Select(func(i engine.Item) bool { return matches(i.Labels()) })
	if len(selected.Items) == 0 {
		return p, fmt.Errorf("%w: %q; labels are scenario IDs and %s", ErrSelectsNothing, filter, known(p.Items))
	}
	return selected, nil
}

// firstLine leaves out the drawing that Ginkgo adds under its message.
func firstLine(err error) string {
	var g types.GinkgoError
	if errors.As(err, &g) && g.Message != "" {
		line, _, _ := strings.Cut(strings.TrimSpace(g.Message), "\n")
		return line
	}
	return err.Error()
}
