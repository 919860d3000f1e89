package sweep_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/target"
)

// A target that is slow, and has many endpoints, takes no longer than the limits say; what
// is known by then is told, and that it is not all.
func TestSweepEndsInTime(t *testing.T) {
	var asked, slow = make(chan struct{}, 100), "/slow"
	r := swept(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		if r.URL.Path == slow && r.Header.Get("Origin") != "" { // not for what premises rest on
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"owner":"victim"}]`))
	}), func(c *target.Config) {
		c.OpenAPI, c.Reads = "none", []string{"/quick", slow}
		c.Limits.Run, c.Limits.Header = 300*time.Millisecond, time.Minute
	})
	// What was asked by then is for the machine to say; the slow one never is.
	if len(r.Endpoints) != 2 || r.Endpoints[1].Class != "" || len(asked) == 0 {
		t.Fatalf("%+v", r.Endpoints)
	}
	if doubt := r.Doubt(); !strings.Contains(doubt, "of 2 endpoints did not answer every question") || !strings.Contains(doubt, "not done within 300ms") || !strings.Contains(doubt, "raise `limits.timeout`") {
		t.Errorf("the doubt is %q", doubt)
	}
}
