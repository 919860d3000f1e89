package target

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/crossexam/crossexam/scenarios"
)

// Limits on what is read of a startup log, in bytes.
const (
	startupLogLimit = 64 << 20
	logLineLimit    = 64 << 10 // the rest of a longer line is passed over
)

// StartupLogConfig says where the startup log is: in a file or in what a command
// prints; and how the application writes in it, where the preset does not know.
type StartupLogConfig struct {
	File    string   `yaml:"file"`    // or "-"
	Command []string `yaml:"command"` // the program and its arguments, for no shell
	// Timeout is how long the command may take; 0 is half a minute.
	Timeout time.Duration `yaml:"timeout"`
	Warning string        `yaml:"warning"` // as [Preset.WarningPattern]
	Origins string        `yaml:"origins"` // as [Preset.OriginsPattern]
}

// UnmarshalYAML takes the name of a file alone for one, too.
func (s *StartupLogConfig) UnmarshalYAML(decode func(any) error) error {
	if decode(&s.File) == nil {
		return nil
	}
	type group StartupLogConfig // without this method
	return decode((*group)(s))
}

func (s StartupLogConfig) given() bool { return s.File != "" || len(s.Command) > 0 }

// says reports whether the lines are described.
func (s StartupLogConfig) says() bool { return s.Warning != "" || s.Origins != "" }

// check gives the part of the entry that is wrong, and what is. printed says that
// there is a log without a file and a command.
func (s StartupLogConfig) check(printed bool) (key string, err error) {
	_, warning := regexp.Compile(s.Warning)
	expression, origins := regexp.Compile(s.Origins)
	switch {
	case s.File != "" && len(s.Command) > 0:
		return "", errors.New("there are both file and command: write only one of them")
	case !s.given() && (s.Timeout != 0 || s.says() && !printed):
		return "", errors.New("there is neither file nor command: write where the log is")
	case warning != nil:
		return "warning", fmt.Errorf("this is not a regular expression: %w", warning)
	case origins != nil:
		return "origins", fmt.Errorf("this is not a regular expression: %w", origins)
	case s.Origins != "" && expression.NumSubexp() < 1:
		return "origins", errors.New("the expression has no group for the list: put what stands for it in parentheses")
	}
	return "", nil
}

// ReadStartupLog looks for what the preset's application says of its CORS
// configuration. A log may tell of several starts: the last one counts. It reads
// to the end; a log of more than 64 MiB is an error, since its last start would
// be missed.
func ReadStartupLog(r io.Reader, p Preset) (*scenarios.StartupLog, error) {
	if p.warningPattern == "" && p.originsPattern == "" {
		return nil, fmt.Errorf("the preset %s knows no line about CORS in a startup log: say with startup_log.origins and startup_log.warning how the application writes it", p.Name)
	}
	warning, err := regexp.Compile(p.warningPattern)
	if err != nil {
		return nil, fmt.Errorf("the preset %s: the pattern of its warning: %w", p.Name, err)
	}
	origins, err := regexp.Compile(p.originsPattern)
	if err != nil {
		return nil, fmt.Errorf("the preset %s: the pattern of its origins: %w", p.Name, err)
	}
	if p.originsPattern != "" && origins.NumSubexp() < 1 {
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
		if said := origins.FindStringSubmatch(line); said != nil && said[0] != "" { // an empty pattern finds nothing
			*found = scenarios.StartupLog{Preset: p.Name, Lines: found.Lines, Said: said[0]}
			if found.Origins, err = parseOrigins(said[1]); err != nil {
				found.Unreadable = err.Error()
			}
		}
	}
}
