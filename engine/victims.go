package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// victims are those of one session. Each is logged in when it is first needed.
type victims struct {
	deployment target.Deployment
	target     scenarios.Target
	tap        *tap.Tap
	controls   *controls
	record     *Record // of the examination
	lab        *Lab
	number     int           // of the session in its lab
	mounted    []cors.Origin // at which the target answers
	held       map[scenarios.Credential]*victim
}

// logIn gives the victim of an identity: a tab that is logged in, in which the
// controls of its credential have passed. What only the front end has is no matter of
// the browser's.
func (vs *victims) logIn(ctx context.Context, identity scenarios.Credential) (*victim, error) {
	identity = identity.OfBrowser()
	if v, ok := vs.held[identity]; ok {
		return v, nil
	}
	v := &victim{
		name:     fmt.Sprintf("session %d, %s", vs.number, identity),
		identity: identity,
	}
	if identity.Includes(scenarios.ClientCert) {
		if v.unavailable = vs.noCertificate(); v.unavailable != "" {
			vs.record.note("The victim's client certificate was not tried: " + v.unavailable + ".")
			vs.held[identity] = v
			return v, nil
		}
	}
	var err error
	if v.tab, err = vs.lab.browser.Tab(ctx, v.name); err != nil {
		return nil, err
	}
	v.tab.WaitFor(vs.tap.Longest)
	if err := vs.talkDirectly(ctx, v); err != nil {
		return nil, err
	}
	if err := vs.checkProxy(ctx, v); err != nil {
		return nil, err
	}
	if err := vs.controls.run(ctx, v); err != nil {
		return nil, err
	}
	if err := vs.answerPrompts(ctx, v); err != nil {
		return nil, err
	}
	for _, kind := range identity.Kinds() { // what a login may need comes first
		switch kind {
		case scenarios.Cookie:
			err = vs.cookieLogin(ctx, v)
		case scenarios.AnyCookie:
			err = v.tab.SetCookie(ctx, vs.target.Origin(), anyCookie, "1")
		case scenarios.Basic:
			err = vs.basicLogin(ctx, v)
		case scenarios.ClientCert:
			vs.lab.giveTurn(identity, vs.target.Origin())
			err = vs.certificateLogin(ctx, v)
		}
		if err != nil {
			return nil, err
		}
	}
	vs.held[identity] = v
	return v, nil
}

// forget drops all of them, after their browser died.
func (vs *victims) forget() { clear(vs.held) }

// close closes the tabs of all.
func (vs *victims) close() {
	for _, v := range vs.held {
		vs.lab.browser.CloseTab(v.name)
	}
}

// of gives the victim of an identity, if there is one already.
func (vs *victims) of(identity scenarios.Credential) *victim { return vs.held[identity.OfBrowser()] }

// drop closes a victim's tab; the next use opens and logs in again.
func (vs *victims) drop(identity scenarios.Credential) {
	if v := vs.of(identity); v != nil {
		vs.lab.browser.CloseTab(v.name)
		delete(vs.held, v.identity)
	}
}

// anyCookie is the name of a cookie that means nothing to the target.
const anyCookie = "crossexam"

// answersPrompts reports whether login prompts of the target are answered in the
// browser: somebody has a password for it. Otherwise the tap keeps them away, as it
// costs a round trip for each request to have them answered, and has to be said before
// the request is made.
func answersPrompts(d target.Deployment) bool { return d.Credentials.Basic != nil }

// answerPrompts has prompts of the target and of the controls answered: by who has the
// password with it, by all others with a refusal.
func (vs *victims) answerPrompts(ctx context.Context, v *victim) error {
	logins := map[cors.Origin]attacker.BasicLogin{}
	if v.identity.Includes(scenarios.Basic) {
		logins = vs.lab.controls[scenarios.Basic].logins()
	}
	if answersPrompts(vs.deployment) {
		for _, o := range vs.mounted {
			logins[o] = attacker.BasicLogin{}
		}
	}
	if basic := vs.deployment.Credentials.Basic; basic != nil && v.identity.Includes(scenarios.Basic) {
		v.basic = basic
		logins[vs.target.Origin()] = attacker.BasicLogin(*basic)
	}
	if len(logins) == 0 {
		return nil
	}
	return v.tab.AnswerPrompts(ctx, logins)
}

// cookieLogin gives the victim its cookies: those that were given by value, and what the
// target sets at a login.
func (vs *victims) cookieLogin(ctx context.Context, v *victim) error {
	base, given, login := vs.target.URL, vs.deployment.Credentials.Cookies, vs.deployment.Credentials.Login
	if len(given) > 0 {
		if err := vs.giveCookies(ctx, v, given); err != nil {
			return err
		}
	}
	if login != nil {
		if err := v.tab.Visit(ctx, base+"/"); err != nil {
			return err
		}
		status, err := v.tab.Post(ctx, base+login.Path, login.ContentType, login.Body)
		if err != nil {
			return fmt.Errorf("logging the victim in at %s: %w", login.Path, err)
		}
		if status >= 400 {
			v.fault = fmt.Sprintf("the victim could not log in: %s answered %d", login.Path, status)
			return nil
		}
	}
	var err error
	if v.cookies, err = v.tab.Cookies(ctx, base+"/"); err != nil {
		return fmt.Errorf("reading the victim's cookies: %w", err)
	}
	// A cookie may be for one path only.
	for _, e := range vs.target.Reads() {
		more, err := v.tab.Cookies(ctx, vs.target.At(e.Path))
		if err != nil {
			return fmt.Errorf("reading the victim's cookies: %w", err)
		}
		for _, c := range more {
			if !v.hasCookie(c.Name) {
				v.cookies = append(v.cookies, c)
			}
		}
	}
	if login == nil {
		// Others are no login: the target set them at the visit, or will at some other.
		v.cookies = slices.DeleteFunc(v.cookies, func(c attacker.StoredCookie) bool {
			return !slices.ContainsFunc(given, func(line string) bool { return strings.HasPrefix(line, c.Name+"=") })
		})
	}
	if len(v.cookies) == 0 {
		v.fault = "the browser kept none of the victim's cookies; a Secure cookie needs an https:// target, and Domain must be the target's"
		vs.record.diagnose(Diagnosis{Kind: CookieRefused, Detail: v.fault})
	}
	vs.record.Cookies = v.cookies
	return vs.partition(ctx, v)
}

// basicLogin has the victim open a private endpoint and type the password.
func (vs *victims) basicLogin(ctx context.Context, v *victim) error {
	reads := vs.target.Reads()
	if len(reads) == 0 {
		return nil
	}
	if err := v.tab.Visit(ctx, vs.target.At(reads[0].Path)); err != nil {
		return err
	}
	if !vs.tap.Challenges() {
		v.fault = fmt.Sprintf("%s did not ask for HTTP authentication, so that the browser has none to send", reads[0].Path)
	}
	return nil
}
