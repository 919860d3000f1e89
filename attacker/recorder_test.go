package attacker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// The events as Chrome 156 sends them, cut down to what is read of them.

func sent(id, attempt string) any {
	return &network.EventRequestWillBeSent{
		RequestID: network.RequestID(id),
		Initiator: &network.Initiator{Type: "script", Stack: &runtime.StackTrace{CallFrames: []*runtime.CallFrame{
			{FunctionName: attempt}, {FunctionName: "attempt"}, {FunctionName: "worker"},
		}}},
	}
}

func preflightSent(id, of string) any {
	return &network.EventRequestWillBeSent{
		RequestID: network.RequestID(id),
		Initiator: &network.Initiator{Type: "preflight", RequestID: network.RequestID(of)},
	}
}

func redirectedOn(id string) any {
	return &network.EventRequestWillBeSent{
		RequestID: network.RequestID(id), RedirectHasExtraInfo: true, Initiator: &network.Initiator{Type: "other"},
	}
}

func cookiesHeld(id string, reasons ...network.CookieBlockedReason) any {
	return &network.EventRequestWillBeSentExtraInfo{
		RequestID: network.RequestID(id), AssociatedCookies: []*network.AssociatedCookie{{Cookie: &network.Cookie{Name: "c"}, BlockedReasons: reasons}},
	}
}

func answered(id, exchange string) any {
	return &network.EventResponseReceivedExtraInfo{
		RequestID: network.RequestID(id), Headers: network.Headers{"date": "today", strings.ToLower(tap.ExchangeHeader): exchange},
	}
}

func finished(id string) any {
	return &network.EventLoadingFinished{RequestID: network.RequestID(id)}
}

func refused(id string, reason network.CorsError, parameter string) any {
	return &network.EventLoadingFailed{
		RequestID: network.RequestID(id), ErrorText: "net::ERR_FAILED",
		CorsErrorStatus: &network.CorsErrorStatus{CorsError: reason, FailedParameter: parameter},
	}
}

func failed(id, text string) any {
	return &network.EventLoadingFailed{RequestID: network.RequestID(id), ErrorText: text}
}

func canceled(id string) any {
	return &network.EventLoadingFailed{RequestID: network.RequestID(id), ErrorText: "net::ERR_ABORTED", Canceled: true}
}

func blocked(id string, reason network.BlockedReason) any {
	return &network.EventLoadingFailed{RequestID: network.RequestID(id), BlockedReason: reason}
}

// recordings are the events of one attempt "attempt-a" each, in the usual order,
// and what is to be seen of it.
var recordings = []struct {
	name     string
	readable bool
	events   []any
	// spare are events without which the attempt counts as whole too: they change
	// nothing, or Chrome sends them before others of the same request, or nobody
	// could tell that they are still to come (the first of a preflight).
	spare []int
	want  sighting
}{
	{
		name: "read", readable: true,
		events: []any{sent("1", "attempt-a"), cookiesHeld("1", "SameSiteLax"), answered("1", "x1"), finished("1")},
		spare:  []int{1, 3},
		want:   sighting{exchanges: []string{"x1"}, heldBack: []string{"SameSiteLax"}},
	},
	{
		name: "read of a part", readable: true,
		events: []any{sent("1", "attempt-a"), answered("1", "x1"), canceled("1")},
		spare:  []int{2},
		want:   sighting{exchanges: []string{"x1"}},
	},
	{
		name:   "refused",
		events: []any{sent("1", "attempt-a"), answered("1", "x1"), refused("1", "AllowOriginMismatch", "https://b.test")},
		want: sighting{exchanges: []string{"x1"}, block: scenarios.Block{
			Reason: cors.AllowOriginMismatch, Parameter: "https://b.test", Network: "net::ERR_FAILED",
		}},
	},
	{
		name: "preflight and request", readable: true,
		events: []any{preflightSent("P", "1"), sent("1", "attempt-a"), answered("P", "x1"), finished("P"), answered("1", "x2"), finished("1")},
		spare:  []int{0, 3, 5},
		want:   sighting{exchanges: []string{"x1", "x2"}},
	},
	{
		name:   "preflight refused",
		events: []any{preflightSent("P", "1"), sent("1", "attempt-a"), answered("P", "x1"), finished("P"), refused("1", "PreflightMissingAllowOriginHeader", "")},
		spare:  []int{3},
		want:   sighting{exchanges: []string{"x1"}, block: scenarios.Block{Reason: cors.PreflightMissingAllowOriginHeader, Network: "net::ERR_FAILED"}},
	},
	{
		name:   "preflight redirected",
		events: []any{preflightSent("P", "1"), sent("1", "attempt-a"), answered("P", "x1"), failed("P", "net::ERR_INVALID_REDIRECT"), refused("1", "PreflightDisallowedRedirect", "")},
		spare:  []int{3},
		want:   sighting{exchanges: []string{"x1"}, block: scenarios.Block{Reason: cors.PreflightDisallowedRedirect, Network: "net::ERR_FAILED"}},
	},
	{
		name:   "preflight not answered",
		events: []any{preflightSent("P", "1"), sent("1", "attempt-a"), failed("P", "net::ERR_EMPTY_RESPONSE"), failed("1", "net::ERR_EMPTY_RESPONSE")},
		spare:  []int{0},
		want:   sighting{block: scenarios.Block{Network: "net::ERR_EMPTY_RESPONSE"}},
	},
	{
		name: "redirect, each hop with its preflight", readable: true,
		events: []any{
			preflightSent("P", "1"), sent("1", "attempt-a"), answered("P", "x1"), answered("1", "x2"),
			redirectedOn("1"), preflightSent("Q", "1"), answered("Q", "y1"), answered("1", "y2"),
		},
		spare: []int{0, 4, 5},
		want:  sighting{exchanges: []string{"x1", "x2", "y1", "y2"}},
	},
	{
		name:   "refused behind a redirect",
		events: []any{sent("1", "attempt-a"), answered("1", "x1"), redirectedOn("1"), answered("1", "y1"), refused("1", "MissingAllowOriginHeader", "")},
		spare:  []int{2},
		want:   sighting{exchanges: []string{"x1", "y1"}, block: scenarios.Block{Reason: cors.MissingAllowOriginHeader, Network: "net::ERR_FAILED"}},
	},
	{
		name:   "redirect to nowhere",
		events: []any{sent("1", "attempt-a"), answered("1", "x1"), redirectedOn("1"), failed("1", "net::ERR_EMPTY_RESPONSE")},
		spare:  []int{2},
		want:   sighting{exchanges: []string{"x1"}, block: scenarios.Block{Network: "net::ERR_EMPTY_RESPONSE"}},
	},
	{
		name:   "redirect to mixed content, which ends twice",
		events: []any{sent("1", "attempt-a"), answered("1", "x1"), blocked("1", "mixed-content"), canceled("1")},
		spare:  []int{1, 2, 3},
		want:   sighting{exchanges: []string{"x1"}, block: scenarios.Block{Network: "mixed-content"}},
	},
	{
		name:   "given up by the page",
		events: []any{sent("1", "attempt-a"), canceled("1")},
	},
}

// assembled plays events to a recorder and gives what it makes of them.
func assembled(events []any, readable map[string]bool) (map[string]sighting, bool) {
	r := newRecorder()
	for _, ev := range events {
		r.event(ev)
	}
	return r.assemble(readable)
}

func same(a, b sighting) bool {
	return a.seen == b.seen && a.block == b.block && slices.Equal(a.exchanges, b.exchanges) && slices.Equal(a.heldBack, b.heldBack)
}

// TestRecorderAnyOrder shuffles the events. The exchanges alone keep their order,
// since they all come from the network service.
func TestRecorderAnyOrder(t *testing.T) {
	for _, c := range recordings {
		t.Run(c.name, func(t *testing.T) {
			c.want.seen = true
			readable := map[string]bool{"attempt-a": c.readable}
			dice := rand.New(rand.NewPCG(1, 2))
			for range 500 {
				events := slices.Clone(c.events)
				dice.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
				var answers []any
				for _, ev := range c.events {
					if _, ok := ev.(*network.EventResponseReceivedExtraInfo); ok {
						answers = append(answers, ev)
					}
				}
				for i, ev := range events {
					if _, ok := ev.(*network.EventResponseReceivedExtraInfo); ok {
						events[i], answers = answers[0], answers[1:]
					}
				}
				got, whole := assembled(events, readable)
				if !same(got["attempt-a"], c.want) || !whole {
					t.Fatalf("whole %t, %+v, want %+v", whole, got["attempt-a"], c.want)
				}
			}
		})
	}
}

// TestRecorderMissingEvent leaves out one event after the other: an attempt is not
// whole without each event that bears on it.
func TestRecorderMissingEvent(t *testing.T) {
	for _, c := range recordings {
		for i := range c.events {
			readable := map[string]bool{"attempt-a": c.readable}
			got, whole := assembled(slices.Delete(slices.Clone(c.events), i, i+1), readable)
			if spare := slices.Contains(c.spare, i); whole != spare {
				t.Errorf("%s without event %d (%T): whole is %t: %+v", c.name, i, c.events[i], whole, got)
			}
		}
	}
}

// TestRecorderManyAttempts mixes the events of all recordings.
func TestRecorderManyAttempts(t *testing.T) {
	readable := map[string]bool{}
	want := map[string]sighting{}
	var queues [][]any
	for i, c := range recordings {
		name := fmt.Sprintf("attempt-%d", i)
		readable[name] = c.readable
		c.want.seen = true
		c.want.exchanges = slices.Clone(c.want.exchanges)
		for n := range c.want.exchanges {
			c.want.exchanges[n] += name
		}
		want[name] = c.want
		var queue []any
		for _, ev := range c.events {
			queue = append(queue, renamed(ev, name))
		}
		queues = append(queues, queue)
	}
	r := newRecorder()
	// Of requests that are no attempts.
	for _, ev := range []any{sent("z", ""), answered("z", "z1"), finished("z"), preflightSent("y", "of nobody"), answered("y", "y1"), struct{}{}} {
		r.event(ev)
	}
	dice := rand.New(rand.NewPCG(3, 4))
	for len(queues) > 0 {
		i := dice.IntN(len(queues))
		r.event(queues[i][0])
		if queues[i] = queues[i][1:]; len(queues[i]) == 0 {
			queues = slices.Delete(queues, i, i+1)
		}
	}
	got, whole := r.assemble(readable)
	if !whole || len(got) != len(want) {
		t.Errorf("whole %t, %d sightings, want %d", whole, len(got), len(want))
	}
	for name, w := range want {
		if !same(got[name], w) {
			t.Errorf("%s: %+v, want %+v", name, got[name], w)
		}
	}
	r.forget()
	if got, whole := r.assemble(readable); len(got) != 0 || whole {
		t.Errorf("after forget: %v", got)
	}
}

// renamed gives the event for another attempt, whose ids end in its name.
func renamed(ev any, name string) any {
	of := func(id network.RequestID) network.RequestID { return id + network.RequestID(name) }
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		c, initiator := *e, *e.Initiator
		c.RequestID = of(e.RequestID)
		if initiator.RequestID != "" {
			initiator.RequestID = of(initiator.RequestID)
		}
		if initiator.Stack != nil {
			initiator.Stack = &runtime.StackTrace{CallFrames: []*runtime.CallFrame{{FunctionName: name}}}
		}
		c.Initiator = &initiator
		return &c
	case *network.EventRequestWillBeSentExtraInfo:
		c := *e
		c.RequestID = of(e.RequestID)
		return &c
	case *network.EventResponseReceivedExtraInfo:
		c := *e
		c.RequestID = of(e.RequestID)
		c.Headers = network.Headers{tap.ExchangeHeader: e.Headers[strings.ToLower(tap.ExchangeHeader)].(string) + name}
		return &c
	case *network.EventLoadingFinished:
		c := *e
		c.RequestID = of(e.RequestID)
		return &c
	case *network.EventLoadingFailed:
		c := *e
		c.RequestID = of(e.RequestID)
		return &c
	}
	panic("no such event")
}

// TestRecorderAwait: the wait ends with the last event, or with the context.
func TestRecorderAwait(t *testing.T) {
	readable := map[string]bool{"attempt-a": false}
	r := newRecorder()
	r.event(sent("1", "attempt-a"))
	r.event(answered("1", "x1"))
	ended, end := context.WithCancel(t.Context())
	end()
	if got := r.await(ended, readable)["attempt-a"]; !got.seen || len(got.exchanges) != 1 {
		t.Errorf("at the end of the context: %+v", got)
	}
	if got := r.await(ended, map[string]bool{"attempt-b": false}); got["attempt-b"].seen {
		t.Errorf("an attempt without events was seen: %+v", got)
	}
	done := make(chan sighting)
	go func() { done <- r.await(bounded(t), readable)["attempt-a"] }()
	r.event(cookiesHeld("1", "SameSiteStrict", "DomainMismatch")) // another host's
	r.event(cookiesHeld("1", "SecureOnly", "NotOnPath"))          // another path's
	r.event(cookiesHeld("1", "SameSiteStrict", "SecureOnly"))
	r.event(cookiesHeld("1", "SameSiteStrict"))
	r.event(refused("1", "MissingAllowOriginHeader", ""))
	got := <-done
	if got.block.Reason != cors.MissingAllowOriginHeader || !slices.Equal(got.heldBack, []string{"SameSiteStrict", "SecureOnly"}) {
		t.Errorf("after the last event: %+v", got)
	}
}
