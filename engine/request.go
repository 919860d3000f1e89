package engine

import (
	"io"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A Request says what is examined and how. Its zero value has no target.
type Request struct {
	// Config is what the operator says of the target.
	Config target.Config
	// Deployment is a target that is complete already, of which Config says nothing;
	// nil where Config says it.
	Deployment *target.Deployment
	// Stdin has the startup log where the configuration says "-"; nil where there is
	// no standard input to read it from.
	Stdin io.Reader
	// AssumeTrust has a target be examined of which nobody said which origins it should
	// trust: by those that it does trust and that an owner may mean. It is an error of
	// the request otherwise.
	AssumeTrust bool
	// MustFind makes it an error that discovery finds nothing to read; otherwise the
	// root is read then.
	MustFind bool

	// Catalogue is what the target is examined for; nil stands for the whole.
	Catalogue []scenarios.Scenario
	// Select narrows a plan; nil selects all. Its error is one about the request.
	Select func(Plan) (Plan, error)
	// Strict has a violated SHOULD fail the run too.
	Strict bool
	// Accepted are violations that do not fail the run, besides those in the file
	// that Config names.
	Accepted target.Accepted
	// Baseline gives what the results are compared with; nil for nothing. With OnlyNew
	// the violations that are in it too do not fail the run.
	Baseline func(scenarios.Target) (*Baseline, error)
	OnlyNew  bool
	// Screens asks for a screenshot of the malicious page with its loot.
	Screens bool

	// Lab is the one to examine in; nil for one that has the browser that the
	// configuration asks for: from Labs, or, without those, of the examination's own.
	Lab  *Lab
	Labs *Labs

	Hooks Hooks
}

// Hooks are called as an examination goes on, in the goroutine of its methods. Each
// may be nil.
type Hooks struct {
	// Begin is told of each stage that may take a while.
	Begin func(Step)
	// Notice is told what the operator should know at once, a sentence each time.
	Notice func(sentence string)
	// Progress is told of each page before it is opened.
	Progress func(Progress)
	// Judged is told of each result when it is in the record.
	Judged func(Result)
}

// A Step is a stage that begins.
type Step struct {
	Stage Stage
	// Command is what is run in StageLog and StageLaunch: a program and its arguments.
	Command []string
	// URL is the target's in StageDiscover, StageReach and StageSweep.
	URL string
	// Endpoints is how many StageSweep asks.
	Endpoints int
}

// Progress says how far an examination is.
type Progress struct {
	Scenario string // the ID of the one whose result is wanted
	Doing    string
	Attempts int // done
	Of       int
}
