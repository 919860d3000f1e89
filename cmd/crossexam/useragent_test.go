package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// filtered is a safe API behind a filter against bots, which refuses what is no
// browser or a headless one, and tells of what it refused.
func filtered(t *testing.T, wanted string) (url string, refused func() []string) {
	t.Helper()
	var mu sync.Mutex
	var list []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		says := r.UserAgent() + r.Header.Get("Sec-Ch-Ua")
		if !strings.Contains(says, wanted) || strings.Contains(says, "Headless") || r.Header.Get("Accept-Language") == "" {
			mu.Lock()
			list = append(list, fmt.Sprintf("%s %s %q", r.Method, r.URL, says))
			mu.Unlock()
			http.Error(w, "Attention Required!", http.StatusForbidden)
			return
		}
		w.Header().Set("Vary", "Origin")
		if r.Header.Get("Origin") == "https://app.example.com" {
			w.Header().Set("Access-Control-Allow-Origin", "https://app.example.com")
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "content-type")
		}
		session, err := r.Cookie("session")
		switch {
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case err != nil || session.Value != "x":
			http.Error(w, "login", http.StatusUnauthorized)
		case r.URL.Path == "/me":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"user": "alice"}`)
		default:
			http.Error(w, "not found", http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

// A filter against bots sees nothing but a browser, in every front door.
func TestBotFilter(t *testing.T) {
	browsertest.Needed(t)
	session := []string{"--cookie", "session=x; SameSite=None; Secure; HttpOnly", "--trusted", "https://app.example.com"}
	for name, c := range map[string]struct {
		wanted string
		args   []string
	}{
		"test":         {"Mozilla/5.0", []string{"test", "--label", "WLD || PRE || TRU-001 || HDR-006"}}, // with a discovery and with a shared cache
		"test, direct": {"Mozilla/5.0", []string{"test", "--label", "WLD-001 || PRE || TRU-001", "--direct", "--read", "/me"}},
		"test, named":  {"the operator's own", []string{"test", "--label", "WLD-001 || PRE-001 || TRU-001", "--user-agent", "the operator's own"}},
		"init":         {"Mozilla/5.0", []string{"init", "--output", "-"}},
	} {
		t.Run(name, func(t *testing.T) {
			url, refused := filtered(t, c.wanted)
			r := crossexam(t, nil, append(append(c.args, url), session...)...)
			if r.code != 0 {
				t.Errorf("exit %d:\n%s%s", r.code, r.stdout, r.stderr)
			}
			if list := refused(); len(list) > 0 {
				t.Errorf("the filter refused:\n%s", strings.Join(list, "\n"))
			}
		})
	}
}

func TestUserAgentThatCannotBeSent(t *testing.T) {
	r := crossexam(t, nil, "test", "http://127.0.0.1:1", "--trusted", "https://app.example.com", "--user-agent", "Mozilla\r\nX: 1")
	if r.code != 2 || !strings.Contains(r.stderr, "write one line of ASCII characters") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}
