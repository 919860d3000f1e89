package corstest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// Run examines the handler and has a subtest for each requirement, named by its
// ID, and in it one for each case where there are several. It may be called as
// often as one likes, in parallel tests too.
//
// A case passes where it conforms. It fails where a MUST is violated, with [Strict]
// a SHOULD, and where such a requirement could not be judged. All else is skipped,
// with the reason. Trouble of the harness or with the options ends the test with
// "could not judge".
//
// The whole examination comes before the first subtest. It ends with the test's
// context, and in time for `go test -timeout`.
func Run(t *testing.T, h http.Handler, list ...Option) {
	t.Helper()
	o := gather(list)
	ctx, cancel := o.bounded(t)
	defer cancel()
	r, err := examine(ctx, h, o)
	if why := attacker.Excuse(err, o.config.Browser.Path); why != "" && !o.requireBrowser {
		t.Skip(why)
	}
	for _, cases := range byScenario(r.Results) {
		t.Run(cases[0].ID, func(t *testing.T) {
			for _, c := range cases {
				if len(cases) == 1 {
					tell(t, r, c)
					continue
				}
				t.Run(c.Subject.String(), func(t *testing.T) { tell(t, r, c) })
			}
		})
	}
	switch {
	case errors.Is(err, errTimeout):
		t.Fatalf("could not judge: %v", errTimeout)
	case err != nil:
		t.Fatalf("could not judge: %v", told(err, r))
	}
	for _, stale := range r.Stale {
		t.Errorf("the accepted deviation %s is stale: all that it is about conforms now; remove the entry", stale.About())
	}
	say := t.Log
	if !slices.ContainsFunc(r.Results, func(c report.Result) bool { return c.Fails }) && r.ExitCode() == report.ExitNoVerdict {
		say = t.Error // nothing was judged: no requirement is about this API
	}
	verdict := strings.TrimSpace(r.Headline() + " " + r.FrontEnd())
	say(strings.Join(slices.Concat(advised(r), []string{verdict, r.Counts()}, r.Notes), "\n"))
}

// tell has the test say what became of a case.
func tell(t *testing.T, r report.Report, c report.Result) {
	t.Helper()
	switch {
	case c.Fails:
		t.Error(c.Failure())
	case c.Verdict == scenarios.Conforms:
		t.Log(c.Title + ": " + c.Reason)
	case c.Verdict == scenarios.NotApplicable:
		t.Skip("not-applicable: " + c.Reason)
	case c.Accepted:
		t.Skip("accepted " + c.Acceptance.String() + ": " + c.Failure())
	case c.Level == scenarios.Should:
		t.Skip("fails with Strict: " + c.Failure())
	default:
		t.Skip(c.Failure())
	}
}

// byScenario gathers the results of each scenario, in the order of the catalogue.
func byScenario(results []report.Result) [][]report.Result {
	var all [][]report.Result
	for _, c := range results {
		if n := len(all); n == 0 || all[n-1][0].ID != c.ID {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], c)
	}
	return all
}

// farewell is how long before the end of all tests an examination ends: the browser
// has to be closed before `go test` kills the program.
const farewell = 3 * time.Second

var errTimeout = errors.New("the -timeout of go test is near")

// bounded gives the test's context with the deadline of `go test`.
func bounded(t *testing.T) (context.Context, context.CancelFunc) {
	if end, ok := t.Deadline(); ok {
		return before(t.Context(), end)
	}
	return context.WithCancel(t.Context())
}

// before gives the context with the end of all tests as its deadline.
func before(ctx context.Context, end time.Time) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, end.Add(-farewell), errTimeout)
}
