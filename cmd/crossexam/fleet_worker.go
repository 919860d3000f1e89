package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/fleet"
)

// work is a worker, until the context ends.
func work(ctx context.Context, s *fleet.Store, o fleetWorkers, name, files string, alive func()) (err error) {
	examiner := &fleet.Examiner{Files: files, Meta: meta, Strict: o.strict, Renew: o.renew}
	defer func() { err = errors.Join(err, examiner.Close()) }()
	w := &fleet.Worker{Name: name, Sweeps: o.sweeps, Stages: examiner.Stages(), Tell: tellOnStderr, Alive: alive}
	return w.Run(ctx, s)
}

func fleetWorkerCommand() *cobra.Command {
	var broker fleetBroker
	var workers fleetWorkers
	var name, files, health string
	c := &cobra.Command{
		Use:   "worker",
		Short: "Work for a fleet, until it is stopped",
		Long: `Work for the fleet on a broker: take targets from the queue, one at a time for
each host, examine them, and store what is found. It ends on SIGTERM within five
seconds, and gives back what it is at.

Secrets that a fleet.yaml names are looked up in this process's environment, and
below --files. Whoever may write to the broker can have them sent to a target:
give a worker those of its fleet only.`,
		Example: `  crossexam fleet worker --nats tls://nats:4222 --nats-creds worker.creds
  crossexam fleet worker --state crossexam-fleet`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if broker.remote.URL == "" {
				remote, listens := fleet.RemoteOf(broker.state)
				if !listens {
					return usage(errors.New("name the broker with --nats, such as nats://nats:4222, or the folder of a run that listens with --state"))
				}
				broker.remote = remote
			}
			broker.remote.Wait = brokerTime
			kept, err := broker.open(c.Context(), "", false)
			if err != nil {
				return err
			}
			defer kept.close()
			var alive func()
			if health != "" {
				alive = func() { touch(health) }
			}
			if err := work(c.Context(), kept.Store, workers, name, files, alive); err != nil {
				return couldNotSay(err)
			}
			return nil // it was told to stop
		},
	}
	f := c.Flags()
	broker.flags(f)
	workers.flags(f)
	f.BoolVar(&workers.strict, "strict", false, "fail on a violated SHOULD too")
	f.StringVar(&name, "name", fleet.WorkerName(), "`NAME` of the worker")
	f.Lookup("name").DefValue = "host, process and a random part"
	f.StringVar(&files, "files", ".", "`DIR` with the files that configurations name")
	f.StringVar(&health, "health-file", "", "`FILE` that is written while the worker is well, for 'crossexam fleet health'")
	return c
}

// brokerTime is how long a worker waits for a broker that starts at the same time.
const brokerTime = 5 * time.Second

// touch says that the worker is well. Where it cannot be written, the worker is not.
func touch(file string) {
	if err := os.Chtimes(file, time.Time{}, time.Now()); err != nil {
		_ = os.WriteFile(file, nil, 0o666)
	}
}

// healthyFor is how old the file of a healthy worker may be.
const healthyFor = 2 * time.Minute

func fleetHealthCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "health FILE",
		Short: "Tell whether a worker is well, for the health check of a container",
		Long: `Tell whether a worker is well that writes this --health-file: whether it reached
its broker within the last two minutes. Exit code 0 says that it did, 3 that it
did not.`,
		Example: "  crossexam fleet health /tmp/worker.health",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			info, err := os.Stat(args[0])
			switch {
			case err != nil:
				return couldNotSay(fmt.Errorf("no worker is well: %w", err))
			case time.Since(info.ModTime()) > healthyFor:
				return couldNotSay(fmt.Errorf("the worker is not well: it last reached its broker %s ago", time.Since(info.ModTime()).Round(time.Second)))
			}
			return nil
		},
	}
}
