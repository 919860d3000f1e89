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
		if l.URL != "" {
			c.Subject.Origin = arbitrary(t.at(l)).String()
			c.Attempts = launchAttempts(t, l, t.Launches[right])
		}
		c.Judge = func(obs []Observation) Judgement { return judgeLaunch(l, obs) }
		cases = append(cases, c)
	}
	return planned(cases, "The target was started in one way only.")
}

// at is the same target where a launch runs.
func (t Target) at(l Launch) Target {
	t.URL = l.URL
	return t
}

// launchAttempts are, for each path, the front end's read at the launch that is
// configured rightly, and the attacker's two at the other: without credentials
// and with whatever the browser has, which grants can tell apart.
func launchAttempts(t Target, l, right Launch) []Attempt {
	endpoints := []Endpoint{firstRead(t)}
	if root := (Endpoint{Method: "GET", Path: "/"}); endpoints[0].Path != root.Path {
		endpoints = append(endpoints, root) // which needs no login, as a rule
	}
	var as []Attempt
	for _, e := range endpoints {
		plain := attack(t.at(l), Anonymous).read(e)
		including := plain
		including.Omit = false
		as = append(as, frontEnd(t.at(right), t.Trusted[0], Anonymous).read(e), plain, including)
	}
	return as
}

// judgeLaunch takes what launchAttempts gives. Every status counts: what is asked
// is whom the configuration lets in, not what there is to read.
func judgeLaunch(l Launch, obs []Observation) Judgement {
	switch {
	case l.Fault != "":
		return cannotTell("%s", l.Fault)
	case l.Refused != "":
		return conforms("with %s the target refused to start (%s)", quote(l.String()), quote(l.Refused))
	case len(obs) < 3:
		return cannotTell("nothing was attempted")
	}
	sensed := false
	var last Observation
	for i := 0; i+2 < len(obs); i += 3 {
		for n := i + 1; n <= i+2; n++ {
			if o := obs[n]; o.Inconclusive() == "" && o.Read() {
				return violates(Medium, "with %s the target let a page of %s read its %d reply (%s)",
					quote(l.String()), o.Attempt.Page, o.Page.Status, grantText(o.Response())).by(n)
			}
		}
		sensed = sensed || obs[i].Inconclusive() == "" && obs[i].Read()
		last = obs[i+1]
	}
	for i, o := range obs {
		if why := o.Inconclusive(); why != "" && i%3 != 0 {
			return cannotTell("%s", why).by(i)
		}
	}
	if !sensed {
		return cannotTell("started as it should be, the target grants its front end none of these replies either, so that a refusal shows nothing")
	}
	return conforms("with %s the target granted nothing to %s (%s)", quote(l.String()), last.Attempt.Page, last.Block.Reason).by(1)
}
