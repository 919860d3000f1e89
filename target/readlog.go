package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/crossexam/crossexam/child"
	"github.com/crossexam/crossexam/scenarios"
)

// logTime is how long the command of a startup log may take by default.
const logTime = 30 * time.Second

// ReadsLog reports whether there is a startup log that has not been read yet.
func (c Config) ReadsLog() bool { return c.StartupLog.given() && c.log == nil }

// ReadLog reads the startup log that the configuration names, once, so that it may
// be standard input; without one it does nothing. A command that it names is run
// and waited for. What the log means the configuration says, else its preset, else
// that of Open Notebook. The error is [Problems].
func (c *Config) ReadLog(ctx context.Context, stdin io.Reader) error {
	if !c.StartupLog.given() || c.log != nil {
		return nil
	}
	preset, err := c.logPreset()
	if err != nil {
		return Problems{c.from.problem("preset", err)}
	}
	fail := func(err error) error { return Problems{c.from.problem("startup_log", err)} }
	switch file := c.StartupLog.File; {
	case len(c.StartupLog.Command) > 0:
		if c.log, err = c.runLog(ctx, preset); err != nil {
			d, _ := c.assemble()
			return fail(fmt.Errorf("the command %q: %w", hide(strings.Join(c.StartupLog.Command, " "), d.Secrets()), err))
		}
		return nil
	case file != "-":
		f, err := os.Open(file)
		if err != nil {
			return fail(fmt.Errorf("the startup log cannot be read: %w", err))
		}
		defer f.Close()
		stdin = f
	}
	if c.log, err = ReadStartupLog(stdin, preset); err != nil {
		return fail(err)
	}
	return nil
}

// logPreset says what a startup log means.
func (c Config) logPreset() (Preset, error) {
	p, err := c.named()
	if c.Preset == "" {
		p = OpenNotebook()
	}
	if s := c.StartupLog; s.says() {
		p.Name = cmp.Or(c.Preset, "the application")
		p.warningPattern, p.originsPattern = s.Warning, s.Origins
	}
	return p, err
}

// runLog reads what the command prints, on both of its outputs.
func (c Config) runLog(ctx context.Context, preset Preset) (*scenarios.StartupLog, error) {
	r, w := io.Pipe()
	p, err := child.Start(child.Command{Argv: c.StartupLog.Command, Dir: c.folder, Env: environment(), Tee: w})
	if err != nil {
		return nil, fmt.Errorf("%w: is it installed, and on the PATH?", err)
	}
	var log *scenarios.StartupLog
	read := make(chan error, 1)
	go func() {
		var err error
		log, err = ReadStartupLog(r, preset)
		// Whoever prints more is told that nobody reads it.
		r.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		read <- err
	}()
	timeout := cmp.Or(c.StartupLog.Timeout, logTime)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	late := false
	select {
	case <-p.Ended():
	case err = <-read:
		read <- err
	case <-ctx.Done():
	case <-timer.C:
		late = true
	}
	closing := p.Close()
	w.Close()
	err = <-read
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case late:
		return nil, fmt.Errorf("it did not end within %s: one that follows the log never does", timeout)
	case err != nil:
		return nil, err
	case closing != nil:
		return nil, closing
	case p.Err() != nil:
		d, _ := c.assemble()
		return nil, errors.New(hide(p.Outcome(), d.Secrets()))
	case log.Lines == 0:
		return nil, errors.New("it printed nothing")
	}
	return log, nil
}
