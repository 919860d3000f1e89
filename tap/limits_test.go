package tap

import (
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/time/rate"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
)

func upstream(t *testing.T, raw, address string) Upstream {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return Upstream{URL: u, Address: address}
}

func TestDefaultLimits(t *testing.T) {
	for _, c := range []struct {
		url, address string
		rate         float64
	}{
		{"https://api.example.com", "", 20},
		{"http://192.168.0.9:8000", "", 20},
		{"http://localhost:8000", "", 0},
		{"http://127.0.0.1:8000", "", 0},
		{"http://[::1]:8000", "", 0},
		{"https://api.example.com", "127.0.0.1:8443", 0},
		{"http://localhost", "192.0.2.1:80", 20},
	} {
		u := upstream(t, c.url, c.address)
		l := DefaultLimits(u)
		if l.RequestsPerSecond != c.rate {
			t.Errorf("%s at %q: %v requests a second, want %v", c.url, c.address, l.RequestsPerSecond, c.rate)
		}
		if err := l.Check(); err != nil {
			t.Error(err)
		}
		if c.rate > 0 {
			u := u
			u.ResolvesToLoopback = true
			if l := DefaultLimits(u); l.RequestsPerSecond != 0 {
				t.Errorf("%s, a name of this machine: %v requests a second", c.url, l.RequestsPerSecond)
			}
		}
		tap, err := New(Options{Upstream: u})
		if err != nil {
			t.Fatal(err)
		}
		if tap.limits != l {
			t.Errorf("the zero limits became %+v", tap.limits)
		}
		want := rate.Limit(c.rate)
		if want == 0 {
			want = rate.Inf
		}
		if got := tap.manners.limiter; got.Limit() != want || got.Burst() != 1 {
			t.Errorf("the limiter has %v, burst %d", got.Limit(), got.Burst())
		}
		tap.Close()
	}
}

func TestNewTapRefuses(t *testing.T) {
	good := upstream(t, "https://api.example.com", "")
	for _, c := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"no URL", func(o *Options) { o.URL = nil }, "no URL"},
		{"another scheme", func(o *Options) { o.Upstream = upstream(t, "ftp://api.example.com", "") }, "write https://host"},
		{"a WebSocket", func(o *Options) { o.Upstream = upstream(t, "wss://api.example.com", "") }, "write https://host"},
		{"no host", func(o *Options) { o.Upstream = upstream(t, "https:///x", "") }, "write https://host"},
		{"a password", func(o *Options) { o.Upstream = upstream(t, "https://u:secret@api.example.com", "") }, "user information"},
		{"no port to dial", func(o *Options) { o.Address = "127.0.0.1" }, "write host:port"},
		{"a run that is no header value", func(o *Options) { o.Run = "a\r\nb" }, "cannot be the value"},
		{"a negative rate", func(o *Options) { o.RequestsPerSecond = -1 }, "RequestsPerSecond"},
		{"no number", func(o *Options) { o.RequestsPerSecond = math.NaN() }, "RequestsPerSecond"},
		{"no BodyBytes", func(o *Options) { o.BodyBytes = 0 }, "BodyBytes"},
		{"no HeaderBytes", func(o *Options) { o.HeaderBytes = 0 }, "HeaderBytes"},
		{"no RequestBodyBytes", func(o *Options) { o.RequestBodyBytes = -1 }, "RequestBodyBytes"},
		{"no Connect", func(o *Options) { o.Connect = 0 }, "Connect"},
		{"no Header", func(o *Options) { o.Header = 0 }, "Header"},
		{"no Body", func(o *Options) { o.Body = 0 }, "Body"},
	} {
		o := Options{Upstream: good, Limits: DefaultLimits(good)}
		c.change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := New(Options{Upstream: good, Limits: DefaultLimits(good)}); err != nil {
		t.Error(err)
	}
}

// The tap has no more requests under way than it may: the target answers one only
// after another has come.
func TestConcurrency(t *testing.T) {
	const atOnce, requests = 2, 8
	var now atomic.Int32
	arrived, answer := make(chan int32, requests), make(chan struct{})
	s, err := loopback.Serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- now.Add(1)
		<-answer
		now.Add(-1)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tap := newTap(t, s.Addr(), func(o *Options) { o.Concurrency = atOnce })
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			if e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"}); e.Response == nil {
				t.Error(e.Fault)
			}
		})
	}
	most := int32(0)
	for i := range requests {
		most = max(most, <-arrived)
		if i >= atOnce-1 {
			answer <- struct{}{}
		}
	}
	close(answer) // to those that came last
	all.Wait()
	if most != atOnce {
		t.Errorf("%d requests were under way at once", most)
	}
}

func TestParallel(t *testing.T) {
	for want, l := range map[int]Limits{0: {RequestsPerSecond: 20}, 3: {Concurrency: 3, RequestsPerSecond: 1}, 1: {Concurrency: 3, RequestsPerSecond: 0.5}} {
		if got := l.Parallel(); got != want {
			t.Errorf("%+v: %d", l, got)
		}
	}
}
