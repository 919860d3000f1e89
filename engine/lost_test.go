package engine

import (
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A page is opened once more where the machine was too slow to tell what the target
// answered, and not where the target did not answer.
func TestLost(t *testing.T) {
	exchange := func(id string) (cors.Exchange, bool) {
		switch id {
		case "answered":
			return cors.Exchange{Response: &cors.Response{Status: 200}}, true
		case "cut":
			return cors.Exchange{Response: &cors.Response{Status: 200, Truncated: true}}, true
		}
		return cors.Exchange{Fault: "no answer"}, id == "unanswered"
	}
	for name, c := range map[string]struct {
		vector scenarios.Vector
		seen   attacker.Sighting
		want   bool
	}{
		"seen":                       {scenarios.Fetch, attacker.Sighting{Exchanges: []string{"answered"}}, false},
		"Chrome told nothing":        {scenarios.Fetch, attacker.Sighting{Unreported: true}, true},
		"the page gave up":           {scenarios.Fetch, attacker.Sighting{Late: true, Exchanges: []string{"answered"}}, true},
		"the target did not answer":  {scenarios.Fetch, attacker.Sighting{Late: true, Exchanges: []string{"answered", "unanswered"}}, false},
		"nothing reached the target": {scenarios.Fetch, attacker.Sighting{Late: true}, false},
		"a stream without an end":    {scenarios.EventSource, attacker.Sighting{Late: true, Exchanges: []string{"answered"}}, false},
		"a reply without an end":     {scenarios.Fetch, attacker.Sighting{Late: true, Exchanges: []string{"cut"}}, false},
		"no page can make it":        {scenarios.Fetch, attacker.Sighting{Fault: "no page can make this request"}, false},
	} {
		if got := lost([]scenarios.Attempt{{Vector: c.vector}}, []attacker.Sighting{c.seen}, exchange); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
