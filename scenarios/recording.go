package scenarios

// A Recording is what was observed of a target: enough for the judges to come to their
// verdicts again, without a browser.
type Recording struct {
	Target       Target        `json:"target"`
	Observations []Observation `json:"observations"`
}

// A Replay finds what was recorded.
type Replay struct{ byKey map[string]Observation }

// Replay indexes the recording. Of two observations of one attempt the first counts.
func (r Recording) Replay() Replay {
	byKey := make(map[string]Observation, len(r.Observations))
	for _, o := range r.Observations {
		key := o.Attempt.Key()
		if _, twice := byKey[key]; !twice {
			byKey[key] = o
		}
	}
	return Replay{byKey}
}

// Observe gives the observations that a case asks for, in its order. Where an attempt
// was not recorded it gives that attempt, and no observations.
func (r Replay) Observe(c Case) (observed []Observation, missing *Attempt) {
	obs, missing := r.each(nil, c.Attempts)
	if missing == nil && c.More != nil {
		obs, missing = r.each(obs, c.More(NewObservations(obs)))
	}
	if missing != nil {
		return nil, missing
	}
	return obs, nil
}

func (r Replay) each(obs []Observation, attempts []Attempt) ([]Observation, *Attempt) {
	for _, a := range attempts {
		o, ok := r.byKey[a.Key()]
		if !ok {
			return nil, &a
		}
		obs = append(obs, o)
	}
	return obs, nil
}
