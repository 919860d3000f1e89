package target

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// startable is a configuration that starts the test binary.
func startable(kind string) Config {
	return Config{
		Trusted: []string{"https://a.example", "https://b.example"},
		Launch: LaunchConfig{
			Command: []string{os.Args[0], "{port}"}, Env: map[string]string{programVariable: kind},
			Variable: "CORS_ORIGINS", Path: "/v1", Timeout: 3 * time.Minute,
		},
	}
}

func start(t *testing.T, c *Config) error {
	t.Helper()
	l, err := c.Start(t.Context())
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return err
}

// Without a URL the program is the target, and what it printed the startup log.
func TestStartedTarget(t *testing.T) {
	t.Setenv("CROSSEXAM_BEARER", "for-crossexam-alone")
	c := startable("server")
	c.Preset = "open-notebook" // whose URL is not what was started
	c.Launch.Variable = ""
	d, err := c.Deployment(t.Context())
	if err != nil || d.Facts.URL != "http://127.0.0.1:1/v1" || len(d.Facts.Launches) != 0 {
		t.Errorf("before the start: %+v, %v", d.Facts, err)
	}
	if err := start(t, &c); err != nil {
		t.Fatal(err)
	}
	if d, err = c.Deployment(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(d.Facts.Launches) != 7 || d.Facts.URL != d.Facts.Launches[0].URL || !strings.HasSuffix(d.Facts.URL, "/v1") || d.Facts.StartupLog == nil {
		t.Errorf("%+v", d.Facts)
	}
	if got := read(t, d.Facts.URL+"/bearer"); !strings.HasSuffix(got, "bearer ") {
		t.Errorf("the program sees %s", got)
	}
}

// With a URL, what is started says nothing of how the target was.
func TestStartedBesideATarget(t *testing.T) {
	c := startable("server")
	c.URL, c.Launch.Ready = "http://127.0.0.1:1", "/ready"
	if err := start(t, &c); err != nil {
		t.Fatal(err)
	}
	if d, err := c.Deployment(t.Context()); err != nil || d.Facts.URL != "http://127.0.0.1:1" || len(d.Facts.Launches) != 7 || d.Facts.StartupLog != nil {
		t.Errorf("%+v, %v", d.Facts, err)
	}
}

func TestUnstarted(t *testing.T) {
	d, err := startable("server").Unstarted().Deployment(t.Context())
	if err != nil || len(d.Facts.Launches) != 7 || d.Facts.Launches[6].URL != "http://127.0.0.1:7/v1" || d.Facts.Launches[6].Variable != "CORS_ORIGINS" {
		t.Errorf("%+v, %v", d.Facts.Launches, err)
	}
}

// What a program prints of the secrets that it was given is nobody else's.
func TestStartKeepsSecrets(t *testing.T) {
	c := startable("telltale")
	c.Launch.Env["TOLD"] = "${TOKEN}"
	if ps := c.Launch.expand("", nil, around()); ps != nil {
		t.Fatal(ps)
	}
	err := start(t, &c)
	if err == nil || strings.Contains(err.Error(), "tok-1") || !strings.Contains(err.Error(), "exit status 5: told [redacted]") {
		t.Errorf("%v", err)
	}
	d, err := c.Deployment(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(d.Secrets()), "tok-1") {
		t.Errorf("%q, %v", d.Secrets(), err)
	}
}

func TestNeverReady(t *testing.T) {
	t.Parallel()
	c := startable("server")
	c.Launch.Ready, c.Launch.Timeout = "/never", 500*time.Millisecond
	if err := start(t, &c); err == nil || !strings.Contains(err.Error(), "within 500ms (it answers 503)") {
		t.Error(err)
	}
}
