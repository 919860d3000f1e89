package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
	"github.com/crossexam/crossexam/target/recording"
)

// Learning is what to learn from: a real front end, at work with an API.
type Learning struct {
	// Config names the API, the limits and the browser. Requests that could change
	// something are withheld, unless it allows all writes or declares the endpoint safe to
	// write to. What it says of credentials but HTTP authentication is not used.
	Config target.Config
	// FrontEnd is the page to open, Also are further origins that are the front end's.
	FrontEnd *url.URL
	Also     []cors.Origin
	// Window has a user work in a browser with a window.
	Window bool
	// State is what the browser has from the start.
	State target.BrowserState
	// Script is run in the page, and ends the lesson; empty for none.
	Script string
	// For is how long it lasts at most; 0 until the page is closed or the context ends.
	For time.Duration
	// Hooks tell of what happens; each may be nil.
	Secrets  func([]string)            // the values that nobody may see, before anything is sent
	Opened   func(attacker.Info)       // the page is there
	Withheld func(tap.WithheldRequest) // a kind of request, the first time
}

// origins are those that are the front end's.
func (l Learning) origins() []cors.Origin {
	return append([]cors.Origin{cors.OriginOf(l.FrontEnd)}, l.Also...)
}

const (
	// learnBodies is how large bodies may be in either direction, in bytes: the front end
	// is to work.
	learnBodies = 16 << 20
	// settleTime bounds the wait for requests that are under way when a script is done,
	// lastTime when the user is, who wants to be done.
	settleTime = 10 * time.Second
	lastTime   = time.Second
)

// NothingAskedError says that a front end asked the API for nothing.
type NothingAskedError struct {
	API    string
	Others []string // origins that it did ask
}

func (e *NothingAskedError) Error() string {
	if len(e.Others) == 0 {
		return fmt.Sprintf("the front end asked %s for nothing, and no other server either, but for its own files: what it is to learn from must happen while it is watched", e.API)
	}
	return fmt.Sprintf("the front end asked %s for nothing, but asked %s: is the API there?", e.API, strings.Join(e.Others, ", "))
}

// Learn opens a real front end, lets it work, and tells what it asked the API for. The API
// need not allow it anything yet: for the front end alone, and in this throw-away browser
// alone, every preflight is answered and every answer may be read. What the API itself said
// is what is recorded.
//
// When the context ends, the lesson does, which is no error once the page was open.
// Errors are [target.Problems] and [attacker.ErrNoBrowser], which are about what was asked
// for, [*target.UnreachableError], [*attacker.NotOpenedError] and [*NothingAskedError], and
// what went wrong with the browser.
func Learn(ctx context.Context, l Learning) (recording.Recording, error) {
	l.Config.Trusted = []string{}
	l.Config.Limits = l.Config.Limits.Over(tap.Limits{BodyBytes: learnBodies, RequestBodyBytes: learnBodies})
	d, err := l.Config.Deployment(ctx)
	if err != nil {
		return recording.Recording{}, err
	}
	if l.Secrets != nil {
		secrets := d.Secrets()
		for _, cookie := range l.State.Cookies {
			secrets = append(secrets, cookie.Value)
		}
		l.Secrets(secrets)
	}
	o := attacker.Options{
		Path: l.Config.Browser.Path, UserAgent: l.Config.Browser.UserAgent, Posture: attacker.Posture{BlockThirdPartyCookies: l.Config.Browser.BlockThirdPartyCookies},
		Only: d.Facts.Origin(), Window: l.Window,
	}
	switch err := o.Check(); {
	case errors.Is(err, attacker.ErrNoBrowser):
		return recording.Recording{}, err
	case err != nil:
		return recording.Recording{}, l.Config.Problem("browser.path", err)
	}
	t, err := tap.New(tap.Options{
		Upstream: d.Upstream, Limits: d.Limits, Run: "crossexam-learn", Messages: d.Facts.Messages, Browser: o.Headers(ctx), Prompts: true, ForgetBodies: true,
		AllowWrite: func(method, u string) bool { return l.Config.AllowWrites || d.Facts.AllowsWrite(method, u) },
	})
	if err != nil {
		return recording.Recording{}, err
	}
	defer t.Close()
	if err := t.Reach(ctx); err != nil {
		return recording.Recording{}, &target.UnreachableError{Err: err}
	}
	if l.Config.InsecureSkipVerify {
		if o.TrustedKey, err = keyOf(ctx, l.FrontEnd); err != nil {
			return recording.Recording{}, err
		}
	}
	lesson := &lesson{Learning: l, api: d.Facts.Origin(), tap: t, calls: newCallLog()}
	return lesson.run(ctx, o, d)
}

// A lesson is one run of Learn.
type lesson struct {
	Learning
	api   cors.Origin
	tap   *tap.Tap
	calls *callLog
}

func (l *lesson) run(ctx context.Context, o attacker.Options, d target.Deployment) (_ recording.Recording, err error) {
	stage, err := attacker.NewStage()
	if err != nil {
		return recording.Recording{}, err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	stage.Mount(l.api, l)
	browser, err := attacker.Start(ctx, stage, o)
	if err != nil {
		return recording.Recording{}, err
	}
	defer func() { err = errors.Join(err, browser.Close()) }()
	front, err := browser.OpenFrontEnd(ctx, l.FrontEnd.String(), l.state(d))
	if err != nil {
		return recording.Recording{}, err
	}
	info := browser.Info()
	if l.Opened != nil {
		l.Opened(info)
	}
	if err := l.attend(ctx, front); err != nil {
		return recording.Recording{}, err
	}
	r := l.calls.recording(l.origins(), l.api, seenBy(front))
	r.Source = "crossexam learn in " + info.Product
	if !slices.ContainsFunc(r.Requests, func(q recording.Request) bool { return q.Kind != recording.Other && cors.OriginOf(q.URL) == l.api }) {
		return recording.Recording{}, &NothingAskedError{API: d.Facts.URL, Others: othersOf(r, l.api)}
	}
	return r, nil
}

// state is what the browser has before it opens the page.
func (l *lesson) state(d target.Deployment) attacker.FrontEndState {
	s := attacker.FrontEndState{Local: l.State.Local}
	for _, c := range l.State.Cookies {
		s.Cookies = append(s.Cookies, attacker.StoredCookie{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HttpOnly, SameSite: sameSiteName(c.SameSite),
		})
	}
	login := d.Credentials.Basic
	if l.Window && login == nil {
		return s // the user answers
	}
	s.Logins = map[cors.Origin]attacker.BasicLogin{}
	for _, o := range append(l.origins(), l.api) {
		s.Logins[o] = attacker.BasicLogin{}
		if login != nil {
			s.Logins[o] = attacker.BasicLogin{Username: login.Username, Password: login.Password}
		}
	}
	return s
}

// attend waits until the lesson is over.
func (l *lesson) attend(ctx context.Context, front *attacker.FrontEnd) error {
	if l.For > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, l.For)
		defer stop()
	}
	if l.Script == "" {
		select {
		case <-ctx.Done():
		case <-front.Closed():
		}
		l.calls.quiet(context.WithoutCancel(ctx), lastTime)
		return nil
	}
	err := front.Run(ctx, l.Script)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("the script was not done within %s", l.For)
	}
	if err != nil {
		return fmt.Errorf("the script: %w", err)
	}
	l.calls.quiet(ctx, settleTime)
	return nil
}

// othersOf are the origins that a front end asked besides the API, those first of which it
// asked for data.
func othersOf(r recording.Recording, api cors.Origin) []string {
	var data, rest []string
	for _, q := range r.Requests {
		o := cors.OriginOf(q.URL).String()
		switch {
		case o == api.String() || slices.Contains(data, o):
		case q.Kind != recording.Other:
			data = append(data, o)
		case !slices.Contains(rest, o):
			rest = append(rest, o)
		}
	}
	rest = slices.DeleteFunc(rest, func(o string) bool { return slices.Contains(data, o) })
	if len(data) > 0 {
		return data
	}
	return rest
}
