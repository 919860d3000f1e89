package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crossexam/crossexam/fleet"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/fleetreport"
)

// fleetWorkers are the flags of what workers do.
type fleetWorkers struct {
	sweeps int
	strict bool
	renew  int
}

func (o *fleetWorkers) flags(f *pflag.FlagSet) {
	f.IntVar(&o.sweeps, "sweeps", 8, "`N` targets that a worker sweeps at a time")
	f.IntVar(&o.renew, "renew", 50, "`N` targets that one browser examines, before it is replaced")
}

// fleetOutput are the flags of the fleet's report.
type fleetOutput struct {
	out       string
	strict    bool
	failOnNew bool
}

func (o *fleetOutput) flags(f *pflag.FlagSet) {
	f.StringVar(&o.out, "out", "crossexam-fleet-report", "`DIR` for the report")
	f.BoolVar(&o.strict, "strict", false, "fail on a violated SHOULD too")
	f.BoolVar(&o.failOnNew, "fail-on-new", false, "fail only on what the last run did not have")
}

// age is a flag for a time that something may be old: 12h, or 7d.
type age time.Duration

func (a *age) String() string {
	if *a == 0 {
		return ""
	}
	return time.Duration(*a).String()
}

func (a *age) Set(s string) error {
	d, err := time.ParseDuration(s)
	if days, isDays := strings.CutSuffix(s, "d"); isDays {
		var n float64
		n, err = strconv.ParseFloat(days, 64)
		d = time.Duration(n * float64(24*time.Hour))
	}
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a time: write it like 7d or 12h", s)
	}
	*a = age(d)
	return nil
}

func (*age) Type() string { return "time" }

type fleetRunOptions struct {
	file    string
	broker  fleetBroker
	workers fleetWorkers
	output  fleetOutput
	listen  string
	count   int
	prove   string
	since   age
	quiet   bool
}

func fleetRunCommand() *cobra.Command {
	var o fleetRunOptions
	c := &cobra.Command{
		Use:   "run fleet.yaml",
		Short: "Examine what a fleet.yaml lists, and write the report",
		Long: `Examine the targets of a fleet.yaml, and write one report of all. What is known
of a target under its configuration is not examined again; --since renews what
is older. A run that was ended goes on where it was.

With --listen other processes on this machine can work too, and ask how far it
is; with --nats, other machines. --workers 0 leaves all work to these.

Exit codes are those of one target, the worst: 1 before 3.`,
		Example: `  crossexam fleet run fleet.yaml
  crossexam fleet run fleet.yaml --prove 5% --workers 2
  crossexam fleet run fleet.yaml --since 7d --fail-on-new
  crossexam fleet run fleet.yaml --nats tls://nats:4222 --workers 0`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("give one file with the list of targets, such as fleet.yaml; got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.file = args[0]
			return fleetRun(c.Context(), o)
		},
	}
	f := c.Flags()
	o.broker.flags(f)
	o.broker.flagsOfTime(f)
	o.workers.flags(f)
	o.output.flags(f)
	f.StringVar(&o.listen, "listen", "", "`ADDRESS` on loopback where the built-in broker listens, such as 127.0.0.1:4222; the credential is in --state")
	f.IntVar(&o.count, "workers", 1, "`N` workers in this process, each with a browser; 0 for none")
	f.StringVar(&o.prove, "prove", "suspects", "`WHICH` targets are examined in the browser: all, suspects, none, or suspects and a share of the others, such as 5%")
	f.Var(&o.since, "since", "examine again what was examined longer ago than a `TIME`, such as 7d")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict only")
	return c
}

// errDiskFull ends a run whose broker can store nothing.
var errDiskFull = errors.New("the disk of the built-in broker is full")

// read is what is asked for, if that can be done.
func (o fleetRunOptions) read() (fleet.Prove, []fleet.Target, error) {
	prove, err := fleet.ParseProve(o.prove)
	switch {
	case err != nil:
		return "", nil, fmt.Errorf("--prove: %w", err)
	case o.listen != "" && o.broker.remote.URL != "":
		return "", nil, errors.New("--listen is of the built-in broker: leave it out, or leave out --nats")
	case o.count == 0 && o.listen == "" && o.broker.remote.URL == "":
		return "", nil, errors.New("--workers 0 leaves all work to other processes, and none can reach the built-in broker: let it listen, as with --listen 127.0.0.1:0, or name a broker with --nats")
	case o.count < 0:
		return "", nil, errors.New("--workers: give how many, or 0 for none")
	}
	targets, err := fleet.Load(o.file)
	if err != nil {
		return "", nil, err
	}
	if err := report.TryFolder(o.output.out); err != nil {
		return "", nil, fmt.Errorf("no report can be written to %s: %w; give another folder with --out", o.output.out, err)
	}
	return prove, targets, nil
}

func fleetRun(ctx context.Context, o fleetRunOptions) error {
	prove, targets, err := o.read()
	if err != nil {
		return usage(err)
	}
	kept, err := o.broker.open(ctx, o.listen, false)
	if err != nil {
		return err
	}
	defer kept.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if kept.broker != nil {
		go endWhenFull(ctx, kept.broker, cancel)
		if kept.broker.URL() != "" && !o.quiet {
			fmt.Fprintln(os.Stderr, "Workers can join: "+o.workerCommand(kept.broker))
		}
	}
	var before time.Time
	if o.since > 0 {
		before = time.Now().Add(-time.Duration(o.since))
	}
	submitted, err := kept.Submit(ctx, prove, targets, before)
	if err != nil {
		o.publishSeen(ctx, kept.Store, err)
		return o.ended(ctx, err)
	}
	if !o.quiet {
		fmt.Fprintf(os.Stderr, "Targets: %d to examine, %d known already.\n", submitted.Queued, submitted.Known)
	}
	stopWorking := o.startWorkers(ctx, kept)
	known, err := kept.Await(ctx, before, o.progress())
	stopWorking()
	if err != nil {
		o.publishSeen(ctx, kept.Store, err)
		if kept.broker != nil && o.listen == "" { // so that nobody else has anything
			o.letGo(ctx, kept.Store)
		}
		return o.ended(ctx, err)
	}
	return fleetPublish(ctx, kept.Store, known, o.output, o.quiet)
}

// endWhenFull ends a run whose broker has no room to store anything.
func endWhenFull(ctx context.Context, b *fleet.Broker, end context.CancelCauseFunc) {
	select {
	case <-b.Full():
		end(errDiskFull)
	case <-ctx.Done():
	}
}

// startWorkers has the workers of this process begin. stop ends them, and waits for that.
func (o fleetRunOptions) startWorkers(ctx context.Context, kept keptFleet) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	o.workers.strict = o.output.strict
	var workers sync.WaitGroup
	for range o.count {
		workers.Go(func() {
			if err := work(ctx, kept.Store, o.workers, fleet.WorkerName(), filepath.Dir(o.file), nil); err != nil {
				tellOnStderr(err.Error())
			}
		})
	}
	if o.count == 0 {
		workers.Go(func() { o.tellOfNoWorker(ctx, kept) })
	}
	return func() { cancel(); workers.Wait() }
}

// tellOfNoWorker tells that nobody works, and how somebody would, while that is so.
func (o fleetRunOptions) tellOfNoWorker(ctx context.Context, kept keptFleet) {
	const first, again = 5 * time.Second, time.Minute
	wait := time.NewTimer(first)
	defer wait.Stop()
	for {
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		if n, err := kept.Workers(ctx); err == nil && n == 0 {
			tellOnStderr("No worker is at work, and this run has none of its own (--workers 0). It waits for one: " + o.workerCommand(kept.broker))
		}
		wait.Reset(again)
	}
}

// workerCommand is what starts a worker for the run.
func (o fleetRunOptions) workerCommand(broker *fleet.Broker) string {
	args := []string{"crossexam fleet worker"}
	if broker != nil {
		args = append(args, "--nats", broker.URL(), "--nats-creds", broker.Credential())
	} else {
		args = append(args, "--nats", fleet.WithoutPasswords(o.broker.remote.URL))
		if o.broker.remote.Credentials != "" {
			args = append(args, "--nats-creds", "FILE")
		}
		if o.broker.remote.CA != "" {
			args = append(args, "--nats-ca", o.broker.remote.CA)
		}
	}
	if o.broker.name != defaultFleet {
		args = append(args, "--fleet", o.broker.name)
	}
	return strings.Join(args, " ")
}

// publishSeen writes the report of what a run has seen of its fleet, whose broker does not
// answer any more.
func (o fleetRunOptions) publishSeen(ctx context.Context, s *fleet.Store, err error) {
	var unfinished *fleet.UnfinishedError
	if !errors.Is(err, fleet.ErrSilent) || !errors.As(err, &unfinished) || len(unfinished.Known.Outcomes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := writeFleet(ctx, s, unfinished.Known, o.output, o.quiet); err != nil {
		tellOnStderr("the report is incomplete: " + err.Error())
	}
}

// letGo has the next run begin at once with what this one gave back. A broker that cannot
// store that any more has it begin some seconds later.
func (o fleetRunOptions) letGo(ctx context.Context, s *fleet.Store) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = s.LetGo(ctx)
}

// ended is the end of a run before all is known.
func (o fleetRunOptions) ended(ctx context.Context, err error) error {
	const goesOn = "; what is known is kept, and the same command goes on"
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errDiskFull):
		return couldNotSay(fmt.Errorf("%w: make room in %s%s", errDiskFull, o.broker.state, goesOn))
	case cause != nil:
		return couldNotSay(errors.New("the run was ended before all was known" + goesOn))
	case errors.Is(err, fleet.ErrSilent):
		return couldNotSay(fmt.Errorf("%w: look at its servers, of which more than half have to run and to have room on their disks; the same command then goes on with what they kept. If that is lost, a --fleet NAME that is new begins anew", err))
	}
	return couldNotSay(err)
}

// progress prints how far a run is, at most once a second.
func (o fleetRunOptions) progress() func(fleet.Progress) {
	if o.quiet {
		return nil
	}
	begun, last := time.Now(), time.Time{}
	return func(p fleet.Progress) {
		if time.Since(last) < time.Second && p.Known < p.Targets {
			return
		}
		last = time.Now()
		dead := ""
		if p.Dead > 0 {
			dead = fmt.Sprintf(", %d of them given up or cancelled", p.Dead)
		}
		fmt.Fprintf(os.Stderr, "%d of %d targets are known%s (%s)\n", p.Known, p.Targets, dead, time.Since(begun).Round(time.Second))
	}
}

// fleetPublish writes the report of what is known of a fleet, prints what it comes to, and
// ends the command as that asks for.
func fleetPublish(ctx context.Context, s *fleet.Store, known fleet.Known, o fleetOutput, quiet bool) error {
	code, writeErr := writeFleet(ctx, s, known, o, quiet)
	if writeErr != nil {
		tellOnStderr("the report is incomplete: " + writeErr.Error())
	}
	if code == report.ExitConforms && writeErr != nil {
		return couldNotSay(errors.New("everything conforms, but the report could not be written whole"))
	}
	if code != report.ExitConforms {
		return exitError{code: code}
	}
	return nil
}

// writeFleet writes the report of what is known of a fleet, and prints what it comes to. The
// error is about the files.
func writeFleet(ctx context.Context, s *fleet.Store, known fleet.Known, o fleetOutput, quiet bool) (code int, err error) {
	f := fleetreport.New(known.Outcomes, known.Previous, fleetreport.Options{
		Tool: report.Tool{Version: version(), Commit: commit()}, Strict: o.strict, OnlyNew: o.failOnNew,
	})
	err = errors.Join(s.WriteReports(ctx, known, o.out), fleetreport.WriteAll(o.out, f, fs.FileMode(0)))
	fmt.Println(report.Visible(f.Headline()))
	if !quiet {
		fmt.Println(report.Visible(f.Counts()))
	}
	fmt.Printf("Report: %s\n", filepath.Join(o.out, "fleet.html"))
	code = f.ExitCode()
	if missing := known.Targets - len(known.Outcomes); missing > 0 {
		fmt.Printf("%d of %d targets are not known yet.\n", missing, known.Targets)
		if code == report.ExitConforms {
			code = report.ExitNoVerdict
		}
	}
	return code, err
}
