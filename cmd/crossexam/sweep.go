package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/target"
)

// sweepOnly asks every endpoint by header, and prints the policy classes. It needs no
// browser, and so never says that anything conforms.
func sweepOnly(ctx context.Context, o testOptions) error {
	r, err := sweep.Run(ctx, sweep.Request{
		Config:  o.config,
		Browser: attacker.Options{Path: o.config.Browser.Path, UserAgent: o.config.Browser.UserAgent}.Headers(ctx),
		Redact: func(d target.Deployment) func(string) string {
			return report.Redactor(engine.Record{}, d.Secrets())
		},
	})
	var wrong target.Problems
	switch {
	case errors.As(err, &wrong):
		return usage(err)
	case err != nil:
		return couldNotSay(err)
	}
	if o.json {
		if err := report.EncodeJSON(os.Stdout, r); err != nil {
			return couldNotSay(fmt.Errorf("writing the result: %w", err))
		}
	}
	printSweep(o.printed(), r, o)
	switch {
	case r.Suspects(), o.strict && r.Advised():
		return exitError{code: report.ExitViolates}
	case r.Doubt() != "":
		return couldNotSay(errors.New(r.Doubt()))
	}
	return nil
}

// mostNamed is how many endpoints of a class are named, unless all are wanted.
const mostNamed = 3

// printSweep prints the classes, the widest grant first, and what is suspected.
func printSweep(w io.Writer, r sweep.Result, o testOptions) {
	say := func(format string, args ...any) { fmt.Fprintln(w, report.Visible(fmt.Sprintf(format, args...))) }
	say("%s: %s in %s, by header alone (%d requests, %.1f s)", r.Target,
		counted(len(r.Endpoints), "endpoint", "endpoints"), counted(len(r.Classes), "policy class", "policy classes"), r.Requests, float64(r.DurationMS)/1000)
	if !o.quiet {
		for _, c := range r.Classes {
			say("")
			say("%s: %s; %s, %d of them private: %s", c.ID, granted(r, c), counted(c.Size, "endpoint", "endpoints"), c.Private, named(r, c.ID, o.verbose))
			for _, g := range c.Granted {
				say("    %s", shownGrant(g))
			}
			for _, rule := range c.Rules {
				say("    %s", rule)
			}
			refused := r.Refused(c)
			works := slices.DeleteFunc(slices.Clone(c.Trusted), func(o cors.Origin) bool { return slices.Contains(refused, o) })
			if len(works) > 0 {
				say("    granted to what is trusted%s: %s", map[bool]string{true: " (an assumption)"}[r.Assumed], joined(works))
			}
			if len(refused) > 0 {
				say("    trusted, and not granted%s: %s", map[bool]string{true: " with the victim's credential"}[c.With().Ambient()], joined(refused))
			}
		}
		if left := named(r, "", o.verbose); left != "" {
			say("")
			say("In no class, for want of answers: %s", left)
		}
		say("")
		if o.verbose {
			for _, note := range r.Notes {
				say("Note: %s", note)
			}
		}
	}
	if r.Suspects() && r.Doubt() != "" { // which ends the command otherwise
		say("Not everything is known: %s.", r.Doubt())
	}
	if r.Advised() {
		say("Against advice: %s. Nobody can register such an origin, and --strict fails on it.", classesOf(r, scenarios.Should))
	}
	switch {
	case r.Suspects():
		say("Suspected: %s. The same command without --sweep-only proves it in a browser.", classesOf(r, scenarios.Must))
	case r.Doubt() == "" && r.Advised():
		say("Nothing else was granted that should not be. What a browser really does was not tried: leave out --sweep-only.")
	case r.Doubt() == "":
		say("Nothing was granted to anyone that should not be. What a browser really does was not tried: leave out --sweep-only.")
	}
}

// granted says whether a class grants something, and to whom.
func granted(r sweep.Result, c sweep.Class) string {
	switch assumed := r.Assumed && len(c.Trusted) > 0; {
	case c.ToAnyone():
		return c.Word() + " to anyone"
	case len(c.Granted) > 0 && assumed:
		return c.Word() + " to others than the origins that are assumed to be trusted"
	case len(c.Granted) > 0:
		return c.Word() + " to others than the trusted origins"
	case assumed:
		return c.Word() + " to anyone but origins that are assumed to be trusted"
	case len(c.Trusted) > 0:
		return c.Word() + " to anyone but trusted origins"
	}
	return c.Word() + " to anyone"
}

func shownGrant(g sweep.Grant) string {
	if g.Anyone {
		return g.String()
	}
	return fmt.Sprintf("%s (%s; %s)", g, g.Origin, g.Takes)
}

// classesOf names the classes whose grants violate at most requirements of this level,
// with how many endpoints they have.
func classesOf(r sweep.Result, level scenarios.Level) string {
	var ids []string
	endpoints := 0
	for _, c := range r.Classes {
		if c.Level == level {
			ids = append(ids, c.ID)
			endpoints += c.Size
		}
	}
	return fmt.Sprintf("%s of %s", counted(endpoints, "endpoint", "endpoints"), strings.Join(ids, ", "))
}

// named are endpoints of a class, the first few or all of them; those of none where the
// ID is empty.
func named(r sweep.Result, id string, all bool) string {
	var names []string
	for _, e := range r.Endpoints {
		switch {
		case e.Class != id:
		case e.Unanswered != "":
			names = append(names, e.Endpoint+" ("+e.Unanswered+")")
		default:
			names = append(names, e.Endpoint)
		}
	}
	if more := len(names) - mostNamed; more > 0 && !all {
		names = append(slices.Clone(names[:mostNamed]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

func joined[S fmt.Stringer](list []S) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.String()
	}
	return strings.Join(texts, ", ")
}

func counted(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
