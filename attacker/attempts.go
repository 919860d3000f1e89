package attacker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A Sighting is what the browser's side shows of one attempt: the page's view,
// Chrome's reason, and the ids under which the tap keeps the exchanges.
type Sighting struct {
	Page      *scenarios.PageView
	Block     scenarios.Block
	Exchanges []string
	// Handshake is the key of a WebSocket's handshake, by which the tap knows the
	// exchange; see [tap.Tap.Handshake].
	Handshake string
	HeldBack  []string
	Cookies   []scenarios.CookieFate
	Loot      *scenarios.Loot
	// Late says that the page gave the attempt up, or waited no longer for more of it.
	Late bool
	// Unreported says that Chrome told nothing of the attempt in the time that there was.
	Unreported bool
	Fault      string
}

// A Task is an attempt as the page is to make it: Headers is the complete list
// the page sets, secrets of the trusted front end included.
type Task struct {
	Attempt scenarios.Attempt
	Headers cors.Headers
}

// Run makes the attempts in the open page and gives a sighting for each, in
// order. An error means that the page or the browser is lost, and with it all
// sightings of this call; the next Open opens the page anew.
func (t *Tab) Run(ctx context.Context, tasks []Task) ([]Sighting, error) {
	sightings := make([]Sighting, len(tasks))
	t.recorder.forget()
	// Attempts of one vector run together.
	byVector := map[scenarios.Vector][]int{}
	var order []scenarios.Vector
	for i, task := range tasks {
		v := task.Attempt.Vector
		if byVector[v] == nil {
			order = append(order, v)
		}
		byVector[v] = append(byVector[v], i)
	}
	byPlace(order)
	for _, v := range order {
		err := t.runVector(ctx, v, byVector[v], tasks, sightings)
		var no *placeError
		switch {
		case errors.As(err, &no):
			for _, i := range byVector[v] {
				sightings[i].Fault = no.why
			}
		case err != nil:
			// Its requests may be under way still, and answer later.
			t.open = false
			return nil, err
		}
	}
	return sightings, nil
}

func (t *Tab) runVector(ctx context.Context, v scenarios.Vector, which []int, tasks []Task, sightings []Sighting) error {
	if err := t.takePlace(ctx, v); err != nil {
		return err
	}
	chosen := make([]Task, len(which))
	for n, i := range which {
		chosen[n] = tasks[i]
	}
	specs := t.specs(t.origin, chosen)
	encoded, err := json.Marshal(specs)
	if err != nil {
		return fmt.Errorf("encoding the attempts: %w", err)
	}
	if v == scenarios.EventSource {
		t.recorder.expectStreams(specs)
	}
	var views []view
	atOnce := t.browser.atOnce(v)
	err = t.within(runTimeout(len(specs), atOnce), ctx, func(ctx context.Context) (err error) {
		defer t.keepRunning(ctx, v)()
		call := fmt.Sprintf("run(%q, %s, %d)", v, encoded, atOnce)
		views, err = chromedp.Run(ctx, chromedp.Evaluate[[]view](call, chromedp.EvalAwaitPromise))
		return err
	})
	if err != nil {
		return fmt.Errorf("making attempts from %s: %w", t.origin, err)
	}
	if len(views) != len(specs) {
		return fmt.Errorf("making attempts from %s: %d views of %d attempts", t.origin, len(views), len(specs))
	}
	for n, s := range t.sightings(ctx, specs, views) {
		sightings[which[n]] = s
	}
	return nil
}

// runTimeout is for a page that does not keep the limits of its attempts.
func runTimeout(attempts, atOnce int) time.Duration {
	return attemptTimeout * time.Duration(2+attempts/atOnce)
}

// sightings joins what the page saw of the attempts with Chrome's events and with
// the loot.
func (t *Tab) sightings(ctx context.Context, specs []spec, views []view) []Sighting {
	readable := make(map[string]bool, len(specs))
	for n, s := range specs {
		if !views[n].Unsent {
			readable[s.Name] = views[n].Readable
		}
	}
	bounded, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	seen := t.recorder.await(bounded, readable)
	all := make([]Sighting, len(specs))
	for n, spec := range specs {
		s := seen[spec.Name]
		// As many as the tap keeps.
		views[n].Headers, _ = views[n].Headers.Bound(500, 64<<10)
		all[n] = Sighting{
			Page:      &views[n].PageView,
			Block:     s.block,
			Exchanges: s.exchanges,
			Handshake: s.key,
			HeldBack:  s.heldBack,
			Cookies:   s.cookies,
			Loot:      t.browser.stage.collector.take(spec.Name),
			Late:      views[n].Late,
		}
		switch {
		case views[n].Unsent:
			all[n].Fault = "no page can make this request: " + views[n].Error
		case !s.seen:
			all[n].Unreported, all[n].Fault = true, "Chrome reported no network event for the attempt"
		}
	}
	return all
}

// view is what attempt.js gives.
type view struct {
	scenarios.PageView
	// Unsent says that the page was not even let make a request of it.
	Unsent bool `json:"unsent"`
	// Late says that the time of the attempt was over.
	Late bool `json:"late"`
}

// spec is what attempt.js takes.
type spec struct {
	Name    string         `json:"name"`
	Way     string         `json:"way"` // the vector; see ways.js
	URL     string         `json:"url"`
	Init    map[string]any `json:"init"`
	Fill    int            `json:"fill,omitempty"` // bytes of body
	Offers  []string       `json:"offers"`         // subprotocols of a WebSocket
	Message string         `json:"message,omitempty"`
	Loot    string         `json:"loot,omitempty"`
	Limit   int            `json:"limit"`
	Timeout int64          `json:"timeout"` // milliseconds
}

// specs names the attempts of a page.
func (t *Tab) specs(page cors.Origin, tasks []Task) []spec {
	specs := make([]spec, len(tasks))
	for i, task := range tasks {
		// Not to be guessed, and never used again: what the collector has under a
		// name is from this attempt.
		specs[i] = newSpec(attemptPrefix+rand.Text(), page, AskedURL(t.origin, task.Attempt), task)
		specs[i].Timeout = (attemptTimeout + t.extra()).Milliseconds()
	}
	return specs
}

func newSpec(name string, page cors.Origin, asked string, task Task) spec {
	a := task.Attempt
	s := spec{
		Name: name, Way: string(a.Vector), URL: asked, Fill: a.Fill, Offers: append([]string{}, a.Protocols...), Message: a.Message,
		Limit: bodyLimit, Timeout: attemptTimeout.Milliseconds(),
	}
	headers := make([][2]string, len(task.Headers))
	for i, h := range task.Headers {
		headers[i] = [2]string{h.Name, h.Value}
	}
	s.Init = map[string]any{"method": a.Method, "headers": headers, "credentials": "include"}
	if a.Omit {
		s.Init["credentials"] = "omit"
	}
	if a.Body != "" {
		s.Init["body"] = a.Body
	}
	if space := addressSpace(a); space != "" {
		s.Init["targetAddressSpace"] = space
	}
	if !a.Trusted {
		s.Loot = page.String() + collectorPath + "?attempt=" + url.QueryEscape(name)
	}
	return s
}
