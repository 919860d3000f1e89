package tap

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestPromptsAreKeptAway: what would have a browser ask its user for a login reaches it
// without that where nobody answers, and in all else as it is. The record has it whole.
func TestPromptsAreKeptAway(t *testing.T) {
	const bearer, basic = `WWW-Authenticate: Bearer realm="b"`, `WWW-Authenticate: Basic realm="x"`
	for _, c := range []struct {
		name, head string
		answered   bool
		want       int // lines that the browser gets
	}{
		{"of a login", "401 No\r\n" + basic, false, 0},
		{"of several", "401 No\r\n" + bearer + "\r\n" + basic, false, 0},
		{"in other letters", "401 No\r\nwww-authenticate: NEGOTIATE", false, 0},
		{"where they are answered", "401 No\r\n" + basic, true, 1},
		{"of a token", "401 No\r\n" + bearer, false, 1},
		{"of no refusal", "200 OK\r\n" + basic, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serveRaw(t, says("HTTP/1.1 "+c.head+"\r\nX-Other: 1\r\nContent-Length: 4\r\n\r\nbody"))
			tap := newTap(t, s.addr, func(o *Options) { o.Prompts = c.answered })
			w := httptest.NewRecorder()
			tap.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://api.test/", nil))
			sent := tap.Since(0)[0].Response
			if got := len(w.Header().Values(challengeHeader)); got != c.want {
				t.Errorf("the browser got %d challenges, want %d: %v", got, c.want, w.Header())
			}
			if w.Code != sent.Status || w.Body.String() != "body" || w.Header().Get("X-Other") != "1" {
				t.Errorf("the browser got %d %q %v", w.Code, w.Body, w.Header())
			}
			if !sent.Headers.Has(challengeHeader) {
				t.Errorf("the record lacks the challenge: %v", sent.Headers)
			}
		})
	}
}
