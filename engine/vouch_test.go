package engine

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// A reply that is not the private one is a refusal only as long as the victim's own read
// gets the private one; a session that has ended is told once, at the end at the latest.
func TestVouch(t *testing.T) {
	var ended atomic.Bool
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ended.Load() {
			say(w, 401, `{}`)
			return
		}
		withSession(w, r)
	}), nil)
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
	d.Facts = premises(t.Context(), proxy, d)
	s := &session{
		plan: Plan{Target: d.Facts}, tap: proxy, record: &Record{Started: time.Now()},
		victims:  map[scenarios.Credential]*victim{scenarios.Cookie: {identity: scenarios.Cookie}},
		observed: map[string]scenarios.Observation{},
	}
	asked := func(cookie string) scenarios.Observation {
		a := scenarios.Attempt{Vector: scenarios.Probe, Identity: scenarios.Cookie, Method: "GET", URL: d.Facts.At("/me"), Body: cookie}
		x := proxy.Probe(t.Context(), queryWith(d.Facts.At("/me"), cookie))
		o := scenarios.Observation{Attempt: a, Credential: scenarios.CredentialUse{Sent: true}}
		o.Exchanges = append(o.Exchanges, x)
		s.observed[a.Key()] = o
		s.vouch(t.Context(), &group{attempts: []scenarios.Attempt{a}})
		return s.observed[a.Key()]
	}
	s.victims[scenarios.Cookie].cookies = storedCookie("session", "x")
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

func queryWith(at, cookie string) cors.Request {
	return cors.Request{Method: "GET", URL: at, Headers: cors.Headers{{Name: "Cookie", Value: cookie}}}
}

func storedCookie(name, value string) []attacker.StoredCookie {
	return []attacker.StoredCookie{{Name: name, Value: value}}
}
