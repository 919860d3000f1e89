package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/report"
)

func visible(s string) string { return report.Visible(s) }

func fleetStatusCommand() *cobra.Command {
	var broker fleetBroker
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell how far a fleet is, and what was given up, with the reason",
		Args:  cobra.NoArgs,
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
				return json.NewEncoder(os.Stdout).Encode(st)
			}
			st.WriteText(os.Stdout)
			return nil
		},
	}
	broker.flags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func fleetReportCommand() *cobra.Command {
	var broker fleetBroker
	var output fleetOutput
	c := &cobra.Command{
		Use:   "report",
		Short: "Write the report of what is known of a fleet by now",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			kept, err := broker.open(c.Context(), "", true)
			if err != nil {
				return err
			}
			defer kept.close()
			return fleetPublish(c.Context(), kept.Store, output, false)
		},
	}
	broker.flags(c.Flags())
	output.flags(c.Flags())
	return c
}

func fleetRetryCommand() *cobra.Command {
	var broker fleetBroker
	c := &cobra.Command{
		Use:   "retry [NAME|URL]...",
		Short: "Queue again what was given up, cancelled or could not be judged",
		Long: `Queue again the targets that were given up or cancelled, and those that could not
be judged: all of them, or those with these names or URLs. Workers take them, and
so does 'crossexam fleet run'.`,
		RunE: func(c *cobra.Command, args []string) error {
			kept, err := broker.open(c.Context(), "", true)
			if err != nil {
				return err
			}
			defer kept.close()
			n, err := kept.Retry(c.Context(), args)
			return told(n, "queued again", err)
		},
	}
	broker.flags(c.Flags())
	return c
}

func fleetCancelCommand() *cobra.Command {
	var broker fleetBroker
	c := &cobra.Command{
		Use:   "cancel [NAME|URL]...",
		Short: "Take from the queue what is not known yet",
		Long: `Take from the queue the targets that are not known yet: all of them, or those with
these names or URLs. What a worker is at, it ends. 'crossexam fleet retry' and
'crossexam fleet run' queue them again.`,
		RunE: func(c *cobra.Command, args []string) error {
			kept, err := broker.open(c.Context(), "", true)
			if err != nil {
				return err
			}
			defer kept.close()
			n, err := kept.Cancel(c.Context(), args)
			return told(n, "cancelled", err)
		},
	}
	broker.flags(c.Flags())
	return c
}

// told prints how many targets something was done with.
func told(n int, what string, err error) error {
	if err != nil {
		return couldNotSay(fmt.Errorf("%d targets were %s; then: %w", n, what, err))
	}
	fmt.Printf("%d targets were %s.\n", n, what)
	return nil
}
