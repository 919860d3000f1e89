package engine

import (
	"fmt"

	"github.com/crossexam/crossexam/scenarios"
)

// Recording is what the examination observed, each attempt once. Nothing is redacted
// in it.
func (r Record) Recording() scenarios.Recording {
	recording := scenarios.Recording{Target: r.Target}
	seen := map[string]bool{}
	for _, result := range r.Results {
		for _, o := range result.Observations {
			if key := o.Attempt.Key(); !seen[key] {
				seen[key] = true
				recording.Observations = append(recording.Observations, o)
			}
		}
	}
	return recording
}

// A Rejudgement is one case of a recorded target, judged without a browser.
type Rejudgement struct {
	// Result is not settled: see [Result.Settled].
	Result
	// Unjudged says in a sentence why there is no judgement; it is empty where there is
	// one.
	Unjudged string
}

// Rejudge has the scenarios judge what was recorded, as an examination has them judge
// what it observes. The recording may be anybody's: a judge that panics on what no
// examination could have observed leaves its case unjudged.
func Rejudge(catalogue []scenarios.Scenario, recording scenarios.Recording) []Rejudgement {
	recorded := recording.Replay()
	var all []Rejudgement
	for _, s := range catalogue {
		items, flaw := replanned(s, recording.Target)
		if flaw != "" {
			all = append(all, Rejudgement{Result: Result{Scenario: s}, Unjudged: flaw})
		}
		for _, item := range items {
			all = append(all, rejudge(item, recorded))
		}
	}
	return all
}

// replanned is itemsOf for a target that may be anybody's.
func replanned(s scenarios.Scenario, t scenarios.Target) (items []Item, flaw string) {
	defer func() {
		if said := recover(); said != nil {
			items, flaw = nil, fmt.Sprintf("its plan cannot read the recorded target: %v", said)
		}
	}()
	return itemsOf(s, t), ""
}

func rejudge(item Item, recorded scenarios.Replay) (r Rejudgement) {
	r.Result = Result{Scenario: item.Scenario, Subject: item.Subject()}
	if item.Case == nil {
		r.Judgement = scenarios.Judgement{Verdict: scenarios.NotApplicable, Reason: item.NotApplicable}
		return r
	}
	defer func() {
		if said := recover(); said != nil {
			r.Unjudged = fmt.Sprintf("its judge cannot read what was recorded: %v", said)
		}
	}()
	obs, missing := recorded.Observe(*item.Case)
	if missing != nil {
		r.Unjudged = fmt.Sprintf("it needs what was not recorded: %s %s, as %s from %s", missing.Method, missing.URL, missing.Vector, missing.Origin())
		return r
	}
	r.Observations = obs
	r.conclude(*item.Case)
	return r
}
