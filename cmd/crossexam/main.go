// Command crossexam proves what a malicious web page can do to an HTTP API, in a
// real browser.
package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/target"
)

// The exit codes of the command that are not a report's.
const (
	exitUsage       = 2
	exitCouldNotSay = 3
)

func main() {
	os.Exit(run(os.Args[1:]))
}

// memoryGoal is what the process takes of memory before the garbage collector works
// harder, in bytes, unless GOMEMLIMIT says otherwise.
const memoryGoal = 128 << 20

// exclusive is what cobra says of two flags that do not go together.
var exclusive = regexp.MustCompile(`^if any flags in the group \[.*\] are set none of the others can be; \[(\S+) (\S+)\] were all set$`)

func run(args []string) int {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	ctx, stop := interruptible()
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.err != nil {
			fmt.Fprintln(os.Stderr, "crossexam:", report.Visible(worded(exit.err)))
		}
		return exit.code
	}
	// What cobra reports itself is about the command line.
	fmt.Fprintf(os.Stderr, "crossexam: %s\n", report.Visible(exclusive.ReplaceAllString(err.Error(), "--$1 and --$2 exclude each other: give one of them")))
	fmt.Fprintln(os.Stderr, "Run 'crossexam --help' for what there is.")
	return exitUsage
}

// exitError ends the command with a code, after a message where it has one.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// worded is an error in the words of its reader: with flags in the place of entries, but for
// what is wrong in a file, where it is the entries that are written.
func worded(err error) string {
	var problems target.Problems
	if errors.As(err, &problems) && slices.ContainsFunc(problems, (*target.Problem).InFile) {
		return err.Error()
	}
	return inFlags(err.Error())
}

func usage(err error) error { return exitError{exitUsage, err} }

func couldNotSay(err error) error { return exitError{exitCouldNotSay, err} }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "crossexam",
		Short: "Prove what a malicious web page can do to an HTTP API, in a real browser",
		Long: `Crossexam proves what a malicious web page can do to an HTTP API with a
victim's credentials, and that the real front end still works. It serves the
page, drives a real headless Chrome through it, and judges what the browser
really allowed.

Exit codes: 0 conforms, 1 a MUST requirement is violated (with --strict a SHOULD
too), 2 usage or configuration, an accepted deviation that has expired or is
stale included, 3 could not judge.`,
		Example: `  crossexam demo
  crossexam test http://127.0.0.1:5055 --trusted https://notebook.example.com
  crossexam doctor`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	helpful(root)
	root.AddCommand(demoCommand(), testCommand(), initCommand(), learnCommand(), acceptCommand(), diffCommand(), judgeCommand(), listCommand(), explainCommand(), doctorCommand(), serveCommand(), mcpCommand(), fleetCommand(), versionCommand())
	briefly(root)
	strictly(root)
	return root
}

// versionCommand says what --version does, for whoever tries that first.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  crossexam version",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), "crossexam version", version())
			return err
		},
	}
}

// version is the module's, as the Go toolchain stamped it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func commit() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return ""
}

// needBrowser turns a missing browser into a usage error before anything else
// is tried.
func needBrowser(path string) error {
	if _, err := attacker.FindBrowser(path); err != nil {
		return usage(err)
	}
	return nil
}
