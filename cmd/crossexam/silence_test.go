package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures/stacks/deployments"
)

// A silence is what a server grants to near-misses: most of the processor time of an
// examination are the frames of those to which it says nothing at all, with which no
// browser reads (Fetch standard, CORS check).
type silence struct {
	url      string
	victim   http.Header // what the victim's requests have
	answered map[string]bool
}

func silenceOf(url, victim, session string) *silence {
	s := &silence{url: url, victim: http.Header{}, answered: map[string]bool{}}
	switch q := (&http.Request{Header: s.victim}); victim {
	case deployments.Cookie:
		q.AddCookie(&http.Cookie{Name: "session", Value: session})
	case deployments.Bearer:
		q.Header.Set("Authorization", "Bearer "+session)
	case deployments.Basic:
		q.SetBasicAuth("alice", session)
	}
	return s
}

// leavesOut narrows a plan to what is not about a near-miss that the server says nothing
// to: neither with the victim's credential nor without, and to no preflight.
func (s *silence) leavesOut(ctx context.Context, p engine.Plan) engine.Plan {
	return p.Select(func(i engine.Item) bool {
		method, path, _ := strings.Cut(i.Subject().Endpoint, " ")
		return i.Scenario.Family() != "ORG" || i.Case == nil || method != http.MethodGet || s.grants(ctx, path, i.Subject().Origin)
	})
}

// grants reports whether any answer to an origin has a header of CORS that names one. Whom
// nobody can ask as is taken to be granted.
func (s *silence) grants(ctx context.Context, path, origin string) bool {
	key := path + " " + origin
	if granted, ok := s.answered[key]; ok {
		return granted
	}
	granted := false
	for _, header := range []http.Header{s.victim, {}, {"Access-Control-Request-Method": {http.MethodPut}}} {
		method := http.MethodGet
		if len(header["Access-Control-Request-Method"]) > 0 {
			method = http.MethodOptions
		}
		q, err := http.NewRequestWithContext(ctx, method, s.url+path, nil)
		if err != nil {
			return true
		}
		q.Header = header.Clone()
		q.Header.Set("Origin", origin)
		res, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			return true
		}
		res.Body.Close()
		granted = granted || len(res.Header.Values("Access-Control-Allow-Origin")) > 0
	}
	s.answered[key] = granted
	return granted
}

// A near-miss is left out only where it is granted nothing, by whatever it is asked with.
func TestWhoIsGrantedNothing(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("session")
		ask, origin := r.Method == http.MethodOptions, r.Header.Get("Origin")
		if origin == "https://any.test" || origin == "https://victim.test" && err == nil || origin == "https://stranger.test" && err != nil && !ask || origin == "https://preflight.test" && ask {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
	})
	s := silenceOf(url, deployments.Cookie, "secret")
	for origin, want := range map[string]bool{
		"https://any.test": true, "https://victim.test": true, "https://stranger.test": true, "https://preflight.test": true,
		"https://evil.test": false, "no\norigin": true, // nobody can ask so, which is no silence
	} {
		if got := s.grants(t.Context(), "/me", origin); got != want {
			t.Errorf("%q: %v, want %v", origin, got, want)
		}
	}
}
