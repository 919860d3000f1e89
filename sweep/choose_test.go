package sweep

import (
	"fmt"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A tenth of a class that grants nothing is tried, all of one that grants something, and
// all that is left of one where the browser disagreed.
func TestTrials(t *testing.T) {
	evil := cors.MustParseOrigin("https://evil.test")
	class := func(id string, d Decision) Class {
		c := Class{ID: id, Answers: []Answer{{Question{Origin: evil, With: scenarios.Cookie}, d}}}
		if d != NotGranted {
			c.Granted = []Grant{{Origin: evil, Decision: d}}
		}
		return c
	}
	r := Result{Classes: []Class{class("P1", WithCredentials), class("P2", NotGranted), class("P3", NotGranted)}}
	for i := range 120 {
		r.Endpoints = append(r.Endpoints, Endpoint{Endpoint: fmt.Sprintf("GET /%03d", i), Class: r.Classes[i%3].ID, Status: 200})
	}
	examined := []string{"GET /000", "GET /001", "GET /002"}
	count := func(trials []Trial) map[string]int {
		n := map[string]int{}
		for _, trial := range trials {
			for _, e := range r.Endpoints {
				if e.Endpoint == trial.Endpoint {
					n[e.Class]++
					if trial.Expected != (e.Class == "P1") || trial.Page != evil {
						t.Errorf("%+v", trial)
					}
				}
			}
		}
		return n
	}
	trials := r.Trials(examined, 1)
	if n := count(trials); n["P1"] != 39 || n["P2"] != 4 || n["P3"] != 4 {
		t.Errorf("%v are tried", n)
	}
	known := examined
	for _, trial := range trials {
		known = append(known, trial.Endpoint)
	}
	if n := count(r.MoreTrials([]string{"P2", "P2"}, known)); len(n) != 1 || n["P2"] != 35 {
		t.Errorf("%v are tried after P2 disagreed", n)
	}
}
