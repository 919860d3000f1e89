package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crossexam/crossexam/fleet"
	"github.com/crossexam/crossexam/report"
)

func fleetCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "fleet",
		Short: "Examine many targets, on as many machines as it takes",
		Long: `Examine the targets of a fleet.yaml: each is swept, by headers alone, and where
something is granted, or cannot be told, it is examined in the browser.

What is to be done is a work queue on NATS JetStream, which 'fleet run' has in
itself, below --state, unless --nats names a broker. Whatever is killed, nothing
is lost, and nothing is judged twice: the same command goes on.

Secrets are named in fleet.yaml, as ${NAME} or ${file:PATH}, and looked up where
a worker runs. No message, bucket or report has them.`,
		Example: `  crossexam fleet run fleet.yaml
  crossexam fleet run fleet.yaml --since 7d --fail-on-new
  crossexam fleet run fleet.yaml --nats nats://nats:4222 --workers 0
  crossexam fleet worker --nats nats://nats:4222 --files /run/secrets
  crossexam fleet status`,
		Args: cobra.NoArgs,
	}
	c.AddCommand(fleetRunCommand(), fleetWorkerCommand(), fleetStatusCommand(), fleetReportCommand(), fleetRetryCommand(), fleetCancelCommand(), fleetHealthCommand())
	return c
}

// defaultFleet is the name of a fleet that is given none.
const defaultFleet = "crossexam"

// fleetMemoryGoal is [memoryGoal] for a process that may have a broker in it, in bytes.
const fleetMemoryGoal = 512 << 20

// fleetBroker are the flags that say where a fleet is kept.
type fleetBroker struct {
	state    string
	remote   fleet.Remote
	name     string
	replicas int
	lease    time.Duration
	patience time.Duration // of the commands that end; a worker's has no end
}

func (o *fleetBroker) flags(f *pflag.FlagSet) {
	f.StringVar(&o.state, "state", "crossexam-fleet", "`DIR` in which the built-in broker keeps the fleet")
	f.StringVar(&o.remote.URL, "nats", os.Getenv("CROSSEXAM_NATS"), "`URL` of a NATS broker with JetStream, instead of the built-in one; CROSSEXAM_NATS")
	f.StringVar(&o.remote.Credentials, "nats-creds", os.Getenv("CROSSEXAM_NATS_CREDS"), "`FILE` with its credentials (.creds), or with the seed of a user's key; CROSSEXAM_NATS_CREDS")
	f.StringVar(&o.remote.CA, "nats-ca", "", "PEM `FILE` with the authorities of its certificate")
	f.StringVar(&o.name, "fleet", defaultFleet, "`NAME` of the fleet, where several share a broker")
	f.DurationVar(&o.lease, "lease", 0, "of a new fleet, the `TIME` after which a worker that is not heard of is taken to be lost (default 30s)")
	f.IntVar(&o.replicas, "replicas", 0, "of a new fleet, `N` servers of a cluster keep each thing (default 3, and 1 where there is no cluster)")
}

// flagsOfTime are those of commands that end by themselves; a worker waits for its broker.
func (o *fleetBroker) flagsOfTime(f *pflag.FlagSet) {
	f.DurationVar(&o.patience, "broker-timeout", 2*time.Minute, "end when the broker has not answered as it should for a `TIME`; 0 is never")
}

// A keptFleet is a fleet on a broker that this process is connected to.
type keptFleet struct {
	*fleet.Store
	broker *fleet.Broker // nil for one of others
}

func (k keptFleet) close() {
	k.Store.Close()
	if k.broker != nil {
		k.broker.Close()
	}
}

// open connects to the broker, or starts the built-in one. Where a run of another process
// has it, that one is asked, if it listens.
func (o *fleetBroker) open(ctx context.Context, listen string, ask bool) (k keptFleet, err error) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(fleetMemoryGoal)
	}
	options := fleet.StoreOptions{Fleet: o.name, Replicas: o.replicas, Lease: o.lease, Patience: o.patience, Tell: tellOnStderr}
	if o.remote.URL != "" {
		k.Store, err = o.remote.Open(ctx, options)
		if errors.Is(err, fleet.ErrSilent) || ctx.Err() != nil {
			return k, couldNotSay(err)
		}
		return k, unlessNil(err, usage)
	}
	k.broker, err = fleet.StartBroker(fleet.BrokerOptions{State: o.state, Listen: listen})
	switch remote, listens := fleet.RemoteOf(o.state); {
	case err == nil:
		if k.Store, err = k.broker.Open(ctx, options); err != nil {
			k.broker.Close()
		}
		if err != nil && !errors.Is(err, fleet.ErrName) {
			return k, couldNotSay(err)
		}
	case errors.Is(err, fleet.ErrInUse) && ask && listens:
		k.broker = nil
		k.Store, err = remote.Open(ctx, options)
	case errors.Is(err, fleet.ErrInUse) && ask:
		err = fmt.Errorf("a run has the fleet in %s, and listens to nobody: wait for its end, or have it listen with `crossexam fleet run --listen 127.0.0.1:0`", o.state)
	}
	return k, unlessNil(err, usage)
}

func unlessNil(err error, as func(error) error) error {
	if err == nil {
		return nil
	}
	return as(err)
}

// tellOnStderr tells the operator a sentence.
func tellOnStderr(sentence string) { fmt.Fprintln(os.Stderr, "crossexam:", report.Visible(sentence)) }
