package target

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/loopback"
)

// A target that is served somewhere else than its name says is found there, by
// discovery too, and its name is not looked up.
func TestServedAt(t *testing.T) {
	authority, err := loopback.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var hosts []string
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hosts = append(hosts, r.Host)
		mu.Unlock()
		if r.URL.Path != "/me" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"name": "Alice"}`))
	}), authority)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()

	c := Config{URL: "https://api.example.com", Trusted: []string{"https://app.example.com"}}
	d, err := c.ServedAt(server.Addr(), authority.Roots()).Complete(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if reads := d.Facts.Reads(); len(reads) == 0 || reads[0].Path != "/me" {
		t.Errorf("reads %v", reads)
	}
	if d.Facts.Local || len(d.Facts.Credentials) != 0 {
		t.Errorf("a public name is taken for a local one: %v", d.Facts.Credentials)
	}
	if _, err := c.ServedAt(server.Addr(), nil).Complete(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("the system's roots trust the run's authority: %v", err)
	}
	c.URL = "http://127.0.0.1:8080"
	if d, err = c.ServedAt(server.Addr(), nil).Complete(t.Context()); err != nil || !d.Facts.Local {
		t.Errorf("local %t, %v", d.Facts.Local, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, h := range hosts {
		if h != "api.example.com" && h != "127.0.0.1:8080" {
			t.Errorf("it was asked as %s", h)
		}
	}
}

func TestComplete(t *testing.T) {
	server, err := loopback.Serve(http.NotFoundHandler(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	log := filepath.Join(t.TempDir(), "api.log")
	if err := os.WriteFile(log, []byte("x | INFO | api.main:main - CORS allowed origins: ['https://app.example.com']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := Config{URL: "http://" + server.Addr(), Trusted: []string{"https://app.example.com"}, Reads: []string{"/me"}}
	for name, c := range map[string]struct {
		change func(*Config)
		says   string // empty for no error
	}{
		"whole":             {func(*Config) {}, ""},
		"no trusted origin": {func(c *Config) { c.Trusted = nil }, "no trusted origin"},
		"nothing to read":   {func(c *Config) { c.Reads = nil }, "nothing was found at the target that can be read"},
		"a write to try":    {func(c *Config) { c.Reads, c.Endpoints = nil, []EndpointConfig{{Method: "POST", Path: "/x"}} }, ""},
		"startup log":       {func(c *Config) { c.StartupLog.File = log }, ""},
		"log of stdin":      {func(c *Config) { c.StartupLog.File = "-" }, "name a file"},
		"starts itself":     {func(c *Config) { c.Launch.Command = []string{"true"} }, "leave the entry out"},
		"bad origin":        {func(c *Config) { c.Trusted = []string{"app"} }, "trusted origin"},
		"nobody listens":    {func(c *Config) { c.URL, c.Reads = "http://127.0.0.1:1", nil }, "cannot reach"},
	} {
		t.Run(name, func(t *testing.T) {
			config := base
			c.change(&config)
			d, err := config.Complete(t.Context())
			switch {
			case c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("error %v", err)
			case name == "startup log" && d.Facts.StartupLog == nil:
				t.Error("the log was not read")
			case name == "nobody listens" && !errors.As(err, new(*UnreachableError)):
				t.Errorf("it is no UnreachableError: %v", err)
			}
		})
	}
}
