package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/fleet"
	"github.com/crossexam/crossexam/report"
)

func fleetStatusCommand() *cobra.Command {
	var broker fleetBroker
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell how far a fleet is, and what was given up, with the reason",
		Long: `Tell how far a fleet is: how many targets are known and with which exit codes,
what is queued, which workers there are, and what was given up, with the reason.`,
		Example: "  crossexam fleet status\n  crossexam fleet status --json | jq .dead",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			kept, err := broker.open(c.Context(), "", true)
			if err != nil {
				return err
			}
			defer kept.close()
			st, err := kept.Status(c.Context())
			if err != nil {
				return couldNotSay(err)
			}
			if asJSON {
				return report.EncodeJSON(os.Stdout, st)
			}
			st.WriteText(os.Stdout)
			return nil
		},
	}
	broker.flags(c.Flags())
	broker.flagsOfTime(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func fleetReportCommand() *cobra.Command {
	var broker fleetBroker
	var output fleetOutput
	c := &cobra.Command{
		Use:   "report",
		Short: "Write the report of what is known of a fleet by now",
		Long: `Write the report of what is known of a fleet by now. Exit codes are those of
'crossexam fleet run', and 3 while a target is not known.`,
		Example: "  crossexam fleet report\n  crossexam fleet report --nats nats://nats:4222 --out report",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			kept, err := broker.open(c.Context(), "", true)
			if err != nil {
				return err
			}
			defer kept.close()
			known, err := kept.Known(c.Context())
			if errors.Is(err, fleet.ErrNothingSubmitted) {
				return usage(err)
			}
			if err != nil {
				return couldNotSay(err)
			}
			return fleetPublish(c.Context(), kept.Store, known, output, false)
		},
	}
	broker.flags(c.Flags())
	broker.flagsOfTime(c.Flags())
	output.flags(c.Flags())
	return c
}

func fleetRetryCommand() *cobra.Command {
	return withTargets(&cobra.Command{
		Use:   "retry [NAME|URL]...",
		Short: "Queue again what was given up, cancelled or could not be judged",
		Long: `Queue again the targets that were given up or cancelled, and those that could
not be judged: all of them, or those with these names or URLs. Workers take
them, and so does 'crossexam fleet run'.`,
		Example: "  crossexam fleet retry\n  crossexam fleet retry https://api.example.com",
	}, (*fleet.Store).Retry, "queued again")
}

func fleetCancelCommand() *cobra.Command {
	return withTargets(&cobra.Command{
		Use:   "cancel [NAME|URL]...",
		Short: "Take from the queue what is not known yet",
		Long: `Take from the queue the targets that are not known yet: all of them, or those
with these names or URLs. What a worker is at, it ends. 'crossexam fleet retry'
and 'crossexam fleet run' queue them again.`,
		Example: "  crossexam fleet cancel\n  crossexam fleet cancel billing --nats nats://nats:4222",
	}, (*fleet.Store).Cancel, "cancelled")
}

// withTargets is a command that does something with the targets that are named, and
// prints with how many.
func withTargets(c *cobra.Command, do func(*fleet.Store, context.Context, []string) (int, error), what string) *cobra.Command {
	var broker fleetBroker
	broker.flags(c.Flags())
	broker.flagsOfTime(c.Flags())
	c.RunE = func(c *cobra.Command, names []string) error {
		kept, err := broker.open(c.Context(), "", true)
		if err != nil {
			return err
		}
		defer kept.close()
		n, err := do(kept.Store, c.Context(), names)
		sentence := counted(n, "target was ", "targets were ") + what
		switch {
		case errors.Is(err, fleet.ErrNoSuchTarget):
			return usage(err)
		case err != nil:
			return couldNotSay(fmt.Errorf("%s; then: %w", sentence, err))
		}
		fmt.Println(sentence + ".")
		return nil
	}
	return c
}
