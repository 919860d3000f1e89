package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crossexam/crossexam/scenarios"
)

// helpful gives a command and those below it help texts of 80 columns, and has
// them say what was probably meant by a flag that is unknown.
func helpful(root *cobra.Command) {
	// Cobra leaves the lines as long as they come.
	root.SetUsageTemplate(strings.NewReplacer(
		"Flags.FlagUsages |", "Flags.FlagUsagesWrapped 80 |",
		"for more information about a command", "for more about a command",
	).Replace(root.UsageTemplate()))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		text := err.Error()
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			text = ofFlag(invalid).Error()
		}
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			var names []string
			c.Flags().VisitAll(func(f *pflag.Flag) {
				if !f.Hidden {
					names = append(names, f.Name)
				}
			})
			if meant := suggestions(unknown.GetSpecifiedName(), names); len(meant) > 0 {
				text += "; did you mean --" + strings.Join(meant, " or --") + "?"
			}
		}
		return usage(fmt.Errorf("%s\nRun '%s --help' for what there is", text, c.CommandPath()))
	})
}

// suggestions are those of the names that a mistyped one is close to, by the measure
// by which cobra suggests commands.
func suggestions(typed string, names []string) []string {
	list := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, n := range names {
		list.AddCommand(&cobra.Command{Use: n, Run: func(*cobra.Command, []string) {}})
	}
	return list.SuggestionsFor(typed)
}

// completeScenarios completes a scenario's ID, in whichever case it is begun.
func completeScenarios(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all []cobra.Completion
	for _, s := range scenarios.Catalogue() {
		if len(args) == 0 && strings.HasPrefix(s.ID, strings.ToUpper(begun)) {
			all = append(all, cobra.CompletionWithDesc(s.ID, s.Title))
		}
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// completeLabels completes a label, where the filter is one label.
func completeLabels(c *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all []cobra.Completion
	family := ""
	for _, s := range scenarios.Catalogue() {
		if s.Family() != family {
			family = s.Family()
			all = append(all, cobra.CompletionWithDesc(family, scenarios.FamilyTitle(family)))
		}
	}
	ids, directive := completeScenarios(c, nil, begun)
	return append(all, ids...), directive
}
