package engine

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// What a target failed to answer is asked for again where that was no answer to it: the
// target is back, or answers the same request when it is made once more.
func TestOutlasted(t *testing.T) {
	down := func(w http.ResponseWriter) { say(w, 502, `<h1>gateway</h1>`) }
	for name, c := range map[string]struct {
		then  func(w http.ResponseWriter, r *http.Request, number int32) // once the group has been observed
		seen  cors.Exchange                                              // in the group
		again bool
		kinds []DiagnosisKind // that vouch tells of where it is not made again
	}{
		"it is back at once": {
			then: func(w http.ResponseWriter, r *http.Request, _ int32) { withSession(w, r) },
			seen: cors.Exchange{Response: &cors.Response{Status: 502}}, again: true,
		},
		"it is back after a while": {
			then: func(w http.ResponseWriter, r *http.Request, number int32) {
				if number <= 2 {
					down(w)
					return
				}
				withSession(w, r)
			},
			seen: cors.Exchange{Unreachable: true, Fault: "127.0.0.1:1 refused the connection"}, again: true,
		},
		"it refused the connection, and is back": {
			then: func(w http.ResponseWriter, r *http.Request, _ int32) { withSession(w, r) },
			seen: cors.Exchange{Unreachable: true, Fault: "127.0.0.1:1 refused the connection"}, again: true,
		},
		"it stays away": {
			then: func(w http.ResponseWriter, _ *http.Request, _ int32) { down(w) },
			seen: cors.Exchange{Response: &cors.Response{Status: 502}}, kinds: []DiagnosisKind{TargetFails},
		},
		"it has forgotten the session": {
			then: func(w http.ResponseWriter, r *http.Request, number int32) {
				if number <= 2 {
					down(w)
					return
				}
				say(w, 401, `{}`)
			},
			seen: cors.Exchange{Response: &cors.Response{Status: 502}}, kinds: []DiagnosisKind{SessionEnded},
		},
		"it answers this origin so": {
			then: func(w http.ResponseWriter, r *http.Request, _ int32) {
				if r.Header.Get("Origin") != "" {
					say(w, 500, `Not allowed by CORS`)
					return
				}
				withSession(w, r)
			},
			seen: cors.Exchange{Response: &cors.Response{Status: 500}},
		},
		"nothing failed": {
			then: func(w http.ResponseWriter, r *http.Request, _ int32) { withSession(w, r) },
			seen: cors.Exchange{Response: &cors.Response{Status: 403}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := changed(t, c.then)
			s.deployment.Limits.Patience = time.Second
			read := scenarios.Attempt{Vector: scenarios.Fetch, Identity: scenarios.Cookie, Method: "GET", URL: s.plan.Target.At("/me")}
			c.seen.Request = queryWith(read.URL, "session=x")
			c.seen.Request.Headers = append(c.seen.Request.Headers, cors.Header{Name: "Origin", Value: "https://evil.test"})
			s.observed[read.Key()] = scenarios.Observation{Attempt: read, Credential: scenarios.CredentialUse{Sent: true}, Exchanges: []cors.Exchange{c.seen}}
			g := &group{attempts: []scenarios.Attempt{read}}
			if got := s.outlasted(t.Context(), g); got != c.again {
				t.Errorf("made again: %v", got)
			}
			if told := slices.ContainsFunc(s.record.Notes, func(n string) bool { return strings.Contains(n, "failed to answer") }); told != c.again {
				t.Errorf("it says %q", s.record.Notes)
			}
			if c.again {
				return
			}
			s.vouch(t.Context(), g)
			var kinds []DiagnosisKind
			for _, d := range s.record.Diagnoses {
				kinds = append(kinds, d.Kind)
			}
			if !slices.Equal(kinds, c.kinds) {
				t.Errorf("diagnoses %v, want %v", kinds, c.kinds)
			}
		})
	}
}

// A target that fails now and then fails for another attempt each time: what it answered
// once stands, and what it never answered proves nothing where it answers that otherwise.
func TestFailuresNowAndThen(t *testing.T) {
	s := changed(t, func(w http.ResponseWriter, r *http.Request, _ int32) { withSession(w, r) })
	attempt := func(host string) scenarios.Attempt {
		return scenarios.Attempt{Vector: scenarios.Fetch, Page: cors.MustParseOrigin("https://" + host), Identity: scenarios.Cookie, Method: "GET", URL: s.plan.Target.At("/me")}
	}
	one, other, never := attempt("one.test"), attempt("other.test"), attempt("never.test")
	g := &group{attempts: []scenarios.Attempt{one, other, never}}
	statuses := func(one_, other_ int) {
		for a, status := range map[string]int{one.Key(): one_, other.Key(): other_, never.Key(): 500} {
			i := slices.IndexFunc(g.attempts, func(b scenarios.Attempt) bool { return b.Key() == a })
			s.observed[a] = scenarios.Observation{Attempt: g.attempts[i], Exchanges: []cors.Exchange{{
				Request: queryWith(one.URL, "session=x"), Response: &cors.Response{Status: status},
			}}}
		}
	}
	for i, round := range [][2]int{{200, 500}, {500, 200}, {500, 500}} {
		statuses(round[0], round[1])
		if again := s.outlasted(t.Context(), g); again != (i < 2) {
			t.Fatalf("made again after the %d. time: %v", i+1, again)
		}
	}
	for _, a := range []scenarios.Attempt{one, other} {
		if o := s.observed[a.Key()]; o.Response().Status != 200 || o.Fault != "" {
			t.Errorf("%s was answered %d, %q", a.Page, o.Response().Status, o.Fault)
		}
	}
	if o := s.observed[never.Key()]; !strings.Contains(o.Fault, "failed to answer 3 times (with the status 500)") {
		t.Errorf("of what was never answered: %q", o.Fault)
	}
}

// A run waits only so long for all outages together.
func TestOutagesHaveOneBudget(t *testing.T) {
	var by atomic.Bool
	s := vouching(t, func(w http.ResponseWriter, r *http.Request) {
		if by.Load() {
			say(w, 502, "")
			return
		}
		withSession(w, r)
	})
	s.deployment.Limits.Patience = 300 * time.Millisecond
	by.Store(true)
	reads, _ := s.privateReads()
	if _, back := s.awaitTarget(t.Context(), reads[0]); back || s.waited == 0 {
		t.Fatalf("back is %v after %s", back, s.waited)
	}
	by.Store(false)
	if _, back := s.awaitTarget(t.Context(), reads[0]); back {
		t.Error("it was waited for once more")
	}
}

// changed is a session whose target answers as it did while the premises were found out, and
// since then as then says, with the number of the request.
func changed(t *testing.T, then func(w http.ResponseWriter, r *http.Request, number int32)) *session {
	t.Helper()
	var by atomic.Bool
	var number atomic.Int32
	s := vouching(t, func(w http.ResponseWriter, r *http.Request) {
		if !by.Load() {
			withSession(w, r)
			return
		}
		then(w, r, number.Add(1))
	})
	by.Store(true)
	return s
}
