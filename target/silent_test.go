package target

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/loopback"
)

// A target that answers its base URL alone is given up by discovery after three paths,
// with the limit to raise.
func TestDiscoveryOfASilentTarget(t *testing.T) {
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			<-r.Context().Done()
		}
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c := Config{URL: "http://" + server.Addr(), Trusted: []string{"https://app.example"}}
	c.Limits.Header = 30 * time.Millisecond
	_, _, err = c.discover(t.Context())
	var down *UnreachableError
	if !errors.As(err, &down) || !strings.Contains(err.Error(), "on none of 3 paths in a row") || !strings.Contains(err.Error(), "limits.header_timeout, now 30ms") {
		t.Errorf("the error is %v", err)
	}
}
