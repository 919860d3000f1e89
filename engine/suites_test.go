package engine

import (
	"cmp"
	"encoding/json"
	"os"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Chrome decides the cases of other suites as they have it (see
// docs/decisions/2026-11-28-cases-of-other-suites.md); package cors holds the oracle to
// the same cases.
func TestCasesOfOtherSuitesInChrome(t *testing.T) {
	text, err := os.ReadFile("../cors/testdata/suites.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []suiteCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	// cors-preflight-status of web-platform-tests.
	for _, status := range []int{
		200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 306, 307, 308,
		400, 401, 402, 403, 404, 405, 501, 502, 503, 504, 505,
	} {
		grant := headers(cors.HeaderAllowOrigin, "*", cors.HeaderAllowHeaders, "x-force-preflight")
		cases = append(cases, suiteCase{
			Suite: "web-platform-tests", Name: "a preflight's status", Page: "https://www.foo.com", Method: "GET",
			Sent: headers("X-Force-Preflight", "1"), Preflight: &suiteReply{status, grant}, Headers: grant, Readable: status <= 299,
		})
	}
	byPage := map[string][]trial{}
	var pages []string
	for i, c := range cases {
		if byPage[c.Page] == nil {
			pages = append(pages, c.Page)
		}
		byPage[c.Page] = append(byPage[c.Page], c.trial(i))
	}
	th := openTheater(t)
	for _, page := range pages {
		if err := th.tab.Open(t.Context(), cors.MustParseOrigin(page), attacker.TrustedFront); err != nil {
			t.Fatal(err)
		}
		ts := byPage[page]
		for i, o := range th.hold(t, ts) {
			c := cases[ts[i].number]
			if c.objection(o, th.server.wire(ts[i].number)) == "" {
				continue
			}
			// On a busy machine an event may come too late, or a fetch run out of time.
			o = th.hold(t, ts[i:i+1])[0]
			wire := th.server.wire(ts[i].number)
			if why := c.objection(o, wire); why != "" {
				t.Errorf("%s, %s, from %s: %s\n%s\nChrome: readable %t, %+v, %s", c.Suite, c.Name, c.Page, why, transcript(wire), o.Read(), o.Block, o.Page.Error)
			}
		}
	}
}

// A suiteCase is a request, the replies to it, and whether the page reads.
type suiteCase struct {
	Suite, Name string
	Page        string
	Credentials bool
	Method      string
	Sent        cors.Headers
	Preflight   *suiteReply  // nil where none is sent
	Headers     cors.Headers // of the reply itself
	Readable    bool
}

type suiteReply struct {
	Status  int
	Headers cors.Headers
}

// trial has Chrome make the request, and the server the replies.
func (c suiteCase) trial(number int) trial {
	t := trial{number: number, attempt: scenarios.Attempt{
		Page: cors.MustParseOrigin(c.Page), Vector: scenarios.Fetch, Method: c.Method, URL: trialAPI + trialPath(number, 0),
		Headers: c.Sent, Omit: !c.Credentials, Trusted: true, // so that nothing goes to the collector
	}}
	if c.Preflight != nil {
		t.script.preflights = []reply{{cmp.Or(c.Preflight.Status, 200), c.Preflight.Headers}}
	}
	t.script.responses = []reply{{200, c.Headers}}
	return t
}

// objection says what Chrome did otherwise than the case has it.
func (c suiteCase) objection(o scenarios.Observation, wire []cors.Exchange) string {
	switch {
	case o.Fault != "":
		return o.Fault
	case len(wire) == 0:
		return "nothing was asked"
	case o.Read() != c.Readable:
		return "another decision"
	case wire[0].Request.IsPreflight() != (c.Preflight != nil):
		return "another opinion on the preflight"
	}
	return objection(o, wire)
}
