package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

type learnOptions struct {
	config   target.Config
	front    []string
	script   string // a file; empty for none
	time     time.Duration
	headless bool
	output   string
	snippets string
	force    bool
}

// learnSettings are the settings that bear on learning.
var learnSettings = []string{
	"config", "storage-state", "basic", "basic-file", "allow-writes", "insecure-skip-verify", "rate", "concurrency", "header-timeout", "browser", "user-agent", "block-third-party-cookies",
}

func learnCommand() *cobra.Command {
	var o learnOptions
	c := &cobra.Command{
		Use:   "learn URL --front-end URL",
		Short: "Write the least CORS policy that lets a real front end work",
		Long: `Watch a real front end at work, and write the least CORS policy that lets it
work: origins, methods, request headers, response headers that its scripts read,
credentials or none.

The front end is opened in a browser with a window and a profile of its own: log
in, use all of it, and close the window, or press Ctrl-C. Where there is no
display, --script does the work in the page, or --for watches what the page does
by itself; --storage-state brings a login that Playwright saved.

The API need not allow the front end anything yet. In this browser, and for pages
of the front end's origin alone, every preflight is answered and every answer may
be read; nothing else can reach the way by which that is done. What the API itself
says is what is recorded. Requests other than GET, HEAD and OPTIONS are withheld
from the API, unless --allow-writes is given or the file of --config declares the
endpoint safe to write to; a login by a form is such a request. A WebSocket is
closed after its first message, and an event stream after a second.

Written are a crossexam.yaml with the policy and the endpoints, without secrets,
and the policy as it is set up in frameworks and proxies.

` + precedence,
		Example: `  crossexam learn https://api.example.com --front-end https://app.example.com
  crossexam learn http://localhost:8000 --front-end http://localhost:3000 \
      --allow-writes
  crossexam learn https://api.example.com --front-end https://app.example.com \
      --storage-state state.json --for 30s
  crossexam learn http://localhost:8000 --front-end http://localhost:3000 --script work.js`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(fmt.Errorf("give one URL, that of the API; got %d arguments", len(args)))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			l, err := o.learning(c.Flags(), args)
			if err != nil {
				return usage(err)
			}
			return o.learn(c.Context(), l)
		},
	}
	f := c.Flags()
	addSettings(f)
	f.VisitAll(func(flag *pflag.Flag) { flag.Hidden = !slices.Contains(learnSettings, flag.Name) })
	f.StringArrayVar(&o.front, "front-end", nil, "`URL` of the front end's page, which is opened; may be repeated for further origins of it")
	f.StringVar(&o.script, "script", "", "`FILE` with JavaScript that is run in the page, and awaited, without a window")
	f.DurationVar(&o.time, "for", 0, "how long to watch at most, such as 2m (default: until the window is closed or Ctrl-C)")
	f.BoolVar(&o.headless, "headless", false, "open no window although there is a display; with --script or --for")
	f.StringVarP(&o.output, "output", "o", "crossexam.yaml", "`FILE` for the configuration, or - for standard output")
	f.StringVar(&o.snippets, "snippets", "cors-policy.md", "`FILE` for the policy as frameworks and proxies have it, or - for standard output")
	f.BoolVar(&o.force, "force", false, "overwrite the files")
	return c
}

// learning checks what was asked for.
func (o *learnOptions) learning(f *pflag.FlagSet, args []string) (engine.Learning, error) {
	var l engine.Learning
	var errs []error
	f.Visit(func(flag *pflag.Flag) {
		if flag.Hidden {
			errs = append(errs, fmt.Errorf("--%s has no meaning for learn: log in in the window, or give --storage-state or --basic", flag.Name))
		}
	})
	if err := errors.Join(errs...); err != nil {
		return l, err
	}
	c, err := configured(f, args)
	if err != nil {
		return l, err
	}
	if c.URL == "" {
		return l, errors.New("give the URL of the API, such as http://127.0.0.1:5055")
	}
	if len(o.front) == 0 {
		return l, errors.New("no front end: give the page that uses the API with --front-end, such as https://app.example.com")
	}
	for i, text := range o.front {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			return l, fmt.Errorf("--front-end: %q is not the URL of a page: write it like https://app.example.com or http://localhost:3000/notes", text)
		}
		if i == 0 {
			l.FrontEnd = u
			continue
		}
		l.Also = append(l.Also, cors.OriginOf(u))
	}
	if o.script != "" {
		text, err := os.ReadFile(o.script)
		if err != nil {
			return l, fmt.Errorf("--script: %w", err)
		}
		if l.Script = strings.TrimSpace(string(text)); l.Script == "" {
			return l, fmt.Errorf("--script: %s is empty", o.script)
		}
	}
	if l.For = o.time; o.time < 0 || f.Changed("for") && o.time == 0 {
		return l, fmt.Errorf("--for %s: give a time such as 2m", o.time)
	}
	l.Window = attacker.HasDisplay() && !o.headless && o.script == ""
	if !l.Window && o.script == "" && o.time == 0 {
		why := "there is no display here (DISPLAY and WAYLAND_DISPLAY are empty)"
		if o.headless {
			why = "--headless opens no window"
		}
		return l, fmt.Errorf("%s, so that nobody can work with the front end: give --script FILE with what is to be done in the page, or --for 30s to watch what it does by itself; a login comes with --storage-state", why)
	}
	if c.Credentials.StorageState != "" {
		if l.State, err = target.LoadBrowserState(c.Credentials.StorageState); err != nil {
			return l, fmt.Errorf("--storage-state %s: %w", c.Credentials.StorageState, err)
		}
	}
	for _, file := range []struct{ path, flag string }{{o.output, "output"}, {o.snippets, "snippets"}} {
		if err := isFree(file.path, file.flag, o.force); err != nil {
			return l, err
		}
	}
	if o.output == o.snippets {
		return l, fmt.Errorf("--output and --snippets are both %s: give another name for one of them", o.output)
	}
	// What is learnt is what the front end does, and not what somebody said before.
	o.config = target.Config{URL: c.URL, Credentials: target.CredentialsConfig{StorageState: c.Credentials.StorageState}}
	l.Config = c
	l.Config.Credentials = target.CredentialsConfig{Basic: c.Credentials.Basic}
	l.Config.OpenAPI, l.Config.StartupLog, l.Config.Launch, l.Config.Policy, l.Config.Accepted = "none", target.StartupLogConfig{}, target.LaunchConfig{}, target.PolicyConfig{}, ""
	return l, nil
}

func (o *learnOptions) learn(ctx context.Context, l engine.Learning) error {
	var secrets []string
	hide := hidingOf(nil)
	l.Secrets = func(known []string) {
		secrets = known
		hide = hidingOf(secrets)
	}
	say := func(format string, args ...any) {
		fmt.Fprintln(os.Stderr, wrap(hide(fmt.Sprintf(format, args...)), ""))
	}
	front := cors.OriginOf(l.FrontEnd)
	l.Opened = func(info attacker.Info) {
		say("Opened %s in %s. In this browser alone, and for pages of %s alone, every preflight to %s is answered and every answer may be read, whatever the API says of CORS.", l.FrontEnd.Redacted(), info.Product, front, l.Config.URL)
		switch {
		case l.Script != "":
			say("Running %s in the page.", o.script)
		case l.Window && l.For == 0:
			say("Log in, use all of the front end, and close the window, or press Ctrl-C.")
		case l.Window:
			say("Log in, use all of the front end, and close the window, or press Ctrl-C; it ends after %s.", l.For)
		default:
			say("Watching for %s.", l.For)
		}
	}
	l.Withheld = func(w tap.WithheldRequest) {
		say("Withheld from the API: %s %s. Where the front end cannot go on without it, such as a login, run with --allow-writes, or declare that endpoint in the file of --config.", w.Method, w.Path)
	}
	r, err := engine.Learn(ctx, l)
	var nothing *engine.NothingAskedError
	switch {
	case errors.As(err, new(target.Problems)), errors.Is(err, attacker.ErrNoBrowser):
		return usage(err)
	case errors.As(err, &nothing):
		return couldNotSay(hide.from(fmt.Errorf("%w (%s)", err, "nothing was written")))
	case err != nil:
		return couldNotSay(hide.from(err))
	}
	c, found, err := o.config.Recorded(r)
	if err != nil {
		return couldNotSay(err)
	}
	hide = hidingOf(secrets, r.Requests...)
	var answers []cors.Response
	for _, q := range r.Requests {
		answers = append(answers, cors.Response{Headers: q.Answer})
	}
	if err := o.writeSnippets(c, answers, hide); err != nil {
		return err
	}
	return writeConfig(c, found, hide, o.output, o.force)
}

// writeSnippets tells the policy, and writes it as every stack has it.
func (o *learnOptions) writeSnippets(c target.Config, answers []cors.Response, hide hiding) error {
	p := report.CORSPolicy{
		Origins: c.Trusted, Methods: c.Policy.Methods, Headers: c.Policy.Headers, Exposed: c.Policy.Exposed,
		Credentials: c.Policy.Credentials == string(scenarios.IncludeCredentials),
	}
	if c.Policy.MaxAge != nil {
		p.MaxAge = *c.Policy.MaxAge
	}
	if len(p.Origins) == 0 {
		fmt.Fprintln(os.Stderr, wrap("The front end is of the API's own origin and needs no CORS: let the API send no CORS header at all.", ""))
		return nil
	}
	fmt.Fprintf(os.Stderr, "\nThe least policy that lets it work:\n")
	lines := policyLines(p)
	for _, line := range lines {
		fmt.Fprintf(os.Stderr, "  %-16s %s\n", line[0], hide(line[1]))
	}
	fmt.Fprintln(os.Stderr)
	var b strings.Builder
	fmt.Fprintf(&b, "# A CORS policy\n\nThe least that lets the front end work, as `crossexam learn` saw it:\n\n```\n")
	for _, line := range append([][2]string{{"API", c.URL}}, lines...) {
		fmt.Fprintf(&b, "%-16s %s\n", line[0], hide(line[1]))
	}
	b.WriteString("```\n")
	b.WriteString("\nSet it up in one place alone, the application or a proxy before it.\n")
	for _, s := range report.Snippets(p, answers) {
		fmt.Fprintf(&b, "\n## %s\n\n", s.Name)
		if s.Likely {
			b.WriteString("The API's answers look like this one's.\n\n")
		}
		if s.Untried {
			b.WriteString("Written by its documentation; no server was run with it.\n\n")
		}
		fmt.Fprintf(&b, "```\n%s```\n", s.Text)
	}
	text := hide.lines([]byte(b.String()))
	if o.snippets == "-" {
		_, err := os.Stdout.Write(text)
		return err
	}
	if err := write(o.snippets, text, o.force); err != nil {
		return usage(fmt.Errorf("the file cannot be written: %w", err))
	}
	fmt.Fprintf(os.Stderr, "Written to %s: the policy as frameworks and proxies have it.\n", o.snippets)
	return nil
}

// policyLines are what a policy says, by what it is about.
func policyLines(p report.CORSPolicy) [][2]string {
	list := func(items []string) string { return cmp.Or(strings.Join(items, ", "), "none") }
	credentials := "none"
	if p.Credentials {
		credentials = "allowed: the front end asks with them"
	}
	return [][2]string{
		{"origins", list(p.Origins)}, {"methods", list(p.Methods)}, {"request headers", list(p.Headers)}, {"exposed headers", list(p.Exposed)},
		{"credentials", credentials}, {"max age", fmt.Sprintf("%d seconds", p.MaxAge)},
	}
}
