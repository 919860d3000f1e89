package scenarios

import (
	"fmt"

	"github.com/crossexam/crossexam/cors"
)

// A Doubt is why an observation shows neither a read nor a refusal. Nil is none.
type Doubt struct {
	Kind DoubtKind
	// Attempt is the one that was observed.
	Attempt Attempt
	// Exchange is the one that the target did not answer, for [Unanswered]; else nil.
	Exchange *cors.Exchange
	detail   string // what Chrome or the fault says, or what was not seen
}

// DoubtKind tells doubts apart.
type DoubtKind string

// The kinds of doubt. Those before [Untold] are about all that was observed; Untold
// is about the part of it that a judge needs.
const (
	Lost          DoubtKind = "lost"           // the page could not be opened, or evidence was lost
	ForeignAnswer DoubtKind = "foreign-answer" // the page read what the target did not say
	Unanswered    DoubtKind = "unanswered"     // an exchange ended without an answer
	OtherBlock    DoubtKind = "other-block"    // Chrome's reason is none of the CORS protocol
	Failed        DoubtKind = "failed"         // a network error
	Unexplained   DoubtKind = "unexplained"    // JavaScript was told no more than that it failed
	Unobserved    DoubtKind = "unobserved"
	Untold        DoubtKind = "untold"
)

// String says it in one sentence; it is empty for no doubt.
func (d *Doubt) String() string {
	if d == nil {
		return ""
	}
	switch d.Kind {
	case Unanswered:
		return d.Exchange.Fault
	case ForeignAnswer:
		return "the page read an answer that the target did not give"
	case OtherBlock:
		return fmt.Sprintf("Chrome refused the request for a reason that says nothing about the target (%s)", d.detail)
	case Failed:
		return fmt.Sprintf("the request failed before the target's policy could be seen (%s)", d.detail)
	case Unexplained:
		return fmt.Sprintf("the request failed without a reason from Chrome (%s)", d.detail)
	case Unobserved:
		return "nothing was observed"
	}
	return d.detail
}

// Doubt says why the observation shows neither a read nor a refusal; it is nil where
// it shows one.
func (o Observation) Doubt() *Doubt {
	doubt := func(kind DoubtKind, detail string) *Doubt {
		return &Doubt{Kind: kind, Attempt: o.Attempt, detail: detail}
	}
	switch {
	case o.Fault != "":
		return doubt(Lost, o.Fault)
	case o.Read():
		if x := o.Request(); x == nil || x.Response == nil && !x.Withheld {
			return doubt(ForeignAnswer, "")
		} else if o.Attempt.Trusted && x.Response != nil {
			// An attacker has use for the half of it; a front end has none.
			switch {
			case x.Response.Broken:
				return untold(o, "the target broke its answer off in the middle of the body, which a browser gives to no page as a whole")
			case x.Response.Unended:
				return untold(o, "the body of the target's answer did not end in the time that it had, and a front end that waits for it gets nothing")
			}
		}
		return nil
	case o.Blocked():
		return nil
	}
	for i, x := range o.Exchanges {
		if x.Fault != "" {
			return &Doubt{Kind: Unanswered, Attempt: o.Attempt, Exchange: &o.Exchanges[i]}
		}
	}
	switch x := o.Request(); {
	case o.Attempt.Vector == Probe && x != nil && x.Response != nil:
		return nil
	case o.Block.Reason != "":
		return doubt(OtherBlock, string(o.Block.Reason))
	case o.Block.Network != "":
		return doubt(Failed, o.Block.Network)
	case o.Page != nil && o.Page.Error != "":
		return doubt(Unexplained, o.Page.Error)
	}
	return doubt(Unobserved, "")
}

// Inconclusive is the doubt in one sentence, and empty where there is none.
func (o Observation) Inconclusive() string { return o.Doubt().String() }

// untold is the doubt about what a judge needs of an observation that may be
// conclusive otherwise.
func untold(o Observation, what string) *Doubt {
	return &Doubt{Kind: Untold, Attempt: o.Attempt, detail: what}
}

// or is the doubt or, where there is none, that the observation does not tell what a
// judge needs.
func (d *Doubt) or(o Observation, what string) *Doubt {
	if d != nil {
		return d
	}
	return untold(o, what)
}

// inDoubt is a judgement for which an observation shows too little.
func inDoubt(d *Doubt) Judgement {
	return Judgement{Verdict: CannotTell, Reason: d.String(), Doubt: d, Lack: d.lack()}
}
