package fleet

import (
	"time"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// held is what is stored of a target under a configuration.
type held struct{ sweep, proof *stored }

// A stored result has its place in the order of all results: a later one has a larger
// revision, whatever the clocks of the workers say.
type stored struct {
	Result
	// unreadable is why the value is no result at all; nil for one that is. Nothing is
	// known by it, and the next one takes its place.
	unreadable error
	revision   uint64
	created    time.Time // by the server's clock
}

// of is what is stored of a stage, or nil.
func (h held) of(s fleetreport.Stage) *stored {
	if s == fleetreport.Proof {
		return h.proof
	}
	return h.sweep
}

func (s *stored) rev() uint64 {
	if s == nil {
		return 0
	}
	return s.revision
}

// next is the stage that is to be done, and the revision of the result that it replaces;
// done says that there is none. Results from before a time are renewed; the zero time
// renews none.
func (h held) next(p Prove, t Target, before time.Time) (stage fleetreport.Stage, replaces uint64, done bool) {
	old := func(s *stored) bool { return s == nil || s.unreadable != nil || s.created.Before(before) }
	switch {
	case p == ProveAll:
		return fleetreport.Proof, h.proof.rev(), !old(h.proof)
	case old(h.sweep):
		return fleetreport.Sweep, h.sweep.rev(), false
	case !p.proves(t, h.sweep.Outcome):
		return "", 0, true
	}
	return fleetreport.Proof, h.proof.rev(), !old(h.proof) && h.proof.revision > h.sweep.revision
}

// final is the result that a target's outcome is taken from, or nil where it is not
// known yet.
func (h held) final(p Prove, t Target) *stored {
	switch _, _, done := h.next(p, t, time.Time{}); {
	case !done:
		return nil
	case p == ProveAll || p.proves(t, h.sweep.Outcome):
		return h.proof
	}
	return h.sweep
}
