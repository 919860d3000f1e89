package scenarios

import "slices"

// Observations are those of one case. Judges find them by the attempt that they
// planned, never by position.
type Observations struct {
	list  []Observation
	byKey map[string]Observation
}

// NewObservations takes them in the order in which the case asked for them.
func NewObservations(list []Observation) Observations {
	os := Observations{list, make(map[string]Observation, len(list))}
	for _, o := range list {
		if key := o.Attempt.Key(); !os.hasKey(key) {
			os.byKey[key] = o
		}
	}
	return os
}

// Of returns the observation of an attempt. It panics for one that the case did
// not ask for, which is a mistake in its judge; see [Observations.has].
func (os Observations) Of(a Attempt) Observation {
	o, ok := os.byKey[a.Key()]
	if !ok {
		panic("scenarios: a judge asks for an attempt that its case did not plan: " + a.Key())
	}
	return o
}

// each returns the observations of several attempts, in their order.
func (os Observations) each(attempts []Attempt) []Observation {
	list := make([]Observation, len(attempts))
	for i, a := range attempts {
		list[i] = os.Of(a)
	}
	return list
}

// has reports whether there is an observation of an attempt that only some
// observations call for (see [Case.More]).
func (os Observations) has(a Attempt) bool { return os.hasKey(a.Key()) }

func (os Observations) hasKey(key string) bool {
	_, ok := os.byKey[key]
	return ok
}

// All returns all of them, in the order in which the case asked for them.
func (os Observations) All() []Observation { return os.list }

// withoutClosed leaves out those of the attempts to which the target gave no reply but
// closed the connection.
func (os Observations) withoutClosed(attempts []Attempt) Observations {
	return NewObservations(slices.DeleteFunc(slices.Clone(os.list), func(o Observation) bool {
		return isClosed(o) && slices.ContainsFunc(attempts, func(a Attempt) bool { return a.Key() == o.Attempt.Key() })
	}))
}
