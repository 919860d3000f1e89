package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestDoubts(t *testing.T) {
	a := attack(oneEndpoint(Cookie), Cookie).read(privateRead)
	dead := sent(a, nil)
	dead.Fault = "the target closed the connection"
	unexplained := observe(a)
	unexplained.Page.Error = "TypeError: Failed to fetch"
	failed := unexplained
	failed.Block.Network = "net::ERR_FAILED"
	for _, tt := range []struct {
		observed Observation
		want     DoubtKind // empty for none
		says     string
	}{
		{readBy(a, private), "", ""},
		{blockedFrom(a, cors.MissingAllowOriginHeader, denied), "", ""},
		{broken(a), Lost, "could not be opened"},
		{Observation{Attempt: a, Page: &PageView{Readable: true}}, ForeignAnswer, "did not give"},
		{observe(a, dead), Unanswered, "the target closed the connection"},
		{localNetworkBlock(a), OtherBlock, "(LocalNetworkAccessPermissionDenied)"},
		{failed, Failed, "(net::ERR_FAILED)"},
		{unexplained, Unexplained, "(TypeError: Failed to fetch)"},
		{observe(a), Unobserved, "nothing"},
	} {
		d := tt.observed.Doubt()
		switch {
		case (d == nil) != (tt.want == "") || tt.observed.Inconclusive() != d.String():
			t.Errorf("%+v leaves the doubt %+v", tt.observed, d)
		case d == nil:
		case d.Kind != tt.want || d.Attempt.Key() != a.Key() || !strings.Contains(d.String(), tt.says) || (d.Exchange != nil) != (tt.want == Unanswered):
			t.Errorf("got %q (%s), want %q (%s)", d.Kind, d, tt.want, tt.says)
		}
		if j := inDoubt(d); d != nil && (j.Verdict != CannotTell || j.Reason != d.String() || j.Doubt != d) {
			t.Errorf("judged %+v", j)
		}
	}
}
