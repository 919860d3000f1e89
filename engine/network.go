package engine

import (
	"context"
	"fmt"
	"net/url"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// mountRebound has the target answer under the attacker's names that come to lead
// to it (DNS rebinding): those whose pages attempt to reach their own origin.
func (s *session) mountRebound() {
	for _, g := range s.plan.groups {
		if g.probe || g.page == s.plan.Target.Origin() {
			continue
		}
		for _, a := range g.attempts {
			if u, err := url.Parse(a.URL); err == nil && cors.OriginOf(u) == g.page {
				s.mount(g.page)
			}
		}
	}
}

// permit gives the victim's answer to a page on a public address, after a look
// whether this browser heeds such answers. Otherwise why says what the attempts
// of that page do not prove; the rest of the run does not depend on it.
func (cs *controls) permit(ctx context.Context, v *victim, page cors.Origin) (why string, err error) {
	permission, public := scenarios.LocalNetworkPermission(page)
	if !public {
		return "", nil
	}
	if cs.lab.browser.Info().Remote {
		return withoutAddresses, nil
	}
	pair, err := cs.lab.controlPair(scenarios.Network)
	if err != nil {
		return "", err
	}
	if err := v.tab.PermitLocalNetwork(ctx, page, permission); err != nil {
		return "", err
	}
	if err := v.tab.Open(ctx, page, attacker.Malicious); err != nil {
		return "", err
	}
	task := attacker.Task{Attempt: scenarios.Attempt{
		Page: page, Vector: scenarios.Fetch, Omit: true, Method: "GET", URL: pair.open.origin.String() + controlPath,
	}}
	sightings, err := v.tab.Run(ctx, []attacker.Task{task})
	if err != nil {
		return "", err
	}
	o := join(task.Attempt, sightings[0], pair.open.tap.Exchange, v)
	control := judgePermission(permission, o)
	cs.keep(control)
	if control.Outcome == Failed {
		return fmt.Sprintf("the control %s failed: %s", control.ID, control.Detail), nil
	}
	return "", checkOracle(o)
}

// judgePermission wants a fixture that any page may read to be read where the
// permission was given, and kept from the page where it was refused.
func judgePermission(p scenarios.Permission, o scenarios.Observation) Control {
	c := Control{ID: "local-network/" + string(p), Outcome: Failed}
	guarded := o.Block.Reason == cors.LocalNetworkAccessPermissionDenied
	switch {
	case o.Fault != "":
		c.Detail = o.Fault
	case p == scenarios.Refused && guarded:
		c.Outcome = Passed
		c.Detail = "blocked as expected, " + string(o.Block.Reason)
	case p == scenarios.Refused && o.Read():
		c.Detail = "this browser lets a page on a public address read from the local network without asking"
	case o.Inconclusive() != "":
		c.Detail = o.Inconclusive()
	case p == scenarios.Granted && o.Read() && o.Loot != nil:
		c.Outcome = Passed
		c.Detail = fmt.Sprintf("read as expected, %d bytes at the collector", o.Loot.Bytes)
	default:
		c.Detail = fmt.Sprintf("a fixture that any page may read was not readable, or did not arrive at the collector (%s)", o.Block.Reason)
	}
	return c
}
