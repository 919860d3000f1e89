package scenarios

import (
	"slices"
	"strconv"
)

// A Launch is the target's program, started by Crossexam itself with its origins
// configured in one way.
type Launch struct {
	Variable string `json:"variable"` // the environment variable with the origins
	Value    string `json:"value"`
	Unset    bool   `json:"unset,omitempty"` // it was left out
	// Right marks the launch with the trusted origins written as they should be.
	// It shows that the others can be told by what they grant.
	Right bool `json:"right,omitempty"`
	// URL is the base URL of the program while it runs; else Refused says how it
	// refused to start, or Fault why nothing is known.
	URL     string `json:"url,omitempty"`
	Refused string `json:"refused,omitempty"`
	Fault   string `json:"fault,omitempty"`
}

// String is the configuration, such as CORS_ORIGINS="*".
func (l Launch) String() string {
	if l.Unset {
		return l.Variable + " not set"
	}
	return l.Variable + "=" + strconv.Quote(l.Value)
}

func planMistypedOrigins(t Target) ([]Case, string) {
	right := slices.IndexFunc(t.Launches, func(l Launch) bool { return l.Right && l.URL != "" })
	switch {
	case len(t.Launches) == 0:
		return nil, "Crossexam did not start the target itself, since no command for it was given."
	case right < 0 || len(t.Trusted) == 0:
		return nil, "No launch of the target has the trusted origins as they should be, to compare the others with."
	}
	var cases []Case
	for _, l := range t.Launches {
		if l.Right {
			continue
		}
		c := Case{Subject: Subject{Endpoint: l.String()}}
		var tried []launchAttempt
		if l.URL != "" {
			c.Subject.Origin = arbitrary(t.at(l)).String()
			tried = launchAttempts(t, l, t.Launches[right])
			for _, a := range tried {
				c.Attempts = append(c.Attempts, a.front, a.plain, a.including)
			}
		}
		c.Judge = func(obs Observations) Judgement { return judgeLaunch(l, tried, obs) }
		cases = append(cases, c)
	}
	return planned(cases, "The target was started in one way only.")
}

// at is the same target where a launch runs.
func (t Target) at(l Launch) Target {
	t.URL = l.URL
	return t
}

// A launchAttempt is, for one path, the front end's read at the launch that is
// configured rightly, and the attacker's two at the other: without credentials
// and with whatever the browser has, which grants can tell apart.
type launchAttempt struct{ front, plain, including Attempt }

func launchAttempts(t Target, l, right Launch) []launchAttempt {
	endpoints := []Endpoint{firstRead(t)}
	if reads := byGET(t.Reads()); len(reads) > 0 {
		endpoints[0] = reads[0]
	}
	if root := (Endpoint{Method: "GET", Path: "/"}); endpoints[0].Path != root.Path {
		endpoints = append(endpoints, root) // which needs no login, as a rule
	}
	var as []launchAttempt
	for _, e := range endpoints {
		plain := attack(t.at(l), Anonymous).read(e)
		including := plain
		including.Omit = false
		as = append(as, launchAttempt{frontEnd(t.at(right), t.Trusted[0], Anonymous).read(e), plain, including})
	}
	return as
}

// judgeLaunch counts every status: what is asked is whom the configuration lets in,
// not what there is to read.
func judgeLaunch(l Launch, tried []launchAttempt, obs Observations) Judgement {
	switch {
	case l.Fault != "":
		return cannotTell("%s", l.Fault).until(LacksLaunch)
	case l.Refused != "":
		return conforms("with %s the target refused to start (%s)", quote(l.String()), quote(l.Refused))
	case len(tried) == 0:
		return cannotTell("nothing was attempted").until(LacksEvidence)
	}
	sensed := false
	var attacks []Observation
	for _, a := range tried {
		for _, o := range obs.each([]Attempt{a.plain, a.including}) {
			if o.Doubt() == nil && o.Read() {
				return violates(Medium, "with %s the target let a page of %s read its %d reply (%s)",
					quote(l.String()), o.Attempt.Page, o.Page.Status, grantText(o.Response())).withProof(o)
			}
			attacks = append(attacks, o)
		}
		front := obs.Of(a.front)
		sensed = sensed || front.Doubt() == nil && front.Read()
	}
	for _, o := range attacks {
		if doubt := o.Doubt(); doubt != nil {
			return inDoubt(doubt).withProof(o)
		}
	}
	if !sensed {
		return cannotTell("started as it should be, the target grants its front end none of these replies either, so that a refusal shows nothing").until(LacksFrontEnd)
	}
	first, last := obs.Of(tried[0].plain), obs.Of(tried[len(tried)-1].plain)
	return conforms("with %s the target granted nothing to %s (%s)", quote(l.String()), last.Attempt.Page, last.Block.Reason).withProof(first)
}
