package engine

import (
	"context"
	"fmt"

	"github.com/crossexam/crossexam/attacker"
)

// remoteNote is what the reader of a report should know about a browser that ran
// already.
const remoteNote = "The browser ran already: its flags are not known, and its settings are what the controls show. Its checks of certificates " +
	"were off in the tabs of this run, whose proxy leads to Crossexam and nowhere else; the target's certificate was verified by Crossexam."

// withoutAddresses is why such a browser shows nothing about the local network.
const withoutAddresses = "the browser reaches all hosts through a proxy and does not know where they are, so that it protects no local network"

// checkProxy makes sure that a browser that ran already sends what is for the target to
// Crossexam, where writes are withheld, and not to the target itself. The error is
// a *Fault.
func (vs *victims) checkProxy(ctx context.Context, v *victim) error {
	if !vs.record.Browser.Remote {
		return nil
	}
	vs.record.note(remoteNote)
	c := Control{ID: "remote/proxy", Outcome: Passed, Detail: "the browser sends requests for the target to Crossexam"}
	err := v.tab.Open(ctx, vs.target.Origin(), attacker.TrustedFront)
	if f := faultOf(ctx, err); err != nil && ctx.Err() == nil {
		c.Outcome, c.Detail = Failed, err.Error()
		err = &Fault{
			Stage: StageControls,
			Err:   fmt.Errorf("the control %s failed: %w", c.ID, f.Err),
			Advice: "the browser must reach the loopback address of the machine that Crossexam runs on, without a policy that sets another proxy: " +
				"run Crossexam on the browser's machine, and in its network where that is a container",
		}
	}
	vs.controls.keep(c)
	return err
}

// unframe gives the groups as a browser can observe them. Of frames it was not
// started to keep in the process of their page, Crossexam would see no events: their
// pages are opened one after the other instead.
func unframe(groups []*group, browser attacker.Info) []*group {
	if !browser.Remote {
		return groups
	}
	var pages []*group
	for _, g := range groups {
		if len(g.frames) > 0 {
			pages = append(pages, g.frames...)
		} else {
			pages = append(pages, g)
		}
	}
	return pages
}
