package target

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// Limits on what is read of a startup log, in bytes.
const (
	startupLogLimit = 64 << 20
	logLineLimit    = 64 << 10 // the rest of a longer line is passed over
)

// ReadLog reads the startup log that the configuration names, once, so that it may
// be standard input; without one it does nothing. The preset is Open Notebook's
// unless the configuration names another. The error is [Problems].
func (c *Config) ReadLog(stdin io.Reader) error {
	if c.StartupLog == "" || c.log != nil {
		return nil
	}
	preset := OpenNotebook()
	if c.Preset != "" {
		var ok bool
		if preset, ok = PresetNamed(c.Preset); !ok {
			var names []string
			for _, p := range Presets() {
				names = append(names, p.Name)
			}
			return Problems{c.from.problem("preset", fmt.Errorf("there is no preset %q; there is %s", c.Preset, strings.Join(names, ", ")))}
		}
	}
	if c.StartupLog != "-" {
		f, err := os.Open(c.StartupLog)
		if err != nil {
			return Problems{c.from.problem("startup_log", fmt.Errorf("the startup log cannot be read: %w", err))}
		}
		defer f.Close()
		stdin = f
	}
	log, err := ReadStartupLog(stdin, preset)
	if err != nil {
		return Problems{c.from.problem("startup_log", err)}
	}
	c.log = log
	return nil
}

// ReadStartupLog looks for what the preset's application says of its CORS
// configuration. A log may tell of several starts: the last one counts. It reads
// to the end; a log of more than 64 MiB is an error, since its last start would
// be missed.
func ReadStartupLog(r io.Reader, p Preset) (*scenarios.StartupLog, error) {
	warning, err := regexp.Compile(p.WarningPattern)
	if err != nil {
		return nil, fmt.Errorf("the preset %s: the pattern of its warning: %w", p.Name, err)
	}
	origins, err := regexp.Compile(p.OriginsPattern)
	if err != nil {
		return nil, fmt.Errorf("the preset %s: the pattern of its origins: %w", p.Name, err)
	}
	if origins.NumSubexp() < 1 {
		return nil, fmt.Errorf("the preset %s: the pattern of its origins has no group for the list", p.Name)
	}
	found := &scenarios.StartupLog{Preset: p.Name}
	counted := &io.LimitedReader{R: r, N: startupLogLimit + 1}
	lines := bufio.NewReaderSize(counted, logLineLimit)
	for {
		part, more, err := lines.ReadLine()
		line := strings.TrimRight(string(part), "\r")
		for more && err == nil {
			_, more, err = lines.ReadLine()
		}
		switch {
		case counted.N <= 0:
			return nil, fmt.Errorf("the startup log is larger than %d MiB: give the part with the last start", startupLogLimit>>20)
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("reading the startup log: %w", err)
		}
		found.Lines++
		if said := warning.FindString(line); said != "" {
			*found = scenarios.StartupLog{Preset: p.Name, Lines: found.Lines, Said: said, Default: true}
		}
		if said := origins.FindStringSubmatch(line); said != nil {
			*found = scenarios.StartupLog{Preset: p.Name, Lines: found.Lines, Said: said[0]}
			if found.Origins, err = parsePythonList(said[1]); err != nil {
				found.Unreadable = err.Error()
			}
		}
	}
}
