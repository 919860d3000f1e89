package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rare are the flags that most runs do without, by what they are about. The help of a
// command names them, and describes them only where all of it is wanted.
func rare() []aboutFlags {
	return []aboutFlags{
		{"Credentials", []string{"basic-file", "bearer-file", "header-file", "query-key", "query-key-file", "storage-state", "together", "client-cert", "client-cert-password-file"}},
		{"What is examined", []string{"graphql", "query", "json-rpc", "call", "openapi", "exclude", "examine", "startup-log", "preset", "accepted", "connect-to"}},
		{"The policy", []string{"allow-methods", "allow-headers", "expose-headers"}},
		{"Network", []string{"timeout", "rate", "concurrency", "header-timeout", "insecure-skip-verify", "direct", "follow-to-https", "allow-writes"}},
		{"Browser", []string{"browser", "user-agent", "block-third-party-cookies"}},
		{"Output", []string{"baseline", "fail-on-new", "report-mode"}},
	}
}

type aboutFlags struct {
	about string
	flags []string
}

// helpAll is the flag of the command help that asks for all of it.
const helpAll = "all"

// briefly has the help of commands with rare flags fit two screens, and has
// `crossexam help COMMAND --all` print the whole.
func briefly(root *cobra.Command) {
	whole := root.HelpFunc()
	all := false
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if usual, left := usualFlags(c.Flags()); !all && len(left) > 1 {
			brief(c, usual, left)
			return
		}
		whole(c, args)
	})
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Example = "  crossexam help test\n  crossexam help test --all"
			c.Flags().BoolVar(&all, helpAll, false, "describe every flag, the rarely used ones too")
		}
	}
}

// usualFlags are the flags that are not rare, and the names of the others by what they
// are about, a line each.
func usualFlags(f *pflag.FlagSet) (usual *pflag.FlagSet, left []string) {
	usual = pflag.NewFlagSet("", pflag.ContinueOnError)
	usual.SortFlags = false
	isRare := map[string]bool{}
	for _, r := range rare() {
		var names []string
		for _, name := range r.flags {
			if flag := f.Lookup(name); flag != nil && !flag.Hidden {
				isRare[name] = true
				names = append(names, "--"+name)
			}
		}
		if len(names) > 0 {
			left = append(left, r.about+": "+strings.Join(names, " "))
		}
	}
	f.VisitAll(func(flag *pflag.Flag) {
		if !isRare[flag.Name] && !flag.Hidden {
			usual.AddFlag(flag)
		}
	})
	return usual, left
}

// brief prints what most users need of a command's help.
func brief(c *cobra.Command, usual *pflag.FlagSet, left []string) {
	w := c.OutOrStdout()
	first, _, _ := strings.Cut(c.Long, "\n\n")
	examples := strings.Split(strings.TrimRight(c.Example, "\n"), "\n")
	examples = examples[:min(len(examples), 4)]
	for strings.HasSuffix(examples[len(examples)-1], "\\") { // a command is shown whole or not at all
		examples = examples[:len(examples)-1]
	}
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n\nExamples:\n%s\n\nFlags:\n%s\nRarely used:\n",
		first, c.UseLine(), strings.Join(examples, "\n"), usual.FlagUsagesWrapped(80))
	for _, line := range left {
		fmt.Fprintln(w, wrap("  "+line, "    "))
	}
	fmt.Fprintf(w, "\n%s\n", wrap("'crossexam help "+c.Name()+" --all' describes them, and so does docs/configuration.md.", ""))
}
