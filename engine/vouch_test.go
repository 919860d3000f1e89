package engine

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// A reply that is not the private one is a refusal only as long as the victim's own read
// gets the private one; a session that has ended is told once, at the end at the latest.
func TestVouch(t *testing.T) {
	var ended atomic.Bool
	s := vouching(t, func(w http.ResponseWriter, r *http.Request) {
		if ended.Load() {
			say(w, 401, `{}`)
			return
		}
		withSession(w, r)
	})
	d, proxy := s.deployment, s.tap
	asked := func(cookie string) scenarios.Observation {
		a := scenarios.Attempt{Vector: scenarios.Probe, Identity: scenarios.Cookie, Method: "GET", URL: d.Facts.At("/me"), Body: cookie}
		x := proxy.Probe(t.Context(), queryWith(d.Facts.At("/me"), cookie))
		o := scenarios.Observation{Attempt: a, Credential: scenarios.CredentialUse{Sent: true}}
		o.Exchanges = append(o.Exchanges, x)
		s.observed[a.Key()] = o
		s.vouch(t.Context(), &group{attempts: []scenarios.Attempt{a}})
		return s.observed[a.Key()]
	}
	if o := asked("session=x"); o.Stake != scenarios.PrivateReply || o.Fault != "" {
		t.Errorf("the private reply: %q, %q", o.Stake, o.Fault)
	}
	if o := asked("session=other"); o.Stake != scenarios.Refusal || o.Fault != "" {
		t.Errorf("a refusal: %q, %q", o.Stake, o.Fault)
	}
	s.lookBack(t.Context())
	if len(s.record.Diagnoses) > 0 {
		t.Errorf("the session lasts: %+v", s.record.Diagnoses)
	}
	ended.Store(true)
	s.lookBack(t.Context())
	if len(s.record.Diagnoses) != 1 || s.record.Diagnoses[0].Kind != SessionEnded {
		t.Errorf("the session ended: %+v", s.record.Diagnoses)
	}
	if o := asked("session=other"); o.Stake != "" || o.Fault == "" {
		t.Errorf("after the end: %q, %q", o.Stake, o.Fault)
	}
}

// What a target did not answer, or whose preflight it refused, proves nothing where it fails
// by now to give the victim the private reply; where it does give it, that is about the
// request.
func TestVouchForFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int // of everything, by then; 0 for no answer
		want   DiagnosisKind
	}{
		{"a gateway", 502, TargetFails},
		{"no answer", 0, TargetFails},
		{"another success", 200, ReplyChanged},
		{"a refusal", 403, SessionEnded},
		{"a ban", 403, ShutOut},
		{"a limiter's", 403, RateLimited},
		{"still there", -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var by atomic.Bool
			s := vouching(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case !by.Load() || c.status < 0 || c.want == SessionEnded && r.Header.Get("Cookie") == "":
					withSession(w, r)
				case c.status == 0:
					panic(http.ErrAbortHandler)
				case c.want == RateLimited:
					say(w, c.status, `{"message":"API rate limit exceeded for 192.0.2.1"}`)
				default:
					say(w, c.status, `{"page":"login"}`)
				}
			})
			by.Store(true)
			g := &group{}
			for method, status := range map[string]int{"PUT": 502, "PATCH": 403} { // of their preflights
				a := scenarios.Attempt{Vector: scenarios.Fetch, Identity: scenarios.Cookie, Method: method, URL: s.plan.Target.At("/me")}
				g.attempts = append(g.attempts, a)
				s.observed[a.Key()] = scenarios.Observation{Attempt: a, Exchanges: []cors.Exchange{{
					Request: cors.Request{Method: "OPTIONS", URL: a.URL, Headers: cors.Headers{
						{Name: "Origin", Value: "https://evil.test"}, {Name: "Access-Control-Request-Method", Value: method},
					}},
					Response: &cors.Response{Status: status},
				}}}
			}
			s.vouch(t.Context(), g)
			for _, a := range g.attempts {
				if o := s.observed[a.Key()]; (o.Fault != "") != (c.want != "") {
					t.Errorf("the preflight for %s: %q", a.Method, o.Fault)
				}
			}
			var kinds []DiagnosisKind
			for _, d := range s.record.Diagnoses {
				kinds = append(kinds, d.Kind)
			}
			if c.want == "" && len(kinds) > 0 || c.want != "" && !slices.Equal(kinds, []DiagnosisKind{c.want}) {
				t.Errorf("diagnoses %v, want %s", kinds, c.want)
			}
		})
	}
}

// vouching is a session whose victim is logged in to the handler, with /me as the
// private read.
func vouching(t *testing.T, h http.HandlerFunc) *session {
	t.Helper()
	server, err := loopback.Serve(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	d, err := target.Config{
		URL: "http://" + server.Addr(), Trusted: []string{"https://app.example.com"}, OpenAPI: "none", Reads: []string{"/me"},
		Credentials: target.CredentialsConfig{Cookies: []string{"session=x; Path=/"}},
	}.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := tap.New(tap.Options{Upstream: d.Upstream, Limits: d.Limits, Run: "crossexam-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	d.Facts = sweep.NewAsker(t.Context(), proxy, d).Premises()
	return &session{
		deployment: d, plan: Plan{Target: d.Facts}, tap: proxy, record: &Record{Started: time.Now()},
		victims:  victims{held: map[scenarios.Credential]*victim{scenarios.Cookie: {identity: scenarios.Cookie, cookies: storedCookie("session", "x")}}},
		observed: map[string]scenarios.Observation{},
	}
}

func queryWith(at, cookie string) cors.Request {
	return cors.Request{Method: "GET", URL: at, Headers: cors.Headers{{Name: "Cookie", Value: cookie}}}
}

func storedCookie(name, value string) []attacker.StoredCookie {
	return []attacker.StoredCookie{{Name: name, Value: value}}
}

// A target that breaks off the connection of a foreign page, and answers the victim right
// after, is said to: its refusal is not to be told from a failure.
func TestOriginsThatAreCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		trusted, closed, unreachable, down bool
		want                               DiagnosisKind
	}{
		"a foreign page":    {closed: true, want: OriginCutOff},
		"the front end":     {trusted: true, closed: true},
		"an error":          {},
		"no connection":     {unreachable: true},
		"everybody, by now": {closed: true, down: true, want: TargetFails},
	} {
		t.Run(name, func(t *testing.T) {
			var down atomic.Bool
			s := vouching(t, func(w http.ResponseWriter, r *http.Request) {
				if down.Load() {
					panic(http.ErrAbortHandler)
				}
				withSession(w, r)
			})
			down.Store(c.down)
			a := scenarios.Attempt{Vector: scenarios.Fetch, Page: cors.MustParseOrigin("https://evil.test"), Identity: scenarios.Cookie, Method: "GET", URL: s.plan.Target.At("/me"), Trusted: c.trusted}
			x := cors.Exchange{Request: queryWith(a.URL, "session=x"), Closed: c.closed, Unreachable: c.unreachable}
			if !c.closed && !c.unreachable {
				x.Response = &cors.Response{Status: 500}
			}
			s.observed[a.Key()] = scenarios.Observation{Attempt: a, Credential: scenarios.CredentialUse{Sent: true}, Exchanges: []cors.Exchange{x}}
			s.vouch(t.Context(), &group{attempts: []scenarios.Attempt{a}})
			var kinds []DiagnosisKind
			for _, d := range s.record.Diagnoses {
				kinds = append(kinds, d.Kind)
			}
			if c.want == "" && len(kinds) > 0 || c.want != "" && !slices.Equal(kinds, []DiagnosisKind{c.want}) {
				t.Errorf("diagnoses %v, want %q", s.record.Diagnoses, c.want)
			}
		})
	}
}
