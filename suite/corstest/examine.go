package corstest

import (
	"context"
	"net/http"
	"runtime/debug"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/report"
)

// Examine examines the handler and gives the report, from which every secret was
// taken out. It is [Run] without a test.
//
// The error says why there is no judgement: [target.Problems] with the options,
// [attacker.ErrNoBrowser], or an [*engine.Fault] of the harness, which is never a
// finding about the handler; the report then has what was judged before it. What
// the handler violates is no error.
//
// The handler is called from several goroutines, and its server and the browser
// have ended when Examine returns.
func Examine(ctx context.Context, h http.Handler, list ...Option) (report.Report, error) {
	r, err := examine(ctx, h, gather(list))
	if err != nil {
		err = told(err, r)
	}
	return r, err
}

func examine(ctx context.Context, h http.Handler, o options) (report.Report, error) {
	if _, err := o.findBrowser(o.config.Browser.Path); err != nil {
		return report.Report{}, err
	}
	authority, err := loopback.NewAuthority()
	if err != nil {
		return report.Report{}, err
	}
	server, err := loopback.Serve(h, authority)
	if err != nil {
		return report.Report{}, err
	}
	defer server.Close()
	x, err := engine.NewExamination(ctx, engine.Request{
		Config:   o.config.ServedAt(server.Addr(), authority),
		MustFind: true,
		Select:   o.selected,
		Strict:   o.strict,
	})
	if err != nil {
		return report.Report{}, err
	}
	defer x.Close()
	if err = x.Run(ctx); err != nil && x.Record().Fault == nil {
		return report.Report{}, err
	}
	record := x.End()
	return report.New(record, report.Meta{
		Version: version(),
		InWords: inOptions,
		Secrets: report.Secrets(x.Deployment(), record),
		FixFor:  x.Deployment().Preset.FixFor,
		Stack:   x.Deployment().Preset.Stack,
	}), err
}

// version is that of the Crossexam that the program was built with.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == "github.com/crossexam/crossexam" && m.Version != "" {
			return m.Version
		}
	}
	return "(devel)"
}
