package suite

import (
	"cmp"
	"reflect"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A Registration is an API that a suite examines.
type Registration struct {
	// Text names the container of the specs; empty stands for "Crossexam".
	Text string
	// Config says where the API is and what it should be. It is called in each
	// spec, after the suite's own BeforeSuite and BeforeEach, so that they may
	// start the server. As long as it gives the same, all specs share one
	// examination; see [Register] for what another one costs. It may fail the spec.
	Config func() target.Config
	// Strict has a violated SHOULD fail its spec too.
	Strict bool
	// RequireBrowser has the specs fail where there is no Chrome or Chromium, as
	// CROSSEXAM_REQUIRE_BROWSER=1 and CI=true do. Otherwise they are skipped.
	RequireBrowser bool
}

// Register adds a spec for each requirement of the catalogue to the Ginkgo tree of
// a suite, which may have others, and other registrations. It is called while the
// tree is built, at the top or in a container that is not Ordered, and gives true,
// so that it can stand in a var.
//
// A spec judges all cases of its requirement. It fails where a MUST is violated, or
// could not be judged; where that holds for what is not binding, or the requirement
// does not apply, it is skipped with the reason.
//
// The specs are an Ordered container, which goes on after a failure. So in a
// parallel run they are all in one process, with one Chrome, which is started by
// the first spec that runs and ends with the last.
//
// A configuration that differs from the one of the spec before begins another
// examination: a second for its controls, and every page that the spec needs is
// opened again. A server that a BeforeEach starts on another port for each spec is
// therefore slow; start it once, in BeforeSuite or in a BeforeEach with
// OncePerOrdered. One that is started again at the same address has to know the
// victim's session still.
//
// Trouble of the harness is no finding: it fails one spec with "could not judge",
// and skips the others until there is another configuration. It never aborts the
// suite, whose other specs may be fine.
func Register(r Registration) bool {
	x := &standing{Registration: r}
	Describe(cmp.Or(r.Text, "Crossexam"), Ordered, ContinueOnFailure, Label("crossexam"), func() {
		all := families(unplanned())
		end := all[len(all)-1].specs
		last := end[len(end)-1].name
		// Not AfterAll, which does not run where a BeforeEach outside fails, nor with
		// --fail-fast. Every spec is reported, those that an abort skips too.
		ReportAfterEach(func(r SpecReport) {
			if r.LeafNodeText == last {
				x.close()
			}
		})
		describe(all, x.run)
	})
	return true
}

// unplanned are the scenarios as items without a case: the target is not known
// while the tree is built.
func unplanned() []engine.Item {
	var items []engine.Item
	for _, s := range scenarios.Catalogue() {
		items = append(items, engine.Item{Scenario: s})
	}
	return items
}

// standing is a registration while its specs run, one after the other.
type standing struct {
	Registration
	config      *target.Config // that of the examination; nil before the first
	examination *engine.Examination
	labs        engine.Labs
	trouble     error  // why nothing can be judged in this configuration
	told        string // the spec that failed with it
}

// run is the body of a spec.
func (x *standing) run(ctx SpecContext, s spec) {
	GinkgoHelper()
	if c := x.Config(); x.config == nil || !reflect.DeepEqual(c, *x.config) {
		x.trouble = x.begin(ctx, c)
	}
	var results []engine.Result
	id := s.items[0].Scenario.ID
	if x.trouble == nil {
		s.items = slices.DeleteFunc(slices.Clone(x.examination.Plan().Items), func(i engine.Item) bool { return i.Scenario.ID != id })
		results, x.trouble = observe(ctx, x.examination, s)
	}
	if x.trouble != nil {
		x.complain()
	}
	if !slices.ContainsFunc(results, func(r engine.Result) bool { return r.Fails }) {
		x.failStale(id)
	}
	tell(results)
}

// failStale fails the spec where an accepted deviation about its requirement
// accepts nothing any more.
func (x *standing) failStale(id string) {
	GinkgoHelper()
	for _, a := range x.examination.Record().Stale {
		if a.ID == id {
			Fail(a.Problem("it is stale: all that it is about conforms now; remove the entry").Error())
		}
	}
}

// complain fails the first spec that meets the trouble, also when it is tried
// again, and skips the others.
func (x *standing) complain() {
	GinkgoHelper()
	if why := attacker.Excuse(x.trouble, x.config.Browser.Path); why != "" && !x.RequireBrowser {
		Skip(why)
	}
	if name := CurrentSpecReport().FullText(); x.told == "" || x.told == name {
		x.told = name
		Fail("could not judge: " + x.trouble.Error())
	}
	Skip("could not judge, as " + x.told + " says")
}

// begin starts the examination of a configuration, after the one that there is.
func (x *standing) begin(ctx SpecContext, c target.Config) error {
	x.endExamination()
	x.config, x.told = &c, ""
	e, err := engine.NewExamination(ctx, engine.Request{Config: c, MustFind: true, Strict: x.Strict, Labs: &x.labs})
	if err != nil {
		return err
	}
	x.examination = e
	if err := e.Prepare(ctx); err != nil {
		return err
	}
	return e.Start(ctx)
}

func (x *standing) close() {
	x.endExamination()
	// The profile is what could be left; the next run sweeps it.
	_ = x.labs.Close()
	x.config = nil
}

func (x *standing) endExamination() {
	if x.examination != nil {
		x.examination.Close()
		x.examination = nil
	}
}
