// Package scenarios is the catalogue: what a safe API must show to pages of
// other origins, one [Scenario] a requirement, one file a family. A scenario says
// which attempts show its requirement on a target and judges what was observed.
// Judges are pure functions of observations: no browser, no clock, no I/O.
//
// How attempts are made, and what a whole run comes to, is not in here: package
// attacker plays the pages, engine plans the run and observes, and report words the
// results. The rules that browsers follow are in package cors.
package scenarios

// A Scenario is one requirement on a safe target.
type Scenario struct {
	ID    string // stable and never reused, such as "WLD-001"
	Title string // a sentence that is true of a safe target
	Level Level
	Topic Topic
	// Attacker is whose page it plays; empty where it is not about what one of them reads or
	// changes.
	Attacker Attacker
	// Indirect says that its attacker may read or change something though it conforms, and
	// may not though its advice is not followed.
	Indirect bool
	// HidesErrors says that the trusted front end cannot read errors where it is violated,
	// StopsPreflights that a preflight of its own which was not answered with a 2xx is why.
	HidesErrors, StopsPreflights bool
	// Anyone says that every page on the web is in the place of its attacker.
	Anyone   bool
	Needs    Need
	Guidance []Guidance // who says so
	Fix      string     // what the operator changes where it is violated

	// Plan returns the cases of this scenario on a target. Where there are none,
	// the second result says in one sentence why the scenario does not apply.
	Plan func(Target) ([]Case, string)
}

// Family is the first part of the ID, such as "WLD".
func (s Scenario) Family() string { return s.ID[:3] }

// A Case is a scenario applied to one subject: the attempts that show whether
// the requirement holds there, and the judgement on what they showed.
type Case struct {
	Subject Subject
	// Attempts are what the judge needs in any case. The first is the one that the
	// case is about.
	Attempts []Attempt
	// More returns further attempts that the observations of Attempts call for; nil
	// for none ever. It is pure, and asked once.
	More func(Observations) []Attempt
	// Judge is pure. The observations are those of Attempts, and then those that
	// More asked for.
	Judge func(Observations) Judgement
}

// A Subject tells the cases of one scenario apart, and is the same in every run:
// what is accepted, and what an earlier run said, is found by it.
type Subject struct {
	Endpoint   string     `json:"endpoint"` // "GET /api/notebooks"
	Origin     string     `json:"origin"`   // of the page, as it was sent
	Credential Credential `json:"credential,omitempty"`
}

// Level says how binding a requirement is.
type Level string

// A MUST fails a run, a SHOULD only a strict one, information never.
const (
	Must   Level = "must"
	Should Level = "should"
	Info   Level = "info"
)

// Binds reports whether what has this level fails a run, if it is violated or could not be
// judged, and nothing excuses it.
func (l Level) Binds(strict bool) bool { return l == Must || strict && l == Should }
