package engine

// A Fault says that the harness could not judge, and why. It is never a finding
// about the target.
type Fault struct {
	Stage  Stage
	Err    error
	Advice string // what to do, one sentence
}

// Stage of an examination.
type Stage string

// The stages in which an examination can break off.
const (
	StageReach    Stage = "reach"    // the target does not answer
	StageBrowser  Stage = "browser"  // no browser, or it died twice
	StageControls Stage = "controls" // a control failed
	StageEvidence Stage = "evidence" // evidence was lost on the way
	StageRun      Stage = "run"      // the run was interrupted
)

func (f *Fault) Error() string {
	s := f.Err.Error()
	if f.Advice != "" {
		s += "; " + f.Advice
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Err }
