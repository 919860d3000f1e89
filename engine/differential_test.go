package engine

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

var (
	seed   = flag.Uint64("seed", 1, "what the trials of the oracle follow from; 0 draws one for each browser, which the test prints")
	trials = flag.Int("trials", 5000, "how many trials the oracle has against the browser")
)

// A theater is where trials are held: a page that is open in Chrome, and a server
// that answers as they say.
type theater struct {
	tab    *attacker.Tab
	server *rawServer
}

func openTheater(t *testing.T) *theater {
	t.Helper()
	browsertest.Needed(t)
	lab, err := OpenLab(t.Context(), attacker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Errorf("closing the lab: %v", err)
		}
	})
	th := &theater{server: newRawServer()}
	for _, o := range trialOrigins {
		lab.Stage().Mount(cors.MustParseOrigin(o), th.server)
	}
	if th.tab, err = lab.Browser().Tab(t.Context(), "trials"); err != nil {
		t.Fatal(err)
	}
	if err := th.tab.Open(t.Context(), cors.MustParseOrigin(trialPage), attacker.TrustedFront); err != nil {
		t.Fatal(err)
	}
	return th
}

// hold has Chrome make the fetches of the trials, and gives for each what an
// examination would know of it.
func (th *theater) hold(t *testing.T, ts []trial) []scenarios.Observation {
	t.Helper()
	tasks := make([]attacker.Task, len(ts))
	for i, tr := range ts {
		th.server.stage(tr.number, tr.script)
		tasks[i] = attacker.Task{Attempt: tr.attempt, Headers: tr.attempt.Headers}
	}
	sightings, err := th.tab.Run(t.Context(), tasks)
	if err != nil {
		t.Fatal(err)
	}
	obs := make([]scenarios.Observation, len(ts))
	for i, s := range sightings {
		obs[i] = join(ts[i].attempt, s, th.server.exchange, &victim{})
	}
	return obs
}

// objection says what speaks against the oracle, or against what the examination
// knows of the exchanges, on what Chrome did in a trial. wire is what the server
// knows.
func objection(o scenarios.Observation, wire []cors.Exchange) string {
	f := fetchOf(o)
	p := cors.Predict(f, wire)
	switch {
	case o.Fault != "":
		return o.Fault
	case p.Undetermined != "":
		if o.Read() || o.Block.Reason.IsPolicy() {
			return "the oracle does not know: " + p.Undetermined
		}
		return ""
	case o.Read() != p.Readable, !o.Read() && o.Block.Reason != p.Reason:
		return "another decision"
	case o.Read() && !slices.Equal(namesOf(o.Page.Headers), p.VisibleHeaders):
		return fmt.Sprintf("other headers: the page sees %q", namesOf(o.Page.Headers))
	case wire[0].Request.IsPreflight() != p.NeedsPreflight:
		return "another opinion on the preflight"
	case !slices.EqualFunc(o.Exchanges, told(wire), sameExchange):
		return fmt.Sprintf("Chrome told of %d exchanges, in this order: %s", len(o.Exchanges), transcript(o.Exchanges))
	}
	if q := wire[0].Request; q.IsPreflight() {
		asked, _ := q.Headers.Get(cors.HeaderRequestHeaders)
		method, _ := q.Headers.Get(cors.HeaderRequestMethod)
		if unsafe := strings.Join(cors.UnsafeHeaders(f.Headers), ","); asked != unsafe || method != cors.NormalizeMethod(f.Method) {
			return fmt.Sprintf("Chrome asked for %s and %q", method, asked)
		}
	}
	return disagreement(o)
}

// told are the exchanges that Chrome tells of. It keeps to itself that it asked
// again after a 408 or a 421.
func told(wire []cors.Exchange) []cors.Exchange {
	var xs []cors.Exchange
	for i, x := range wire {
		if s := x.Response.Status; s == 408 || s == 421 {
			if i+1 < len(wire) && x.Request.URL == wire[i+1].Request.URL && x.Request.Method == wire[i+1].Request.Method {
				continue
			}
		}
		xs = append(xs, x)
	}
	return xs
}

func sameExchange(a, b cors.Exchange) bool {
	return a.Request.Method == b.Request.Method && a.Request.URL == b.Request.URL &&
		slices.Equal(a.Response.Headers, b.Response.Headers)
}

// trialsOfABrowser is after how many trials another browser takes over: neither it
// nor the server's memory of what it said grows without bound.
const trialsOfABrowser = 5000

// The oracle of package cors comes to Chrome's decision on whatever a server may
// answer.
func TestOracleAgainstChrome(t *testing.T) {
	for done := 0; done < *trials; done += trialsOfABrowser {
		from, until, follows := done, min(done+trialsOfABrowser, *trials), *seed
		if follows == 0 {
			from, until, follows = 0, until-done, rand.Uint64()
		}
		t.Run(fmt.Sprintf("seed=%d,from=%d", follows, from), func(t *testing.T) { holdTrials(t, follows, from, until) })
	}
}

// holdTrials holds the trials of a seed from one number up to another.
func holdTrials(t *testing.T, seed uint64, from, until int) {
	th, count := openTheater(t), until-from
	began := time.Now()
	outcomes := map[string]int{}
	objections, once := 0, 0
	const batch = 1000
	for n := from; n < until; n += batch {
		var ts []trial
		for i := n; i < min(n+batch, until); i++ {
			ts = append(ts, newTrial(seed, i))
		}
		for i, o := range th.hold(t, ts) {
			wire := th.server.wire(ts[i].number)
			outcomes[outcomeOf(cors.Predict(fetchOf(o), wire))]++
			why := objection(o, wire)
			if why == "" {
				continue
			}
			// On a busy machine an event may come too late, or a fetch run out of time.
			if th.retry(t, ts[i]) == "" {
				once++
				t.Logf("trial %d, once and not again: %s (%+v, %s)", ts[i].number, why, o.Block, o.Page.Error)
				continue
			}
			if objections++; objections <= 5 {
				th.report(t, ts[i])
			}
		}
	}
	took := time.Since(began)
	t.Logf("%d trials in %s, %.0f a second, %d objections; %v", count, took.Round(time.Millisecond),
		float64(count)/took.Seconds(), objections, outcomes)
	if objections > 0 {
		t.Errorf("%d of %d trials speak against the oracle; -seed=%d -trials=%d repeats them", objections, count, seed, until)
	}
	if once > count/500 {
		t.Errorf("%d of %d trials met an objection that was not repeated", once, count)
	}
	if n := outcomes["undetermined"]; n > count/10 {
		t.Errorf("%d of %d trials say nothing", n, count)
	}
}

func outcomeOf(p cors.Prediction) string {
	switch {
	case p.Undetermined != "":
		return "undetermined"
	case p.Readable:
		return "readable"
	}
	return string(p.Reason)
}

// retry holds one trial alone.
func (th *theater) retry(t *testing.T, tr trial) (objects string) {
	t.Helper()
	o := th.hold(t, []trial{tr})[0]
	return objection(o, th.server.wire(tr.number))
}

// report takes away from a trial what it can do without, and prints the rest.
func (th *theater) report(t *testing.T, tr trial) {
	t.Helper()
	for again := true; again; {
		again = false
		for _, s := range tr.smaller() {
			if th.retry(t, s) != "" {
				tr, again = s, true
				break
			}
		}
	}
	o := th.hold(t, []trial{tr})[0]
	wire := th.server.wire(tr.number)
	a := o.Attempt
	t.Errorf("trial %d: %s\nfetch:    %s %s from %s (%s), omit %t, headers %q, body %q\n%s\nChrome:   readable %t, %+v, %s\nstandard: %+v",
		tr.number, objection(o, wire), a.Method, a.URL, a.Page, a.Vector, a.Omit, a.Headers, a.Body, transcript(wire),
		o.Read(), o.Block, o.Page.Error, cors.Predict(fetchOf(o), wire))
}

// transcript writes exchanges as they crossed the wire.
func transcript(xs []cors.Exchange) string {
	var b strings.Builder
	for _, x := range xs {
		fmt.Fprintf(&b, "%s %s\n%q\n", x.Request.Method, x.Request.URL, reply{x.Response.Status, x.Response.Headers}.String())
	}
	return strings.TrimSuffix(b.String(), "\n")
}
