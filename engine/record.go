package engine

import (
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// A Record is all that an examination brought to light.
type Record struct {
	Run      string // the name the target finds in its log
	Started  time.Time
	Duration time.Duration
	Strict   bool // see [Request]
	Browser  attacker.Info
	Target   scenarios.Target
	// Cookies are the victim's, with the attributes the browser gave them.
	Cookies []attacker.StoredCookie
	// CookieMatrix says of each of them from where the browser sends it.
	CookieMatrix []CookieRow
	Controls     []Control
	Results      []Result
	Withheld     []tap.WithheldRequest
	// Diagnoses are what a reader needs before any verdict, the first of each kind.
	Diagnoses []Diagnosis
	// Inference is what the target was seen to trust where nobody said what it should;
	// nil where somebody did.
	Inference *sweep.Inference
	// Sweep is how all endpoints decide by header; nil where there are no more than were
	// examined in whole.
	Sweep       *Sweep
	Notes       []string // what the reader should know about how it was judged
	Attempts    int
	Navigations int
	Requests    int // to the target
	Screens     []Screen
	// Stale are the accepted deviations that accept nothing any more.
	Stale target.Accepted
	// Baseline is how the results compare with an earlier examination, or nil.
	Baseline *Comparison
	// Fault says why the examination broke off, or is nil.
	Fault *Fault
}

// A Screen is a screenshot of a page, PNG.
type Screen struct {
	Name string
	PNG  []byte
}
