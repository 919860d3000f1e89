package engine

import (
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/tap"
)

func TestWhatHeldTheRunBack(t *testing.T) {
	for _, c := range []struct {
		limiting tap.Limiting
		late     []string
		want     []Diagnosis
	}{
		{},
		{limiting: tap.Limiting{First: 61, Status: 429, Count: 4, Passed: 0.98, Waited: 62 * time.Second}, want: []Diagnosis{{RateLimited,
			"the target limits the rate of requests: it answered 429 from request 61 on, having let through about 0.98 a second; requests were kept back for 1m2s in all; in the end all were answered", 0.98}}},
		{limiting: tap.Limiting{First: 2, Status: 503, Count: 9, Unanswered: 9, Answered: true}, want: []Diagnosis{{RateLimited,
			"the target limits the rate of requests, or was out of service for a while: it answered 503 from request 2 on; 9 of them got no other answer, which proves nothing", 0}}},
		{limiting: tap.Limiting{First: 1, Status: 503, Count: 9, Unanswered: 9}, want: []Diagnosis{{TargetFails, "the target is out of service: it answered 503 to every request", 0}}},
		{limiting: tap.Limiting{First: 2, Status: 503, Count: 9, Unanswered: 9, Only: "GET /busy"}},
		{limiting: tap.Limiting{Aside: 3, AsideFrom: 61}, want: []Diagnosis{{OriginHeldOff,
			"the target tells some origins alone that it will answer later (Retry-After), from request 61 on, 3 times: the same requests of another origin were answered meanwhile, " +
				"so that it is not about the rate; what these origins get later is not known", 0}}},
		{late: []string{"first", "second"}, want: []Diagnosis{{TimedOut, "first; and 1 more like this", 0}}},
	} {
		got := held(c.limiting, c.late)
		if len(got) != len(c.want) {
			t.Errorf("%+v: %+v", c.limiting, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%+v\n got %+v\nwant %+v", c.limiting, got[i], c.want[i])
			}
		}
	}
}

// An answer that is about the rate alone proves nothing.
func TestUnanswered(t *testing.T) {
	good := cors.Exchange{Response: &cors.Response{Status: 429}} // a recipe's
	bad := cors.Exchange{Response: &cors.Response{Status: 429}, Limited: cors.Limited{Request: 61}}
	if why := unanswered([]cors.Exchange{good, bad}); why != "the target answered 429 to request 61" {
		t.Error(why)
	}
	if why := unanswered([]cors.Exchange{good}); why != "" {
		t.Error(why)
	}
}
