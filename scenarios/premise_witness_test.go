package scenarios

import (
	"slices"
	"testing"
)

// Names of members that stand often are of the kind of reply; one that stands once may be
// of what it holds today.
func TestMarksAreNames(t *testing.T) {
	one := jsonReply(200, `{"process-0000000001":{"load":1,"time":1},"process-0000000002":{"load":2,"time":1},"of-two-replies":{"load":3,"time":1},"of-two-more-replies":7,"of-three-more":7,"of-four":7}`)
	two := jsonReply(200, `{"process-0000000007":{"load":4,"time":2},"process-0000000008":{"load":5,"time":2},"of-two-replies":{"load":6,"time":2},"of-two-more-replies":8,"of-three-more":8,"of-four":8}`)
	if got := marks(one, two, nil); !slices.Contains(got, `"load"`) || slices.Contains(got, `"time"`) || slices.Contains(got, `"of-four"`) {
		t.Errorf("the marks are %q", got)
	}
}
