package main

import (
	"context"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
)

// lending lends browsers, one to each test that runs at a time.
type lending chan *lentBrowser

// A lentBrowser examines one target after the other, as those of a fleet do.
type lentBrowser struct {
	labs engine.Labs
	used int
}

// renewBrowser is how many targets one browser examines: what it keeps of each grows.
const renewBrowser = 50

// lendBrowsers has as many browsers as tests run at a time, which end with the test. None
// is started before it is used.
func lendBrowsers(t *testing.T) lending {
	t.Helper()
	l := make(lending, runtime.GOMAXPROCS(0))
	for range cap(l) {
		b := new(lentBrowser)
		l <- b
		t.Cleanup(func() {
			if err := b.labs.Close(); err != nil {
				t.Errorf("closing a browser: %v", err)
			}
		})
	}
	return l
}

// borrow waits for a browser, and gives it back when the test ends.
func (l lending) borrow(t *testing.T) *lentBrowser {
	t.Helper()
	b := <-l
	t.Cleanup(func() { l <- b })
	return b
}

// examine examines as `crossexam test` does with these arguments, and gives the report. It
// writes no files. quiet, where it is not nil, leaves out near-misses.
func (b *lentBrowser) examine(t *testing.T, args []string, quiet *silence) report.Report {
	t.Helper()
	if b.used++; b.used > renewBrowser {
		if err := b.labs.Close(); err != nil {
			t.Errorf("closing a browser: %v", err)
		}
		b.used = 1
	}
	var got report.Report
	c := testCommandThat(func(ctx context.Context, o testOptions) error {
		r := o.request(newProgress(os.Stderr, true))
		r.Hooks, r.Labs = engine.Hooks{}, &b.labs
		if quiet != nil {
			r.Select = func(p engine.Plan) (engine.Plan, error) { return quiet.leavesOut(ctx, p), nil }
		}
		x, err := engine.NewExamination(ctx, r)
		if err != nil {
			return err
		}
		defer x.Close()
		if err := x.Run(ctx); err != nil && x.Record().Fault == nil {
			return err
		}
		record := x.End()
		got = report.New(record, meta(x.Deployment(), record))
		return nil
	})
	strictly(c)
	c.SetArgs(args)
	c.SetOut(io.Discard)
	c.SilenceUsage, c.SilenceErrors = true, true
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return got
}
