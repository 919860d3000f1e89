package target

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LaunchConfig says how to start the target as a program of this machine. The
// texts of Env are the values themselves: [LoadConfig] has put them in the place
// of ${...}.
type LaunchConfig struct {
	Command   []string          `yaml:"command"` // the program and its arguments, for no shell
	Env       map[string]string `yaml:"env"`
	Directory string            `yaml:"directory"`
	Variable  string            `yaml:"variable"` // with the origins; else the preset's
	Path      string            `yaml:"path"`     // of the base URL
	Ready     string            `yaml:"ready"`    // a path
	Timeout   time.Duration     `yaml:"timeout"`

	secrets []string // what stood for ${...}
}

// Starts reports whether the configuration says how to start the target.
func (c Config) Starts() bool { return len(c.Launch.Command) > 0 }

// HasTarget reports whether the configuration says what to examine.
func (c Config) HasTarget() bool {
	p, _ := c.named()
	return c.URL != "" || c.Starts() || p.URL != ""
}

// SourceFile guesses the file in which the target's policy is written: the first file of
// source text that the command of the launch names, as a path (app.js) or as a Python
// module (app.main:app). It is relative to the folder from which Crossexam runs, and empty
// where there is none below that folder.
func (c Config) SourceFile() string {
	folder := cmp.Or(c.Launch.Directory, c.folder)
	for _, word := range c.Launch.Command {
		module, _, isModule := strings.Cut(word, ":")
		for _, path := range []string{word, strings.ReplaceAll(module, ".", "/") + ".py"} {
			if path != word && !isModule || !slices.Contains([]string{".py", ".js", ".mjs", ".cjs", ".ts", ".go", ".rb", ".php", ".java"}, filepath.Ext(path)) {
				continue
			}
			path = filepath.Join(folder, path)
			if here, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
				path, _ = filepath.Rel(here, path) // empty where there is no way
			}
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && filepath.IsLocal(path) {
				return filepath.ToSlash(path)
			}
		}
	}
	return ""
}

// command is what is started.
func (c Config) command(p Preset) Command {
	l := c.Launch
	cmd := Command{
		Argv: l.Command, dir: cmp.Or(l.Directory, c.folder), Variable: cmp.Or(l.Variable, p.Variable),
		Path: l.Path, ready: l.Ready, Timeout: l.Timeout, secrets: l.secrets,
	}
	for _, name := range slices.Sorted(maps.Keys(l.Env)) {
		cmd.Env = append(cmd.Env, name+"="+l.Env[name])
	}
	return cmd
}

// check says what is wrong with the entry, apart from what the command says.
func (l LaunchConfig) check() error {
	for _, p := range []struct{ what, path string }{{"the path of the base URL", l.Path}, {"the path that tells that it is ready", l.Ready}} {
		if p.path == "" {
			continue
		}
		if err := checkPath(p.what, p.path); err != nil {
			return err
		}
	}
	return nil
}

// Start starts the target as [Command.Launch] does, for CFG-003, and reads the
// origins' variable from the preset where the configuration names none. Where no
// URL is configured, the program that is configured as it should be is the target,
// and what it has printed is the startup log, if the configuration or its preset
// says how to read it. The programs run until the caller
// closes what is given, which is nil where there is nothing to start. The error is
// [Problems] or that of the context.
func (c *Config) Start(ctx context.Context) (*Launched, error) {
	if !c.Starts() || c.launches != nil {
		return nil, nil
	}
	d, ps := c.assemble()
	if err := ps.orNil(); err != nil {
		return nil, err
	}
	preset, _ := c.named() // which assemble has checked
	l, err := c.command(preset).Launch(ctx, d.Facts.Trusted)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, Problems{c.from.problem("launch", err)}
	}
	c.launches = l.Launches
	if c.URL != "" {
		return l, nil
	}
	c.URL = l.Launches[0].URL
	// Without either nobody knows what the program would write.
	if c.StartupLog.given() || preset.originsPattern == "" && !c.StartupLog.says() {
		return l, nil
	}
	log, err := c.logPreset()
	if err == nil {
		c.log, err = ReadStartupLog(l.Log(), log)
	}
	if err != nil {
		return nil, errors.Join(Problems{c.from.problem("launch", err)}, l.Close())
	}
	return l, nil
}

// Unstarted is the configuration as if the target had been started, for showing
// what a run would do: ports from 1 on stand for those that it would get.
func (c Config) Unstarted() Config {
	d, ps := c.assemble()
	if !c.Starts() || len(ps) > 0 {
		return c
	}
	p, _ := c.named()
	cmd := c.command(p)
	for i, l := range variants(d.Facts.Trusted) {
		l.Variable, l.URL = cmd.Variable, cmd.at(standIn(i+1))
		c.launches = append(c.launches, l)
	}
	return c
}

// standIn is an origin in the place of one that is not known yet.
func standIn(port int) string { return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// addLaunches checks the entry launch, and adds what was started.
func (c Config) addLaunches(p Preset, d *Deployment) error {
	if !c.Starts() {
		return nil
	}
	d.Facts.Launches, d.launchSecrets = c.launches, c.Launch.secrets
	if err := c.Launch.check(); err != nil {
		return err
	}
	cmd := c.command(p)
	if cmd.Variable == "" {
		return errors.New("which variable of the environment has the origins is not said: name it under variable, such as CORS_ORIGINS")
	}
	return cmd.check()
}
