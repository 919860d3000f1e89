package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
	"github.com/crossexam/crossexam/target/recording"
)

type initOptions struct {
	config target.Config
	output string
	force  bool
	har    string // a file, or - for standard input; empty for none
	curl   string // likewise
}

func initCommand() *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init URL | init [URL] --har FILE | init [URL] --curl FILE",
		Short: "Write a commented crossexam.yaml from what the API says of itself",
		Long: `Write a commented crossexam.yaml from what the API says of itself: its OpenAPI
document, or else the usual paths. The API is only read. No credential is
written into the file, which says how to give one.

With --har it is written from what a front end was seen to do, and the API is
not asked: open the front end, work with it, and save what the network panel of
the browser's developer tools shows as HAR (Chrome, Firefox, Safari), or have
Playwright record it (.har or .zip). --curl takes commands of "Copy as cURL".
Left out are other hosts and all secrets, for which the file has references to
variables. Without a URL the API is taken to be the host that got most requests
of the front end.

` + precedence,
		Example: `  crossexam init http://127.0.0.1:5055 --trusted https://notebook.example.com
  crossexam init https://api.example.com --bearer-file token.txt --output -
  crossexam init --har app.example.com.har
  crossexam init https://api.example.com --curl - < copied.txt`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 0 && o.har == "" && o.curl == "" {
				return usage(fmt.Errorf("give one URL, such as http://127.0.0.1:5055; got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if o.config, err = configured(c.Flags(), args); err != nil {
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
	c.Flags().StringVar(&o.har, "har", "", "HAR `FILE` with what the front end did, or - for standard input")
	c.Flags().StringVar(&o.curl, "curl", "", "`FILE` with commands of \"Copy as cURL\", or - for standard input")
	c.MarkFlagsMutuallyExclusive("har", "curl")
	return c
}

func initialize(ctx context.Context, o initOptions) error {
	if err := isFree(o.output, "output", o.force); err != nil {
		return err
	}
	c, found, hide, err := o.discover(ctx)
	if err != nil {
		return err
	}
	return writeConfig(c, found, hide, o.output, o.force)
}

// isFree says that a file is there already which a flag names, unless it may be overwritten.
func isFree(path, flag string, force bool) error {
	if path == "-" || force {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return usage(fmt.Errorf("%s exists already: give --force to overwrite it, or another name with --%s", path, flag))
	}
	return nil
}

// writeConfig says what was found, writes a crossexam.yaml, and says how to go on.
func writeConfig(c target.Config, found target.Discovery, hide hiding, output string, force bool) error {
	found = found.Without(func(path string) bool { return hide(path) != report.Visible(path) })
	for _, sentence := range found.Summary() {
		fmt.Fprintln(os.Stderr, wrap(hide(inFlags(sentence)), "  "))
	}
	text, err := target.Scaffold(c, found)
	if err != nil {
		return couldNotSay(hide.from(err))
	}
	text = hide.lines(text)
	if output == "-" {
		_, err = os.Stdout.Write(text)
		return err
	}
	if err := write(output, text, force); err != nil {
		return usage(fmt.Errorf("the file cannot be written: %w", err))
	}
	if variables := found.Variables(); len(variables) > 0 {
		fmt.Fprintf(os.Stderr, "Before a run, set %s.\n", strings.Join(variables, ", "))
	}
	fmt.Fprintf(os.Stderr, "Written to %s. Run it with: crossexam test --config %s\n", output, output)
	return nil
}

// discover finds out what is to be written: from a recording, or else from the API, which
// may say the victim's credentials again wherever it likes.
func (o initOptions) discover(ctx context.Context) (target.Config, target.Discovery, hiding, error) {
	if o.har != "" {
		return o.recorded(o.har, "--har", recording.ReadHAR)
	}
	if o.curl != "" {
		return o.recorded(o.curl, "--curl", recording.ReadCurl)
	}
	d, err := o.config.Deployment(ctx)
	hide := hidingOf(d.Secrets())
	if err != nil {
		return o.config, target.Discovery{}, hide, usage(err)
	}
	o.config.AskAs(attacker.Options{Path: o.config.Browser.Path, UserAgent: o.config.Browser.UserAgent}.Headers(ctx))
	// What is named is written too, and keeps nobody from looking for more.
	named := o.config.Reads
	o.config.Reads = nil
	c, found, err := o.config.DiscoverAt(ctx, d)
	o.config.URL = c.URL // which is another where it is an endpoint itself
	for _, path := range slices.Backward(named) {
		found.Reads = slices.DeleteFunc(found.Reads, func(e scenarios.Endpoint) bool { return e.Path == path })
		found.Reads = slices.Insert(found.Reads, 0, scenarios.Endpoint{Method: http.MethodGet, Path: path, Private: true})
	}
	var down *target.UnreachableError
	switch {
	case errors.As(err, &down):
		return o.config, found, hide, couldNotSay(hide.from(err))
	case err != nil:
		return o.config, found, hide, usage(hide.from(err))
	}
	return o.config, found, hide, nil
}

func (o initOptions) recorded(file, flag string, read func(io.Reader) (recording.Recording, error)) (target.Config, target.Discovery, hiding, error) {
	in := os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return o.config, target.Discovery{}, hidingOf(nil), usage(fmt.Errorf("%s: %w", flag, err))
		}
		defer f.Close()
		in = f
	}
	r, err := read(in)
	var c target.Config
	var found target.Discovery
	if err == nil {
		c, found, err = o.config.Recorded(r)
	}
	hide := hidingOf(nil, r.Requests...)
	if err != nil {
		return o.config, found, hide, usage(hide.from(fmt.Errorf("%s %s: %w", flag, file, err)))
	}
	return c, found, hide, nil
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
