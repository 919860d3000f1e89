package engine

import (
	"context"
	"fmt"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/target"
)

// directNote is what the reader of a report should know about a target to which
// the browser talked by itself.
const directNote = "The browser talked to the target itself (`direct`): what stands here as exchanges is what Chrome shows of its requests before they " +
	"leave and of the answers before they are judged. Missing are the order of request lines and, of requests that were stopped, those that Chrome adds last; " +
	"the bodies of redirects and streams, and the end of those that are longer than the limit, of which the page gets no more either; the header that names the run; WebSockets. Requests without a page went from Crossexam to the target, and so did those to names of the " +
	"attacker that come to lead to it."

// browserFor are the options of the browser for a deployment. For one that it is to
// reach by itself its address is looked up, unless it is known already.
func browserFor(ctx context.Context, c target.BrowserConfig, d target.Deployment, known attacker.Direct) (attacker.Options, error) {
	o := attacker.Options{
		Path:              c.Path,
		UserAgent:         c.UserAgent,
		Posture:           attacker.Posture{BlockThirdPartyCookies: c.BlockThirdPartyCookies},
		Parallel:          d.Limits.Parallel(),
		ClientCertificate: d.Credentials.Certificate(),
	}
	if !d.Direct {
		return o, nil
	}
	if known.Origin == d.Facts.Origin() {
		o.Direct = known
		return o, nil
	}
	address, err := d.Upstream.Direct(ctx)
	if err != nil {
		return o, err
	}
	o.Direct = attacker.Direct{Origin: d.Facts.Origin(), Address: address, PublicKey: d.PublicKey}
	return o, nil
}

// talkDirectly puts the session's rules between the tab and a target that it
// reaches by itself.
func (vs *victims) talkDirectly(ctx context.Context, v *victim) error {
	own := vs.target.Origin()
	switch {
	case vs.lab.options.Direct.Origin != own && vs.deployment.Direct:
		return &Fault{Stage: StageBrowser, Err: fmt.Errorf("the browser was not started to reach %s by itself", own)}
	case !vs.deployment.Direct && vs.lab.options.Direct.Origin == own:
		return &Fault{Stage: StageBrowser, Err: fmt.Errorf("the browser was started to reach %s by itself, and is to reach it through Crossexam", own)}
	case !vs.deployment.Direct:
		return nil
	}
	vs.record.note(directNote)
	return v.tab.TalkDirectly(ctx, vs.tap)
}
