package attacker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
)

// FrameHost is the origin of the page that holds the frames of [Tab.RunFrames].
// It is http because an https page can hold no http frame (mixed content).
var FrameHost = cors.NewOrigin("http", "crossexam-frames.test", "")

const (
	// frameTimeout bounds the opening of one frame.
	frameTimeout = 10 * time.Second
	// parallelFrames is how many frames are at work at once. On two cores, busy ones,
	// 74 frames with one attempt each took 2.4 s with 2, 2.7 s with 4, 2.6 s with 8 and
	// with 16 at once, and 3.1 s one by one (medians of 5).
	parallelFrames = 4
)

// A Frame is a page of another origin that is shown as a frame, and what it is to
// do there.
type Frame struct {
	Origin cors.Origin
	Tasks  []Task
}

// frameSpec is what frames.js takes for a frame, frameView what it gives.
type (
	frameSpec struct {
		Origin string `json:"origin"`
		Page   string `json:"page"`
		Specs  []spec `json:"specs"`
	}
	frameView struct {
		Fault string `json:"fault"`
		Views []view `json:"views"`
	}
)

// RunFrames opens the host page, unless it is open already, and in it a frame for
// each of the origins, a bounded number at once; each makes its attempts, which
// must be of the vector Fetch. The sightings are in the order of the frames and
// their tasks. A frame that cannot be opened gives its own attempts a fault; an
// error means that the page or the browser is lost, and with it all sightings.
//
// To the target a frame is a third party, as a page of its own is, so that it
// gets the same cookies and the same answers, as long as neither it nor the host
// page is of the target's site. It costs about a third of a navigation.
func (t *Tab) RunFrames(ctx context.Context, frames []Frame) ([][]Sighting, error) {
	if err := t.Open(ctx, FrameHost, FrameHosting); err != nil {
		return nil, err
	}
	t.recorder.forget()
	asked := make([]frameSpec, len(frames))
	for i, f := range frames {
		t.browser.stage.Play(f.Origin, Framed)
		asked[i] = frameSpec{f.Origin.String(), f.Origin.String() + PagePath, t.specs(f.Origin, f.Tasks)}
	}
	encoded, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("encoding the attempts: %w", err)
	}
	var answers []frameView
	err = t.do(ctx, func(ctx context.Context) (err error) {
		call := fmt.Sprintf("runFrames(%s, %d, %d, %d)", encoded, min(parallelFrames, t.browser.parallel), t.browser.parallel, frameTimeout.Milliseconds())
		answers, err = chromedp.Run(ctx, chromedp.Evaluate[[]frameView](call, chromedp.EvalAwaitPromise))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("making attempts from frames: %w", err)
	}
	if len(answers) != len(frames) {
		return nil, fmt.Errorf("making attempts from frames: %d answers of %d frames", len(answers), len(frames))
	}
	all := t.ofFrames(ctx, asked, answers)
	if err := t.do(ctx, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("clearFrames()"))
	}); err != nil {
		return nil, fmt.Errorf("closing frames: %w", err)
	}
	return all, nil
}

// ofFrames are the sightings of the attempts of each frame, and its fault in each of them
// where it has one.
func (t *Tab) ofFrames(ctx context.Context, asked []frameSpec, answers []frameView) [][]Sighting {
	var specs []spec
	var views []view
	for i, a := range answers {
		switch {
		case a.Fault != "":
		case len(a.Views) != len(asked[i].Specs):
			answers[i].Fault = fmt.Sprintf("the frame of %s gave %d views of %d attempts", asked[i].Origin, len(a.Views), len(asked[i].Specs))
		default:
			specs, views = append(specs, asked[i].Specs...), append(views, a.Views...)
		}
	}
	seen := t.sightings(ctx, specs, views)
	all := make([][]Sighting, len(asked))
	for i, a := range answers {
		n := len(asked[i].Specs)
		if a.Fault == "" {
			all[i], seen = seen[:n:n], seen[n:]
			continue
		}
		all[i] = make([]Sighting, n)
		for j := range all[i] {
			all[i][j].Fault = a.Fault
		}
	}
	return all
}
