package target

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
)

// A target that is served somewhere else than its name says is found there, by
// discovery too, and its name is not looked up.
func TestServedAt(t *testing.T) {
	authority := loopbacktest.NewAuthority(t)
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

	discovered := func(c Config) (Deployment, error) {
		c, _, err := c.discover(t.Context())
		if err != nil {
			return Deployment{}, err
		}
		return c.Deployment(t.Context())
	}
	c := Config{URL: "https://api.example.com", Trusted: []string{"https://app.example.com"}}
	d, err := discovered(c.ServedAt(server.Addr(), authority))
	if err != nil {
		t.Fatal(err)
	}
	if reads := d.Facts.Reads(); len(reads) == 0 || reads[0].Path != "/me" {
		t.Errorf("reads %v", reads)
	}
	if d.Facts.Local || len(d.Facts.Credentials) != 0 {
		t.Errorf("a public name is taken for a local one: %v", d.Facts.Credentials)
	}
	if _, err := discovered(c.ServedAt(server.Addr(), nil)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("the system's roots trust the run's authority: %v", err)
	}
	c.URL = "http://127.0.0.1:8080"
	if d, err = discovered(c.ServedAt(server.Addr(), nil)); err != nil || !d.Facts.Local {
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
