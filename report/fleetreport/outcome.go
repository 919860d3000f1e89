// Package fleetreport turns what is finally known of many targets into what people and
// machines read: one HTML page, JSON Lines, SARIF and a Markdown digest of what is new.
// All of them print from [Outcome] values, which are made of reports in which no secret
// is left. Nothing is judged in here, and nothing is fetched.
package fleetreport

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/alert"
	"github.com/crossexam/crossexam/scenarios"
)

// Version names the contract of an outcome. Fields may be added to it; a field that is
// removed or changes its meaning makes a new version.
const Version = "crossexam/fleet/outcome/v1"

// Stage is what the knowledge of a target rests on.
type Stage string

// A sweep reads headers alone; a proof is an examination in the browser.
const (
	Sweep Stage = "sweep"
	Proof Stage = "proof"
)

// Grant is the word of a sweep: whether a header let a page of another origin in. There
// is no better one without a browser.
type Grant string

// Ungranted takes every question having been answered; GrantUnknown is the rest.
const (
	Granted      Grant = "granted"
	Ungranted    Grant = "not granted"
	GrantUnknown Grant = "cannot-tell"
)

// An Outcome is what is finally known of one target under one configuration. Every field
// is always there.
type Outcome struct {
	Schema string `json:"schema"`
	// Target is the base URL, and Name what the manifest calls it, or empty; together they
	// are the same in every run. See [Outcome.Key].
	Target string `json:"target"`
	Name   string `json:"name"`
	Owner  string `json:"owner"` // who mends it, or empty
	// Configuration is the hash of all that decides how the target is examined.
	Configuration string `json:"configuration"`
	Stage         Stage  `json:"stage"`
	ExitCode      int    `json:"exit_code"` // as of 'crossexam test', see [report.ExitMeaning]
	Headline      string `json:"headline"`
	// Exfiltration is the proof's word, and empty after a sweep; Grant is the sweep's, and
	// empty after a proof.
	Exfiltration report.Exfiltration `json:"exfiltration"`
	Grant        Grant               `json:"grant"`
	Causes       []Cause             `json:"causes"` // the gravest first
	// Conforms are the IDs of the requirements that conform in each of their results that
	// apply, and Doubted of those of which a result could not be judged. A sweep has none.
	Conforms  []string    `json:"conforms"`
	Doubted   []string    `json:"doubted"`
	Diagnoses []Diagnosis `json:"diagnoses"`
	// Fault says why the examination broke off, or is nil.
	Fault      *Fault    `json:"fault"`
	Counts     Counts    `json:"counts"`
	Started    time.Time `json:"started"` // UTC
	DurationMS int64     `json:"duration_ms"`
	Worker     string    `json:"worker"`     // its name
	Deliveries int       `json:"deliveries"` // how often a worker was given the target; 1 without trouble
	// Report is the path of the target's report.html, relative to the fleet's page and with
	// slashes; empty where there is none, as after a sweep.
	Report string `json:"report"`
}

// A Cause is a rule of the target that lets through what it should not, as
// [report.Cause] has it.
type Cause struct {
	ID       string             `json:"id"`
	Rule     string             `json:"rule"` // in words, without a period
	Level    scenarios.Level    `json:"level"`
	Severity scenarios.Severity `json:"severity"`
	// Fails says that it fails the target, Accepted that all of it is accepted.
	Fails       bool `json:"fails"`
	Accepted    bool `json:"accepted"`
	Exfiltrated bool `json:"exfiltrated"`
	// Endpoint is where it lets most through, of so many Endpoints; empty and 0 where it is
	// about none.
	Endpoint     string   `json:"endpoint"`
	Endpoints    int      `json:"endpoints"`
	Requirements []string `json:"requirements"` // IDs of the scenarios that fall with it
	Reason       string   `json:"reason"`       // of the worst result, without a period
	Fix          string   `json:"fix"`
	// Fingerprint is the same in every run in which this target does the same.
	Fingerprint string `json:"fingerprint"`
}

// Diagnosis is [report.Diagnosis].
type Diagnosis struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
	Advice string `json:"advice"`
}

// Fault is [report.Fault].
type Fault struct {
	Stage  string `json:"stage"`
	Error  string `json:"error"`
	Advice string `json:"advice"`
}

// Counts is how much was asked.
type Counts struct {
	Endpoints int `json:"endpoints"`
	Classes   int `json:"classes"`  // of endpoints that decided alike; 0 where nobody looked
	Requests  int `json:"requests"` // to the target
	// Unjudged are results that could not be judged and fail the target.
	Unjudged int `json:"unjudged"`
}

// About is what a worker knows of an outcome, and a report does not. Target is the base
// URL as the manifest has it: a report of a target that was never reached has none.
type About struct {
	Target, Name, Owner string
	Configuration       string
	Worker              string
	Deliveries          int
	Report              string // see [Outcome.Report]
}

// FromReport is the outcome of an examination in the browser.
func FromReport(r report.Report, about About) Outcome {
	o := about.outcome(Proof)
	o.ExitCode = r.ExitCode()
	o.Headline = r.Headline()
	o.Exfiltration = r.Summary.Exfiltration
	o.Started = r.Run.Started
	o.DurationMS = r.Summary.DurationMS
	o.Counts = Counts{Endpoints: len(r.Target.Endpoints), Requests: r.Summary.Requests}
	if r.Sweep != nil {
		o.Counts.Endpoints, o.Counts.Classes = len(r.Sweep.Endpoints), len(r.Sweep.Classes)
	}
	verdicts := map[string][]scenarios.Verdict{}
	for _, c := range r.Results {
		if c.Fails && c.Verdict == scenarios.CannotTell {
			o.Counts.Unjudged++
		}
		if c.Verdict != scenarios.NotApplicable {
			verdicts[c.ID] = append(verdicts[c.ID], c.Verdict)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(verdicts)) {
		switch all := verdicts[id]; {
		case slices.Contains(all, scenarios.CannotTell):
			o.Doubted = append(o.Doubted, id)
		case !slices.Contains(all, scenarios.Violates):
			o.Conforms = append(o.Conforms, id)
		}
	}
	for _, d := range r.Diagnoses {
		o.Diagnoses = append(o.Diagnoses, Diagnosis{Kind: string(d.Kind), Detail: d.Detail, Advice: d.Advice})
	}
	if f := r.Fault; f != nil {
		o.Fault = &Fault{Stage: f.Stage, Error: f.Error, Advice: f.Advice}
	}
	for _, c := range r.Causes {
		o.Causes = append(o.Causes, Cause{
			ID: c.ID, Rule: c.Rule, Level: c.Level, Severity: c.Severity,
			Fails: c.Fails, Accepted: c.Accepted, Exfiltrated: c.Exfiltrated,
			Endpoint: c.Worst.Subject.Endpoint, Endpoints: c.Alike(),
			Requirements: slices.Clone(c.Requirements), Reason: c.Worst.Reason, Fix: c.Fix,
			Fingerprint: o.fingerprint(c.ID),
		})
	}
	return o
}

// FromFault is the outcome of a target of which nothing could be found out, at the stage
// at which it was given up: a worker could not start, or was lost with it again and again.
func FromFault(stage Stage, started time.Time, fault Fault, about About) Outcome {
	o := about.outcome(stage)
	o.ExitCode = report.ExitNoVerdict
	o.Headline = "Could not judge: the examination broke off."
	if why := strings.TrimRight(cut(fault.Error), ". "); why != "" {
		o.Headline = "Could not judge: " + why + "."
	}
	o.Started = started.UTC().Truncate(time.Millisecond)
	o.Fault = &fault
	if stage == Sweep {
		o.Grant = GrantUnknown
	} else {
		o.Exfiltration = report.Undetermined
	}
	return o
}

// outcome is one of which nothing is known yet.
func (a About) outcome(stage Stage) Outcome {
	return Outcome{
		Schema: Version, Stage: stage, Target: withoutUser(a.Target), Name: a.Name, Owner: a.Owner,
		Configuration: a.Configuration, Worker: a.Worker, Deliveries: a.Deliveries, Report: a.Report,
		Causes: []Cause{}, Conforms: []string{}, Doubted: []string{}, Diagnoses: []Diagnosis{},
	}
}

// withoutUser takes user name and password out of a URL, which need not be a right one.
func withoutUser(target string) string {
	scheme, rest, found := strings.Cut(target, "://")
	if !found {
		return target
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return scheme + "://" + rest[strings.LastIndex(rest[:end], "@")+1:]
}

// A Key names a target from run to run, whatever its configuration: one URL can be in a
// manifest twice, with the credentials of two users.
type Key struct{ Target, Name string }

// Key is that of the outcome's target.
func (o Outcome) Key() Key { return Key{o.Target, o.Name} }

// Title is what people call the target.
func (o Outcome) Title() string {
	if o.Name != "" {
		return o.Name
	}
	return o.Target
}

func (o Outcome) fingerprint(cause string) string {
	return alert.Fingerprint(o.Target, o.Name, cause)
}
