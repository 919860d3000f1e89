package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crossexam/crossexam/child"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A Command starts the target as a program of this machine, on loopback, for the
// time of an examination.
type Command struct {
	// Argv is the program and its arguments. It must stay in the foreground, and
	// listen on 127.0.0.1 at the port that stands for {port}, here or in Env.
	Argv []string
	dir  string   // to start it in; empty is this process's own
	Env  []string // "NAME=value", besides this process's environment
	// Variable is the environment variable with the origins, separated by commas.
	Variable string
	// Path is that of the base URL, such as "/v1".
	Path string
	// ready is a path that answers with success, or a redirect, when the program is
	// ready; empty for any answer at all.
	ready string
	// Timeout is how long it may take to answer; 0 is a minute.
	Timeout time.Duration
	// secrets are kept out of what is said of the programs.
	secrets []string
}

const placeholder = "{port}" // in Argv and Env

// Launched are the programs that a command started. They run until Close.
type Launched struct {
	// Launches is for [scenarios.Target].
	Launches  []scenarios.Launch
	processes []*child.Process
}

// Launch starts the command once with the trusted origins written as they should
// be, and then once for each way to write them wrongly, one after the other. Every
// program that answers keeps running. One that ends before it answers, on two
// ports, has refused its configuration. That the first one does not answer is an
// error, with what it printed last.
func (c Command) Launch(ctx context.Context, trusted []cors.Origin) (*Launched, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if len(trusted) == 0 {
		return nil, errors.New("the command that starts the target needs trusted origins to be tried with: declare them")
	}
	l := &Launched{}
	for _, variant := range variants(trusted) {
		variant.Variable = c.Variable
		started := c.start(ctx, variant)
		if started.process != nil {
			l.processes = append(l.processes, started.process)
		}
		err := ctx.Err()
		if failed := started.Fault + started.Refused; err == nil && variant.Right && failed != "" {
			err = fmt.Errorf("the target could not be started with %s: %s", variant, failed)
		}
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		l.Launches = append(l.Launches, started.Launch)
	}
	return l, nil
}

// Log is what the rightly configured program has printed so far, for
// [ReadStartupLog]. Of much output it is the beginning.
func (l *Launched) Log() io.Reader { return strings.NewReader(l.processes[0].Beginning()) }

// Close ends all programs with what they started, and waits for them. That of nil
// does nothing.
func (l *Launched) Close() error {
	if l == nil {
		return nil
	}
	var errs []error
	for _, p := range l.processes {
		p.Terminate()
	}
	for _, p := range l.processes {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

func (c Command) check() error {
	uses := func(s string) bool { return strings.Contains(s, placeholder) }
	switch {
	case len(c.Argv) == 0 || c.Argv[0] == "":
		return errors.New("the command that starts the target is empty")
	case c.Variable == "" || strings.ContainsAny(c.Variable, "=\x00"):
		return fmt.Errorf("%q cannot be the environment variable with the origins: write it like CORS_ORIGINS", c.Variable)
	case !slices.ContainsFunc(c.Argv, uses) && !slices.ContainsFunc(c.Env, uses):
		return errors.New("the command that starts the target has no {port}: write it where the port to listen on belongs")
	}
	return nil
}

// variants are the ways to configure the origins, the right one first.
func variants(trusted []cors.Origin) []scenarios.Launch {
	items := make([]string, len(trusted))
	slashed := make([]string, len(trusted))
	for i, o := range trusted {
		items[i] = o.String()
		slashed[i] = o.String() + "/"
	}
	return []scenarios.Launch{
		{Value: strings.Join(items, ","), Right: true},
		{Value: " " + strings.Join(items, " , ") + " "},
		{Value: strings.Join(items, ",,") + ","},
		{Value: strings.Join(slashed, ",")},
		{Value: strings.Join(items, ",") + ",*"},
		{Value: ""},
		{Unset: true},
	}
}

type started struct {
	scenarios.Launch
	process *child.Process // nil where it does not run
}

// start starts one variant. A program that ends at once may have lost its port to
// another one, so that it gets a second chance on another port.
func (c Command) start(ctx context.Context, variant scenarios.Launch) started {
	for attempt := 1; ; attempt++ {
		p, base, err := c.run(ctx, variant)
		switch {
		case err == nil:
			variant.URL = base
			return started{variant, p}
		case errors.As(err, new(child.EndedError)) && attempt < 2 && ctx.Err() == nil:
			continue
		case errors.As(err, new(child.EndedError)):
			variant.Refused = hide(err.Error(), c.secrets)
		default:
			variant.Fault = hide(fmt.Sprintf("with %s the target could not be started: %s", variant, err), c.secrets)
		}
		return started{Launch: variant}
	}
}

// run starts the command on a free port and waits until it answers. An error is a
// [child.EndedError] where it ended before.
func (c Command) run(ctx context.Context, variant scenarios.Launch) (*child.Process, string, error) {
	number, err := child.FreePort()
	if err != nil {
		return nil, "", err
	}
	fill := func(s string) string { return strings.ReplaceAll(s, placeholder, strconv.Itoa(number)) }
	argv := make([]string, len(c.Argv))
	for i, arg := range c.Argv {
		argv[i] = fill(arg)
	}
	env := slices.DeleteFunc(environment(), func(s string) bool { return strings.HasPrefix(s, c.Variable+"=") })
	for _, e := range c.Env {
		env = append(env, fill(e))
	}
	if !variant.Unset {
		env = append(env, c.Variable+"="+variant.Value)
	}
	p, err := child.Start(child.Command{Argv: argv, Dir: c.dir, Env: env})
	if err != nil {
		return nil, "", err
	}
	origin := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(number))
	timeout := c.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	if err := await(ctx, p, origin+cmp.Or(c.ready, "/"), c.ready != "", timeout); err != nil {
		return nil, "", errors.Join(err, p.Close())
	}
	return p, c.at(origin), nil
}

// at is the base URL of a program.
func (c Command) at(origin string) string {
	return origin + strings.TrimSuffix(path.Join("/", c.Path), "/")
}

// await waits until the program answers in HTTP, whatever it answers or with
// success.
func await(ctx context.Context, p *child.Process, u string, success bool, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	said := ""
	err := p.Await(ctx, func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
		if err != nil {
			return err
		}
		answer, err := transport.RoundTrip(r)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if said = fmt.Sprintf(" (it answers %d)", answer.StatusCode); success && answer.StatusCode >= 400 {
			return errors.New("it is not ready")
		}
		return nil
	})
	if err == nil || errors.As(err, new(child.EndedError)) {
		return err
	}
	return fmt.Errorf("it did not answer at %s within %s%s%s", u, timeout, said, p.LastLine())
}

// environment is this process's own, for programs that it starts: without what is
// for Crossexam alone, the victim's secrets among it.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "CROSSEXAM_") })
}
