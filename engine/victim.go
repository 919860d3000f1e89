package engine

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A victim is a browser context that holds one credential for the target, or
// several that go together.
type victim struct {
	name     string // of its tab
	identity scenarios.Credential
	tab      *attacker.Tab
	cookies  []attacker.StoredCookie // of the target
	basic    *target.BasicLogin
	shot     bool // a screenshot with its loot was taken
	// fault says why this victim's attempts prove nothing: the browser did not
	// take its credential.
	fault string
	// unavailable says why there is no such victim on this machine.
	unavailable string
}

// victim gives the victim of an identity: a tab that is logged in, in which the
// controls of its credential have passed. What only the front end has is no matter of
// the browser's.
func (s *session) victim(ctx context.Context, identity scenarios.Credential) (*victim, error) {
	identity = identity.OfBrowser()
	if v, ok := s.victims[identity]; ok {
		return v, nil
	}
	v := &victim{
		name:     fmt.Sprintf("session %d, %s", s.number, identity),
		identity: identity,
	}
	if identity.Includes(scenarios.ClientCert) {
		if v.unavailable = s.noCertificate(); v.unavailable != "" {
			s.note("The victim's client certificate was not tried: " + v.unavailable + ".")
			s.victims[identity] = v
			return v, nil
		}
	}
	var err error
	if v.tab, err = s.lab.browser.Tab(ctx, v.name); err != nil {
		return nil, err
	}
	v.tab.WaitFor(s.tap.Longest)
	if err := s.talkDirectly(ctx, v); err != nil {
		return nil, err
	}
	if err := s.checkProxy(ctx, v); err != nil {
		return nil, err
	}
	if err := s.controls.run(ctx, v); err != nil {
		return nil, err
	}
	if err := s.answerPrompts(ctx, v); err != nil {
		return nil, err
	}
	for _, kind := range identity.Kinds() { // what a login may need comes first
		switch kind {
		case scenarios.Cookie:
			err = s.cookieLogin(ctx, v)
		case scenarios.AnyCookie:
			err = v.tab.SetCookie(ctx, s.plan.Target.Origin(), anyCookie, "1")
		case scenarios.Basic:
			err = s.basicLogin(ctx, v)
		case scenarios.ClientCert:
			s.lab.giveTurn(identity, s.plan.Target.Origin())
			err = s.certificateLogin(ctx, v)
		}
		if err != nil {
			return nil, err
		}
	}
	s.victims[identity] = v
	return v, nil
}

// anyCookie is the name of a cookie that means nothing to the target.
const anyCookie = "crossexam"

// of gives the victim of an identity, if there is one already.
func (s *session) of(identity scenarios.Credential) *victim { return s.victims[identity.OfBrowser()] }

// drop closes a victim's tab; the next use opens and logs in again.
func (s *session) drop(identity scenarios.Credential) {
	if v := s.of(identity); v != nil {
		s.lab.browser.CloseTab(v.name)
		delete(s.victims, v.identity)
	}
}

// answersPrompts reports whether login prompts of the target are answered in the
// browser: somebody has a password for it. Otherwise the tap keeps them away, as it
// costs a round trip for each request to have them answered, and has to be said before
// the request is made.
func answersPrompts(d target.Deployment) bool { return d.Credentials.Basic != nil }

// answerPrompts has prompts of the target and of the controls answered: by who has the
// password with it, by all others with a refusal.
func (s *session) answerPrompts(ctx context.Context, v *victim) error {
	logins := map[cors.Origin]attacker.BasicLogin{}
	if v.identity.Includes(scenarios.Basic) {
		logins = s.lab.controls[scenarios.Basic].logins()
	}
	if answersPrompts(s.deployment) {
		for _, o := range s.mounted {
			logins[o] = attacker.BasicLogin{}
		}
	}
	if basic := s.deployment.Credentials.Basic; basic != nil && v.identity.Includes(scenarios.Basic) {
		v.basic = basic
		logins[s.plan.Target.Origin()] = attacker.BasicLogin(*basic)
	}
	if len(logins) == 0 {
		return nil
	}
	return v.tab.AnswerPrompts(ctx, logins)
}

// cookieLogin gives the victim its cookies: those that were given by value, and what the
// target sets at a login.
func (s *session) cookieLogin(ctx context.Context, v *victim) error {
	base, given, login := s.plan.Target.URL, s.deployment.Credentials.Cookies, s.deployment.Credentials.Login
	if len(given) > 0 {
		if err := s.giveCookies(ctx, v, given); err != nil {
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
	for _, e := range s.plan.Target.Reads() {
		more, err := v.tab.Cookies(ctx, s.plan.Target.At(e.Path))
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
		s.record.diagnose(Diagnosis{Kind: CookieRefused, Detail: v.fault})
	}
	s.record.Cookies = v.cookies
	return s.partition(ctx, v)
}

// basicLogin has the victim open a private endpoint and type the password.
func (s *session) basicLogin(ctx context.Context, v *victim) error {
	reads := s.plan.Target.Reads()
	if len(reads) == 0 {
		return nil
	}
	if err := v.tab.Visit(ctx, s.plan.Target.At(reads[0].Path)); err != nil {
		return err
	}
	if !s.tap.Challenges() {
		v.fault = fmt.Sprintf("%s did not ask for HTTP authentication, so that the browser has none to send", reads[0].Path)
	}
	return nil
}

func (v *victim) hasCookie(name string) bool {
	for _, c := range v.cookies {
		if c.Name == name {
			return true
		}
	}
	return false
}

// sent reports whether the victim's credential, all of it, crossed the wire in one of
// the exchanges.
func (v *victim) sent(exchanges []cors.Exchange) bool {
	return slices.ContainsFunc(exchanges, func(x cors.Exchange) bool {
		return v.identity.Ambient() && !slices.ContainsFunc(v.identity.Kinds(), func(kind scenarios.Credential) bool { return !v.sentKind(kind, x) })
	})
}

func (v *victim) sentKind(kind scenarios.Credential, x cors.Exchange) bool {
	switch kind {
	case scenarios.Cookie:
		for name := range sentCookies(x.Request) {
			if v.hasCookie(name) {
				return true
			}
		}
		return false
	case scenarios.Basic:
		a, _ := x.Request.Headers.Get("Authorization")
		return strings.HasPrefix(a, "Basic ")
	case scenarios.ClientCert:
		return x.Request.ClientCertificate && !x.Request.IsPreflight()
	}
	return true // any cookie is no credential
}

// headers are the credential as header lines, for probes.
func (v *victim) headers() cors.Headers {
	var lines cors.Headers
	if v.basic != nil {
		pair := v.basic.Username + ":" + v.basic.Password
		lines = append(lines, cors.Header{Name: "Authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))})
	}
	if len(v.cookies) > 0 {
		pairs := make([]string, len(v.cookies))
		for i, c := range v.cookies {
			pairs[i] = c.Name + "=" + c.Value
		}
		lines = append(lines, cors.Header{Name: "Cookie", Value: strings.Join(pairs, "; ")})
	}
	return lines
}
