package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/target"
)

type initOptions struct {
	config target.Config
	output string
	force  bool
}

func initCommand() *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init URL",
		Short: "Write a commented crossexam.yaml from what the API says of itself",
		Long: `Write a commented crossexam.yaml from what the API says of itself: its OpenAPI
document, or else the usual paths. The API is only read. No credential is
written into the file, which says how to give one.

` + precedence,
		Example: `  crossexam init http://127.0.0.1:5055 --trusted https://notebook.example.com
  crossexam init https://api.example.com --bearer-file token.txt --output -`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("give one URL, such as http://127.0.0.1:5055; got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if o.config, err = configured(c.Flags(), args[0]); err != nil {
				return usage(err)
			}
			return initialize(c.Context(), o)
		},
	}
	addSettings(c.Flags())
	// init reads no file, it writes one; and it examines nothing.
	for _, name := range []string{"config", "accepted", "browser", "block-third-party-cookies", "allow-writes"} {
		// The flag was added above.
		_ = c.Flags().MarkHidden(name)
	}
	c.Flags().StringVarP(&o.output, "output", "o", "crossexam.yaml", "`FILE` to write, or - for standard output")
	c.Flags().BoolVar(&o.force, "force", false, "overwrite the file")
	return c
}

func initialize(ctx context.Context, o initOptions) error {
	if o.output != "-" && !o.force {
		if _, err := os.Lstat(o.output); err == nil {
			return usage(fmt.Errorf("%s exists already: give --force to overwrite it, or another name with --output", o.output))
		}
	}
	o.config.AskAs(attacker.Options{Path: o.config.Browser.Path, UserAgent: o.config.Browser.UserAgent}.Headers(ctx))
	_, found, err := o.config.Discover(ctx)
	var down *target.UnreachableError
	switch {
	case errors.As(err, &down):
		return couldNotSay(err)
	case err != nil:
		return usage(err)
	}
	for _, sentence := range found.Summary() {
		fmt.Fprintln(os.Stderr, wrap(report.Visible(sentence), "  "))
	}
	text, err := target.Scaffold(o.config, found)
	if err != nil {
		return couldNotSay(err)
	}
	if o.output == "-" {
		_, err = os.Stdout.Write(text)
		return err
	}
	if err := write(o.output, text, o.force); err != nil {
		return usage(fmt.Errorf("the file cannot be written: %w", err))
	}
	fmt.Fprintf(os.Stderr, "Written to %s. Run it with: crossexam test --config %s\n", o.output, o.output)
	return nil
}

// write makes a new file, and overwrites one only where that is asked for.
func write(path string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, fs.FileMode(0o644))
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
