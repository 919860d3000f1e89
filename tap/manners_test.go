package tap

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/crossexam/crossexam/cors"
)

// A limiterModel answers a request to a path with a status, and what comes with it.
type limiterModel func(path string, now time.Time) (status int, headers cors.Headers)

func after(value string) cors.Headers { return cors.Headers{{Name: "Retry-After", Value: value}} }

// slidingWindow lets n requests a minute through.
func slidingWindow(n int, headers func(now, free time.Time) cors.Headers) limiterModel {
	var hits []time.Time
	return func(_ string, now time.Time) (int, cors.Headers) {
		for len(hits) > 0 && now.Sub(hits[0]) >= time.Minute {
			hits = hits[1:]
		}
		if len(hits) >= n {
			return 429, headers(now, hits[0].Add(time.Minute))
		}
		hits = append(hits, now)
		return 200, nil
	}
}

// bucket is nginx's limit_req: perSecond, and a burst.
func bucket(perSecond, burst float64, status int) limiterModel {
	var excess float64
	var last time.Time
	return func(_ string, now time.Time) (int, cors.Headers) {
		left := max(0, excess-perSecond*now.Sub(last).Seconds())
		if left > burst {
			return status, nil
		}
		excess, last = left+1, now
		return 200, nil
	}
}

func always(status int, h cors.Headers) limiterModel {
	return func(string, time.Time) (int, cors.Headers) { return status, h }
}

// A run has so many requests made in a world without network and with a clock of its
// own, six at a time as a page does, and says what came of them.
type run struct {
	m          *manners
	alone      bool // what is refused is so to one credential alone
	mu         sync.Mutex
	asked      int // requests that the target got
	unanswered int
}

func (r *run) request(ctx context.Context, path string, target limiterModel) error {
	for tries := 1; ; tries++ {
		if err := r.m.admit(ctx); err != nil {
			return err
		}
		r.mu.Lock()
		r.asked++
		number := r.asked
		status, headers := target(path, time.Now())
		r.mu.Unlock()
		sent := time.Now()
		time.Sleep(2 * time.Millisecond) // the network
		if !(cors.Response{Status: status, Headers: headers}).IsLimited() {
			r.m.pass(place{path: path})
			return nil
		}
		if !r.m.refused(ctx, refusal{at: place{path: path}, number: number, sent: sent, tries: tries, headers: headers, status: status, alone: r.alone}) {
			r.mu.Lock()
			r.unanswered++
			r.mu.Unlock()
			return nil
		}
	}
}

func (r *run) all(t *testing.T, requests int, target limiterModel) {
	queue := make(chan string)
	var workers sync.WaitGroup
	for range 6 {
		workers.Go(func() {
			for path := range queue {
				if err := r.request(t.Context(), path, target); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range requests {
		queue <- fmt.Sprintf("/%d", i%5)
	}
	close(queue)
	workers.Wait()
}

func TestLimitersAreWaitedFor(t *testing.T) {
	fixed := func(s string) func(now, free time.Time) cors.Headers {
		return func(time.Time, time.Time) cors.Headers { return after(s) }
	}
	exact := func(now, free time.Time) cors.Headers {
		return after(fmt.Sprint(int(free.Sub(now).Seconds()) + 1))
	}
	date := func(now, free time.Time) cors.Headers {
		h := after(free.Add(time.Second).UTC().Format(http.TimeFormat))
		return append(h, cors.Header{Name: "Date", Value: now.UTC().Format(http.TimeFormat)})
	}
	bare := func(time.Time, time.Time) cors.Headers { return nil }
	for name, c := range map[string]struct {
		target   limiterModel
		requests int
		within   time.Duration
		first    int
		low, top float64 // the rate that passed, as it was last seen
		wasted   int     // requests that were refused, at most
	}{
		"a window, a fixed time":  {slidingWindow(60, fixed("30")), 240, 6 * time.Minute, 61, 0.5, 1.1, 40},
		"a window, exact seconds": {slidingWindow(60, exact), 240, 5 * time.Minute, 61, 0.7, 1.1, 40},
		"a window, a date":        {slidingWindow(60, date), 240, 5 * time.Minute, 61, 0.7, 1.1, 40},
		"a window, no time":       {slidingWindow(60, bare), 200, 7 * time.Minute, 61, 0.4, 1.2, 80},
		"a window, at once":       {slidingWindow(60, fixed("0")), 200, 7 * time.Minute, 61, 0.4, 1.2, 40},
		"a slow window":           {slidingWindow(20, fixed("10")), 80, 7 * time.Minute, 21, 0.2, 0.45, 60},
		"nginx, 10 a second":      {bucket(10, 20, 503), 400, 2 * time.Minute, 22, 4, 14, 60},
		"nginx, no burst":         {bucket(10, 0, 429), 200, 4 * time.Minute, 2, 0.7, 14, 30},
		"nginx, 1 a second":       {bucket(1, 5, 429), 100, 4 * time.Minute, 7, 0.3, 1.5, 60},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run{m: newManners(Limits{Patience: 8 * time.Minute})}
				began := time.Now()
				r.all(t, c.requests, c.target)
				took, l := time.Since(began), r.m.limiting
				t.Logf("%s, %d requests, %+v, at %.3g a second", took, r.asked, l, float64(r.m.limiter.Limit()))
				if r.unanswered > 0 || l.Unanswered > 0 {
					t.Errorf("%d requests have no answer, and it says %d", r.unanswered, l.Unanswered)
				}
				if took > c.within || l.Waited > took+time.Second {
					t.Errorf("it took %s, and says that it waited %s", took, l.Waited)
				}
				if l.First != c.first || l.Passed < c.low || l.Passed > c.top {
					t.Errorf("limited from request %d on, %.3g a second passed", l.First, l.Passed)
				}
				if refused := r.asked - c.requests; refused != l.Count || refused > c.wasted {
					t.Errorf("%d requests were refused, and it says %d", refused, l.Count)
				}
			})
		})
	}
}

// Whichever place of a burst is refused first, the same one each time by chance, it is not
// refused alone where others of the burst are.
func TestOneOfABurstIsNotAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManners(Limits{Patience: 8 * time.Minute})
		for range 2 {
			sent := time.Now()
			time.Sleep(2 * time.Millisecond) // the network
			for i, path := range []string{"/first", "/second"} {
				if !m.refused(t.Context(), refusal{at: place{path: path}, number: 2 + i, sent: sent, tries: 1, status: 429}) {
					t.Errorf("%s is not asked for again", path)
				}
			}
			m.pass(place{path: "/third"})
			time.Sleep(5 * time.Second)
		}
		if l := m.limiter.Limit(); l == rate.Inf {
			t.Error("it was not slowed down")
		}
	})
}

// What cannot be waited for is taken as it is.
func TestPatienceEnds(t *testing.T) {
	one := func(bad limiterModel) limiterModel { // of five endpoints
		return func(path string, now time.Time) (int, cors.Headers) {
			if path == "/3" {
				return bad(path, now)
			}
			return 200, nil
		}
	}
	outOfServiceFrom := func(n int) limiterModel {
		return func(string, time.Time) (int, cors.Headers) {
			if n--; n <= 0 {
				return 503, nil
			}
			return 200, nil
		}
	}
	for name, c := range map[string]struct {
		target     limiterModel
		patience   time.Duration
		unanswered int
		waited     time.Duration // at most
		asked      int           // at most
	}{
		"longer than the patience":     {always(429, after("3600")), 8 * time.Minute, 50, 0, 50},
		"no patience":                  {always(429, after("1")), 0, 50, 0, 50},
		"never":                        {always(429, nil), 8 * time.Minute, 50, 8 * time.Minute, 200},
		"never, and it says at once":   {always(429, after("0")), 8 * time.Minute, 50, 8 * time.Minute, 300},
		"no number":                    {always(503, after("soon")), time.Minute, 50, time.Minute, 150},
		"a negative number":            {always(429, after("-5")), time.Minute, 50, time.Minute, 200},
		"more than a number can be":    {always(429, after("99999999999999999999")), time.Minute, 50, time.Minute, 200},
		"nothing is behind it":         {always(503, nil), 8 * time.Minute, 50, 20 * time.Second, 75},
		"out of service after a while": {outOfServiceFrom(11), 8 * time.Minute, 40, 25 * time.Second, 60},
		"a credential is refused":      {always(429, nil), 8 * time.Minute, 50, 20 * time.Second, 100},
		"a credential is refused, and it says to come back": {always(429, after("1")), 8 * time.Minute, 50, 60 * time.Second, 150},
		"one endpoint is out of work":                       {one(always(503, nil)), 8 * time.Minute, 10, 10 * time.Second, 75},
		"one endpoint is refused":                           {one(always(429, nil)), 8 * time.Minute, 10, 3 * time.Minute, 90},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run{m: newManners(Limits{Patience: c.patience}), alone: strings.HasPrefix(name, "a credential")}
				began := time.Now()
				r.all(t, 50, c.target)
				took, l := time.Since(began), r.m.limiting
				t.Logf("%s, %d requests, %+v", took, r.asked, l)
				if r.unanswered != c.unanswered || l.Unanswered != c.unanswered {
					t.Errorf("%d requests have no answer, and it says %d", r.unanswered, l.Unanswered)
				}
				if l.Waited > c.waited+time.Second || took > c.waited+time.Second {
					t.Errorf("it took %s, and waited %s", took, l.Waited)
				}
				if only := strings.HasPrefix(name, "one"); only != (l.Only == " /3") {
					t.Errorf("only %q", l.Only)
				}
				if r.asked > c.asked {
					t.Errorf("%d requests", r.asked)
				}
			})
		})
	}
}

// A request whose caller has no time for the pause takes the answer as it is, and the
// others wait all the same.
func TestPauseAndDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run{m: newManners(Limits{Patience: time.Hour})}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := r.request(ctx, "/", always(429, after("30"))); err != nil || r.unanswered != 1 || time.Since(began) > time.Second {
			t.Errorf("%v, %d unanswered after %s", err, r.unanswered, time.Since(began))
		}
		if err := r.request(ctx, "/", always(200, nil)); err == nil || !strings.Contains(err.Error(), "asked for a pause of 30s") {
			t.Errorf("in the pause: %v", err)
		}
		if err := r.request(t.Context(), "/", always(200, nil)); err != nil || time.Since(began) < 30*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		r.m.until = time.Now().Add(time.Minute)
		if err := r.request(gone, "/", always(200, nil)); err == nil {
			t.Error("it waited for somebody who has left")
		}
	})
}

// What was kept back is counted once, however many wait.
func TestWaitingIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run{m: newManners(Limits{Patience: time.Hour})}
		r.m.until = time.Now().Add(10 * time.Second)
		r.all(t, 20, always(200, nil))
		if w := r.m.limiting.Waited; w != 10*time.Second {
			t.Errorf("waited %s", w)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "30": 30 * time.Second, " 7 ": 7 * time.Second,
		"Thu, 01 Jan 2026 12:00:20 GMT":    20 * time.Second,
		"Thursday, 01-Jan-26 12:00:20 GMT": 20 * time.Second,
		"Thu, 01 Jan 2026 11:00:00 GMT":    0,
	} {
		if got, given := retryAfter(after(value), now); got != want || !given {
			t.Errorf("%q: %s, %t", value, got, given)
		}
	}
	for _, value := range []string{"", "soon", "-1", "1.5", "1e3"} {
		if got, given := retryAfter(after(value), now); got != 0 || given {
			t.Errorf("%q: %s, %t", value, got, given)
		}
	}
	// By the target's own clock, which is an hour fast.
	h := append(after("Thu, 01 Jan 2026 13:00:20 GMT"), cors.Header{Name: "Date", Value: "Thu, 01 Jan 2026 13:00:00 GMT"})
	if got, _ := retryAfter(h, now); got != 20*time.Second {
		t.Errorf("by its own clock: %s", got)
	}
}

// limits answers the first n requests with a status and headers, the rest well.
func limits(n int, head string) func(net.Conn, string) bool {
	var mu sync.Mutex
	return func(c net.Conn, request string) bool {
		mu.Lock()
		n--
		limited := n >= 0
		mu.Unlock()
		if limited {
			return says("HTTP/1.1 "+head+"\r\nContent-Length: 0\r\n\r\n")(c, request)
		}
		return says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")(c, request)
	}
}

// Neither the browser nor a probe sees an answer that is about the rate alone.
func TestLimitedRequestsAreMadeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		head   string
		status int
		asked  int
	}{
		"429":             {"GET", "429 Slow\r\nRetry-After: 0", 200, 2},
		"503":             {"HEAD", "503 Busy\r\nRetry-After: 0", 200, 2},
		"a preflight":     {"OPTIONS", "429 Slow\r\nRetry-After: 0", 200, 2},
		"a write":         {"POST", "429 Slow\r\nRetry-After: 0", 200, 2},
		"too long":        {"GET", "429 Slow\r\nRetry-After: 86400", 429, 1},
		"an hour by date": {"GET", "429 Slow\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT", 429, 1},
		"a gateway":       {"GET", "502 Bad", 200, 2},
		"its time-out":    {"GET", "504 Late", 200, 2},
		"a write, a 502":  {"POST", "502 Bad", 502, 1},
		"an error":        {"GET", "500 Oh", 500, 1},
		"expected":        {"GET", "418 Tea", 418, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveRaw(t, limits(1, c.head))
			tap := newTap(t, s.addr, func(o *Options) { o.AllowWrite = func(string, string) bool { return true } })
			response := browse(t, tap, c.method+" / HTTP/1.1\nHost: api.example\nOrigin: https://evil.test")
			e := recorded(t, tap, response)
			requests, _ := s.seen()
			if e.Response == nil || e.Response.Status != c.status || len(requests) != c.asked || tap.Len() != 1 {
				t.Errorf("%+v after %d requests, in %d exchanges", e, len(requests), tap.Len())
			}
			if !strings.HasPrefix(response, fmt.Sprintf("HTTP/1.1 %d ", c.status)) {
				t.Errorf("the browser got %q", response)
			}
			if limited := c.status == 429; (e.Limited.Request == 1) != limited {
				t.Errorf("limited %+v", e.Limited)
			}
			if about := strings.Contains(c.head, "Retry-After"); about != (tap.Limiting().First == 1) {
				t.Errorf("%+v", tap.Limiting())
			}
		})
	}
}

// What a recipe provokes is no news of a limit.
func TestExpectedErrorsAreTaken(t *testing.T) {
	for _, head := range []string{"429 Slow\r\nRetry-After: 1", "503 Busy", "502 Bad"} {
		s := serveRaw(t, limits(1, head))
		tap := newTap(t, s.addr, func(o *Options) {
			o.Expected = func(method, url string, status int) bool {
				return method == "GET" && url == "http://api.example/busy" && strings.HasPrefix(head, fmt.Sprint(status))
			}
		})
		e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/busy"})
		if requests, _ := s.seen(); e.Response == nil || e.Response.Status == 200 || len(requests) != 1 || e.Limited != (cors.Limited{}) || tap.Limiting() != (Limiting{Answered: true}) {
			t.Errorf("%s: %+v after %d requests", head, e, len(requests))
		}
	}
}

// A request that always ends in a broken connection takes two, and later ones one.
func TestBrokenConnectionsAreRepeatedOnce(t *testing.T) {
	s := serveRaw(t, func(c net.Conn, r string) bool {
		if strings.HasPrefix(r, "GET /bad") {
			return false
		}
		return says("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n")(c, r)
	})
	tap := newTap(t, s.addr, nil)
	for _, path := range []string{"/bad", "/gateway"} {
		for i, want := range []int{2, 1, 1} {
			before := tap.Requests()
			e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example" + path})
			if made := tap.Requests() - before; made != want {
				t.Errorf("%s, the %d. time: %d requests, want %d", path, i+1, made, want)
			}
			if e.Closed != (path == "/bad") {
				t.Errorf("%s, the %d. time: closed is %v", path, i+1, e.Closed)
			}
		}
	}
}

func TestIsLimit(t *testing.T) {
	for _, c := range []struct {
		status  int
		headers cors.Headers
		want    bool
	}{
		{429, nil, true},
		{503, nil, true},
		{403, nil, false},
		{403, after("2"), true}, // GitHub's secondary limits, for one
		{401, after("2"), false},
		{200, after("2"), false},
	} {
		if got := (cors.Response{Status: c.status, Headers: c.headers}).IsLimited(); got != c.want {
			t.Errorf("%d %v: %t", c.status, c.headers, got)
		}
	}
}
