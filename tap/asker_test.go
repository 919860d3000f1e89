package tap

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

const (
	ownPage     = "Origin: https://app.example"
	foreignPage = "Origin: https://evil.test"
	// byHand is the same, but that no browser says what the request is for.
	byHand = foreignPage + " "
)

// A refusal that stays with one origin is about that origin, and nobody waits for its end.
func TestRefusalsOfOneAsker(t *testing.T) {
	type model func(n int, request string) (head string) // empty for an answer
	foreign := func(head string) model {
		return func(_ int, request string) string {
			if strings.Contains(request, foreignPage) {
				return head
			}
			return ""
		}
	}
	// The first answer is one, the second none; what comes after is in turns.
	refuses := func(these string) model {
		return func(n int, _ string) string { return refuseIf(these[(n-1)%len(these)] == 'R') }
	}
	for name, c := range map[string]struct {
		target model
		method string
		first  string // whose page is answered before, if any
		want   about
		aside  bool // it is no answer for good
	}{
		"503 to foreign pages":            {foreign("503 Down"), "GET", ownPage, aboutOrigin, false},
		"429 to foreign pages":            {foreign("429 Slow"), "GET", ownPage, aboutOrigin, false},
		"preflights of foreign pages":     {foreign("503 Down"), "OPTIONS", ownPage, aboutOrigin, false},
		"foreign pages are to come back":  {foreign("503 Down\r\nRetry-After: 3600"), "GET", ownPage, aboutOrigin, true},
		"a 403 that will end":             {foreign("403 No\r\nRetry-After: 1"), "GET", ownPage, aboutOrigin, true},
		"pages, and not who asks by hand": {func(_ int, r string) string { return refuseIf(strings.Contains(r, "Sec-Fetch-Mode")) }, "GET", byHand, aboutOrigin, false},
		"a write":                         {foreign("503 Down"), "POST", ownPage, aboutRate, false},
		"everybody is refused":            {refuses("-" + strings.Repeat("R", 99)), "GET", ownPage, aboutRate, false},
		"the next is let through":         {refuses("-R-" + strings.Repeat("R", 99)), "GET", ownPage, aboutChance, false},
		"every second is refused":         {refuses("-R"), "GET", ownPage, aboutChance, false},
		"every third":                     {refuses("-R-"), "GET", ownPage, aboutChance, false},
		"every fourth":                    {refuses("-R--"), "GET", ownPage, aboutChance, false},
		"two of four":                     {refuses("-RR-"), "GET", ownPage, aboutRate, false},
		"one asker of two, by chance":     {refuses("-R--R-R-RR-"), "GET", ownPage, aboutChance, false},
		"the victim":                      {func(_ int, r string) string { return refuseIf(strings.Contains(r, "Cookie")) }, "GET", "", aboutCredential, false},
		"everybody, from the first on":    {refuses("R"), "GET", "", aboutRate, false},
		// The same page was answered before: it is another matter.
		"from the second on": {func(n int, _ string) string { return refuseIf(n > 1) }, "GET", foreignPage, aboutChance, false},
		"from the second on, with a time": {func(n int, _ string) string {
			if n > 1 {
				return "503 Down\r\nRetry-After: 9"
			}
			return ""
		}, "GET", foreignPage, aboutRate, false},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			n := 0
			s := serveRaw(t, func(conn net.Conn, request string) bool {
				mu.Lock()
				n++
				head := c.target(n, request)
				mu.Unlock()
				if head == "" {
					head = "200 OK"
				}
				return says("HTTP/1.1 "+head+"\r\nContent-Length: 0\r\n\r\n")(conn, request)
			})
			tap := newTap(t, s.addr, func(o *Options) { o.AllowWrite = func(string, string) bool { return true } })
			of := func(page string) cors.Request {
				h := cors.Headers{
					{Name: "Host", Value: "api.example"}, {Name: "Cookie", Value: "sid=1"},
					{Name: "Origin", Value: strings.TrimSpace(strings.TrimPrefix(page, "Origin: "))}, {Name: "Sec-Fetch-Site", Value: "cross-site"},
				}
				if page != byHand {
					h = append(h, cors.Header{Name: "Sec-Fetch-Mode", Value: "cors"})
				}
				return cors.Request{Method: c.method, URL: "http://api.example/me", Headers: h}
			}
			tap.manners.pass(place{}) // anything was answered before
			if c.first != "" {
				tap.Probe(t.Context(), of(c.first))
			}
			q := of(foreignPage)
			refusal, err := tap.roundTrip(t.Context(), q, tap.limits)
			if err != nil || !refusal.IsLimited() {
				t.Fatalf("the target has to refuse it: %+v, %v", refusal, err)
			}
			d := delivery{Tap: tap, waiting: t.Context(), sending: t.Context(), request: q, at: placeOf(q), limits: tap.limits, send: tap.roundTrip}
			if got := d.whatAbout(*refusal); got != c.want {
				t.Fatalf("about %d, want %d, after %d requests", got, c.want, n)
			}
			if c.want != aboutOrigin {
				return
			}
			// It is known by now.
			before := tap.Requests()
			e := tap.Probe(t.Context(), q)
			if made := tap.Requests() - before; made != 1 {
				t.Errorf("the second time it took %d requests", made)
			}
			l := tap.Limiting()
			if l.Count != 0 || (l.Aside == 1) != c.aside || (e.Limited.Request == before+1) != c.aside || (l.AsideFrom == before+1) != c.aside {
				t.Errorf("%+v, %+v", e.Limited, l)
			}
		})
	}
}

func refuseIf(refused bool) string {
	if refused {
		return "503 Down"
	}
	return ""
}

// What is compared differs in the lines that say who asks, and in nothing else.
func TestAskedByAnother(t *testing.T) {
	q := cors.Request{Method: "GET", URL: "https://api.example/me", Headers: cors.Headers{
		{Name: "Host", Value: "api.example"}, {Name: "Cookie", Value: "sid=1"}, {Name: "Origin", Value: "https://evil.test"},
		{Name: "referer", Value: "https://evil.test/page"}, {Name: "Sec-Fetch-Mode", Value: "cors"}, {Name: "Sec-Fetch-Site", Value: "cross-site"},
	}}
	const shared = "Host: api.example; Cookie: sid=1; "
	for who, want := range map[asker]string{
		{}:                                   shared,
		{stranger: true, mode: "cors"}:       "Host: api.example; Sec-Fetch-Mode: cors; ",
		{origin: "https://app.example"}:      shared + "Origin: https://app.example; Referer: https://app.example/; ",
		{site: "none"}:                       shared + "Sec-Fetch-Site: none; ",
		{origin: "null", site: "cross-site"}: shared + "Origin: null; Sec-Fetch-Site: cross-site; ",
		{origin: "https://b.test", site: "same-site", mode: "cors"}: shared + "Origin: https://b.test; Sec-Fetch-Site: same-site; Sec-Fetch-Mode: cors; Referer: https://b.test/; ",
	} {
		got := ""
		for _, h := range who.instead(q).Headers {
			got += fmt.Sprintf("%s: %s; ", h.Name, h.Value)
		}
		if got != want {
			t.Errorf("%v:\n got %s\nwant %s", who, got, want)
		}
	}
	if len(q.Headers) != 6 {
		t.Error("the request itself was changed")
	}
}

// A target that refuses by chance, as a gateway does of whose servers some are down, is
// asked again at once and has no rate; a limiter is not taken for one.
func TestRefusedByChance(t *testing.T) {
	drawn := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		refuses func(n int) bool
		refused int // at most, in the end
	}{
		"every second":     {func(n int) bool { return n%2 == 0 }, 0},
		"every third":      {func(n int) bool { return n%3 == 0 }, 0},
		"one of a hundred": {func(n int) bool { return n%100 == 0 }, 0},
		"half":             {func(n int) bool { return n > 1 && drawn.IntN(2) == 0 }, 10},
		"after the tenth":  {func(n int) bool { return n > 10 }, 120},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			s := serveRaw(t, func(conn net.Conn, request string) bool { // one after the other
				if n++; c.refuses(n) {
					return says("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n")(conn, request)
				}
				return says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(conn, request)
			})
			tap := newTap(t, s.addr, func(o *Options) { o.Patience = 0 })
			for i := range 120 {
				q := cors.Request{Method: "GET", URL: fmt.Sprintf("http://api.example/%d", i%7)}
				if i%3 == 1 {
					q.Headers = cors.OriginLine("https://app.example")
				}
				tap.Probe(t.Context(), q)
			}
			l := tap.Limiting()
			if limited := c.refused > 100; l.Count > c.refused || limited && l.Count < 100 {
				t.Errorf("%+v", l)
			}
		})
	}
}
