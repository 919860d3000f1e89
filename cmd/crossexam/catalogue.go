package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/scenarios"
)

func listCommand() *cobra.Command {
	var markdown bool
	list := &cobra.Command{
		Use:   "list",
		Short: "List the catalogue of scenarios",
		Example: `  crossexam list
  crossexam list | grep must`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if markdown {
				return writeCatalogue(c.OutOrStdout())
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, s := range scenarios.Catalogue() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", s.ID, s.Level, s.Title)
			}
			return w.Flush()
		},
	}
	list.Flags().BoolVar(&markdown, "markdown", false, "the whole catalogue as a page, with the fixtures that each scenario convicts")
	return list
}

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "explain ID",
		Short:             "Explain one scenario: what it asks for, who says so, and the fix",
		Example:           "  crossexam explain WLD-001",
		ValidArgsFunction: completeScenarios,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("give one scenario ID, such as WLD-001; 'crossexam list' has them all"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			s, ok := scenarios.Find(strings.ToUpper(args[0]))
			if !ok {
				return usage(fmt.Errorf("there is no scenario %q; 'crossexam list' has them all", args[0]))
			}
			explain(c.OutOrStdout(), s)
			return nil
		},
	}
}

// explain prints what a scenario asks for.
func explain(w io.Writer, s scenarios.Scenario) {
	fmt.Fprintf(w, "%s (%s)\n%s\n\nFix: %s\n\nGuidance:\n", s.ID, s.Level, s.Title, s.WholeFix())
	for _, g := range s.Guidance {
		fmt.Fprintf(w, "  %s, %s\n    %s\n", g.Source, g.Ref, g.URL)
	}
}
