package target

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLogOfACommand(t *testing.T) {
	t.Setenv("CROSSEXAM_BEARER", "for-crossexam-alone")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "api.log"), []byte(listLine), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig(filepath.Join(dir, "c.yaml"), []byte(`{target: https://api.example.com, startup_log: {command: [sh, -c, 'echo first; cat api.log >&2; echo "${CROSSEXAM_BEARER}"']}}`), around())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ReadLog(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if c.log.Lines != 3 || !slices.Equal(c.log.Origins, []string{"https://app.example", "https://admin.example"}) {
		t.Errorf("%+v", c.log)
	}
}

func TestLogOfACommandThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		command []string
		says    string
	}{
		"not found":   {[]string{"crossexam-no-such-program", "logs"}, "is it installed"},
		"exit status": {[]string{"sh", "-c", "echo no such container: secret-value >&2; exit 3"}, `exit status 3: no such container: [redacted]`},
		"silent":      {[]string{"true"}, "it printed nothing"},
		"endless":     {[]string{"sleep", "600"}, "did not end within 100ms"},
		"too much":    {[]string{"yes", strings.Repeat("x", 1000)}, "larger than 64 MiB"},
	} {
		config := Config{URL: "https://api.example.com", Credentials: CredentialsConfig{Bearer: "secret-value"}, StartupLog: StartupLogConfig{Command: c.command}}
		if name == "endless" {
			config.StartupLog.Timeout = 100 * time.Millisecond
		}
		err := config.ReadLog(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.command[0]) || strings.Contains(err.Error(), "secret-value") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	c := Config{StartupLog: StartupLogConfig{Command: []string{"sleep", "600"}}}
	if err := c.ReadLog(ctx, nil); !errors.Is(err, stopped) {
		t.Errorf("interrupted: %v", err)
	}
}

// Lines that no preset knows are told apart by the operator's expressions.
func TestLogOfAnotherApplication(t *testing.T) {
	read := func(s StartupLogConfig, preset, log string) (Config, error) {
		s.File = "-"
		c := Config{URL: "https://api.example.com", StartupLog: s, Preset: preset}
		err := c.ReadLog(t.Context(), strings.NewReader(log))
		return c, err
	}
	c, err := read(StartupLogConfig{Origins: `origins=(.*)`, Warning: `open to all`}, "fastapi", "x\norigins=https://a.example, https://b.example\n")
	if err != nil || !slices.Equal(c.log.Origins, []string{"https://a.example", "https://b.example"}) || c.log.Preset != "fastapi" {
		t.Errorf("%+v, %v", c.log, err)
	}
	c, err = read(StartupLogConfig{Warning: `open to all`}, "", "open to all\n")
	if err != nil || !c.log.Default || c.log.Preset != "the application" {
		t.Errorf("%+v, %v", c.log, err)
	}
	if _, err = read(StartupLogConfig{}, "fastapi", "x\n"); err == nil || !strings.Contains(err.Error(), "startup_log.origins") {
		t.Errorf("a preset without lines: %v", err)
	}
}
