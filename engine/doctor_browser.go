package engine

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
)

// diagnoseBrowser reports whether further checks are wanted.
func diagnoseBrowser(ctx context.Context, o attacker.Options, yield func(Check) bool) bool {
	certificate, err := someCertificate()
	if err != nil {
		return yield(notStarted(ctx, err))
	}
	o.ClientCertificate = certificate
	lab, err := OpenLab(ctx, o)
	if err != nil {
		return yield(notStarted(ctx, err))
	}
	// The profile is what could be left; the next run sweeps it.
	defer func() { _ = lab.Close() }()
	if !yield(checkStarted(lab.browser.Info())) || !yield(checkSandbox(lab.browser.Info())) {
		return false
	}
	controls := &controls{lab: lab}
	for _, kind := range controlled() {
		if !yield(controls.checkCredential(ctx, kind)) {
			return false
		}
	}
	return yield(controls.checkLocalNetwork(ctx)) && yield(controls.checkCertificates(ctx))
}

// controlled are the kinds of credential that have controls.
func controlled() []scenarios.Credential {
	return []scenarios.Credential{scenarios.Cookie, scenarios.Basic, scenarios.ClientCert, scenarios.Network}
}

// someCertificate is a client certificate for controls alone.
func someCertificate() (*tls.Certificate, error) {
	authority, err := loopback.NewAuthority()
	if err != nil {
		return nil, err
	}
	c, err := authority.ClientCertificate("the victim")
	return &c, err
}

func checkBrowser(wanted string) Check {
	path, err := attacker.FindBrowser(wanted)
	if err == nil {
		return Check{Name: "browser", Outcome: CheckOK, Found: path}
	}
	c := Check{Name: "browser", Outcome: CheckMissing, Found: err.Error()}
	var none *attacker.NoBrowserError
	if errors.As(err, &none) {
		c.Found, c.Advice = none.Found, sentence(none.Advice)
	}
	return c
}

// checkStarted tells a whole browser from chrome-headless-shell, which passes the
// controls, but has no preferences, and so no posture. Chrome has another product
// name there.
func checkStarted(info attacker.Info) Check {
	c := Check{Name: "start", Outcome: CheckOK, Found: info.Product + ", a whole browser in its headless mode"}
	if strings.HasPrefix(info.Product, "HeadlessChrome/") {
		c.Outcome, c.Found = CheckNote, info.Product+" is chrome-headless-shell, and not what users run: it heeds no cookie settings"
		c.Advice = "Install Chrome or Chromium itself (Debian: apt-get install chromium)."
	}
	return c
}

func notStarted(ctx context.Context, err error) Check {
	c := Check{
		Name: "start", Outcome: CheckMissing, Found: err.Error(),
		Advice: "Try another browser with `browser.path`, or give this machine more memory and temporary space.",
	}
	if errors.Is(err, attacker.ErrNoSandbox) {
		c.Advice = "In a container, have the seccomp profile allow user namespaces: deploy/chromium-seccomp.json of this project does (docs/container.md). " +
			"On Ubuntu, install Google Chrome's own package, which AppArmor allows them; on Debian, chromium-sandbox."
	}
	if ctx.Err() != nil {
		c.Outcome, c.Found, c.Advice = CheckFailed, "interrupted", ""
	}
	return c
}

func checkSandbox(info attacker.Info) Check {
	if info.Remote {
		return Check{Name: "sandbox", Outcome: CheckNote, Found: "not known: the browser ran already"}
	}
	if info.Sandbox {
		return Check{Name: "sandbox", Outcome: CheckOK, Found: "on"}
	}
	return Check{
		Name: "sandbox", Outcome: CheckNote, Found: "off: Chrome does not run as root otherwise",
		Advice: "Run Crossexam as another user where the target may be hostile.",
	}
}

// checkCredential makes the controls of one kind of credential: what any page may
// read is read with it, and what none may is blocked.
func (cs *controls) checkCredential(ctx context.Context, kind scenarios.Credential) Check {
	c := Check{Name: string(kind), Outcome: CheckOK}
	if why := cs.lab.noCertificate; why != nil && kind == scenarios.ClientCert {
		c.Outcome, c.Found = CheckNote, "not examined here: "+why.Error()
		return c
	}
	err := cs.runAlone(ctx, kind)
	if err != nil {
		return failed(ctx, c, err)
	}
	var details []string
	for _, control := range cs.results {
		if of, which, _ := strings.Cut(control.ID, "/"); of == string(kind) {
			details = append(details, which+" API "+control.Detail)
		}
	}
	c.Found = strings.Join(details, "; ")
	if kind == scenarios.Cookie {
		c.Found = "third-party cookies are allowed; " + c.Found
	}
	return c
}

func (cs *controls) runAlone(ctx context.Context, kind scenarios.Credential) error {
	v, err := cs.passerBy(ctx, kind)
	if err != nil {
		return err
	}
	defer cs.lab.browser.CloseTab(v.name)
	return cs.run(ctx, v)
}

// passerBy is a victim who has no business with a target.
func (cs *controls) passerBy(ctx context.Context, kind scenarios.Credential) (*victim, error) {
	v := &victim{name: "doctor, " + string(kind), identity: kind}
	var err error
	v.tab, err = cs.lab.browser.Tab(ctx, v.name)
	return v, err
}

// failed is the check with what went wrong.
func failed(ctx context.Context, c Check, err error) Check {
	c.Outcome, c.Found = CheckFailed, err.Error()
	var f *Fault
	switch {
	case ctx.Err() != nil:
		c.Found = "interrupted"
	case errors.As(err, &f):
		c.Found, c.Advice = f.Err.Error(), sentence(f.Advice)
	default:
		c.Advice = "Look at the memory and the temporary space above, or try another browser with `browser.path`."
	}
	return c
}

// checkLocalNetwork gives both answers to the browser's question. Other
// examinations do not depend on it.
func (cs *controls) checkLocalNetwork(ctx context.Context) Check {
	c := Check{Name: "local-network", Outcome: CheckOK, Found: "a page on a public address reads with the permission, and is kept out without it"}
	v, err := cs.passerBy(ctx, scenarios.Network)
	if err != nil {
		return failed(ctx, c, err)
	}
	defer cs.lab.browser.CloseTab(v.name)
	for _, answer := range []scenarios.Permission{scenarios.Refused, scenarios.Granted} {
		why, err := cs.permit(ctx, v, cors.NewOrigin("https", string(answer)+"."+scenarios.PublicDomain, ""))
		switch {
		case err != nil:
			return failed(ctx, c, err)
		case why != "":
			c.Outcome, c.Found = CheckNote, why
			c.Advice = "NET-001 and NET-002 cannot be told in this browser; Chrome 142 and later have the policy."
			return c
		}
	}
	return c
}

// checkCertificates has a page ask a host that has a certificate of another key
// than the run's.
func (cs *controls) checkCertificates(ctx context.Context) Check {
	c := Check{Name: "certificates", Outcome: CheckOK}
	if cs.lab.browser.Info().Remote {
		c.Outcome, c.Found = CheckNote, "not checked in the tabs of a run, whose proxy leads to Crossexam and nowhere else, since the browser ran already"
		return c
	}
	stranger := cors.NewOrigin("https", "stranger.control.test", "")
	if err := cs.lab.stage.Authority().Mistrust(stranger.Host()); err != nil {
		return failed(ctx, c, err)
	}
	cs.lab.stage.Mount(stranger, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(cors.HeaderAllowOrigin, "*")
	}))
	v, err := cs.passerBy(ctx, scenarios.Network)
	if err != nil {
		return failed(ctx, c, err)
	}
	defer cs.lab.browser.CloseTab(v.name)
	if err := v.tab.Open(ctx, evil(), attacker.Malicious); err != nil {
		return failed(ctx, c, err)
	}
	sightings, err := v.tab.Run(ctx, []attacker.Task{{Attempt: scenarios.Attempt{
		Page: evil(), Vector: scenarios.Fetch, Omit: true, Method: "GET", URL: stranger.String() + "/",
	}}})
	if err != nil {
		return failed(ctx, c, err)
	}
	got := sightings[0]
	if !strings.HasPrefix(got.Block.Network, "net::ERR_CERT_") {
		c.Outcome = CheckFailed
		c.Found = fmt.Sprintf("a certificate of an unknown key was not refused (%s)", cmp.Or(got.Block.Network, got.Fault, "the page read the answer"))
		c.Advice = "This browser takes any certificate, so that anyone could answer in a target's name: try another one with `browser.path`."
		return c
	}
	c.Found = fmt.Sprintf("the run's own key is trusted, another one is refused (%s)", got.Block.Network)
	return c
}
