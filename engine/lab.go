// Package engine examines a target: it plans the attempts that the scenarios
// need, proves with controls that the browser and the harness work, observes the
// attempts and has the scenarios judge them. It knows no test framework and no
// flags; every front door runs on it.
package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A Lab is what examinations share: the stage, one browser, and the fixtures for
// the controls. It is used from one goroutine and closed by whoever opened it.
type Lab struct {
	stage    *attacker.Stage
	browser  *attacker.Browser
	options  attacker.Options
	controls map[scenarios.Credential]*controlPair
	sessions int
	// noCertificate says why the browser has no client certificate although one was
	// asked for; nil where it has one, or none was.
	noCertificate error
	// navigations of browsers that died
	pastNavigations int
}

// OpenLab starts the stage and the browser. The context bounds the start only.
// Where no browser can be given the client certificate of the options, it is
// started without: what would need one is then not applicable, with the reason.
func OpenLab(ctx context.Context, o attacker.Options) (*Lab, error) {
	var noCertificate error
	if o.ClientCertificate != nil {
		if noCertificate = o.CannotHoldCertificate(); noCertificate != nil {
			o.ClientCertificate = nil
		}
	}
	stage, err := attacker.NewStage()
	if err != nil {
		return nil, err
	}
	browser, err := attacker.Start(ctx, stage, o)
	if err != nil {
		return nil, errors.Join(err, stage.Close())
	}
	return &Lab{
		stage:         stage,
		browser:       browser,
		options:       o,
		controls:      map[scenarios.Credential]*controlPair{},
		noCertificate: noCertificate,
	}, nil
}

// Close ends the browser, removes its profile and stops all servers.
func (l *Lab) Close() error {
	errs := []error{l.browser.Close()}
	for _, c := range l.controls {
		errs = append(errs, c.close())
	}
	return errors.Join(append(errs, l.stage.Close())...)
}

// Browser is the lab's browser; it changes when a browser that died is replaced.
func (l *Lab) Browser() *attacker.Browser { return l.browser }

// Labs keeps a lab from one examination to the next, as long as they ask for the
// same browser. Its zero value has none. Whoever made it closes it, after the
// examinations.
type Labs struct {
	lab     *Lab
	browser attacker.Options // that was asked for
}

// open gives a lab with the browser.
func (l *Labs) open(ctx context.Context, o attacker.Options) (*Lab, error) {
	if l.lab != nil && l.browser == o {
		return l.lab, nil
	}
	// The profile is what could be left; the next run sweeps it.
	_ = l.Close()
	lab, err := OpenLab(ctx, o)
	if err == nil {
		l.lab, l.browser = lab, o
	}
	return lab, err
}

// Close closes the lab, where there is one.
func (l *Labs) Close() error {
	if l.lab == nil {
		return nil
	}
	lab := l.lab
	l.lab = nil
	return lab.Close()
}

// NoCertificate says why the browser has no client certificate although the options
// have one, and is nil otherwise.
func (l *Lab) NoCertificate() error { return l.noCertificate }

// Certificate is the client certificate that the browser presents, or nil.
func (l *Lab) Certificate() *tls.Certificate { return l.options.ClientCertificate }

// Stage is where the lab plays its hosts.
func (l *Lab) Stage() *attacker.Stage { return l.stage }

// restart replaces a browser that died.
func (l *Lab) restart(ctx context.Context) error {
	l.pastNavigations += l.browser.Navigations()
	// What is left of the dead browser is cleaned up as far as it can be.
	_ = l.browser.Close()
	browser, err := attacker.Start(ctx, l.stage, l.options)
	if err != nil {
		return fmt.Errorf("restarting the browser: %w", err)
	}
	l.browser = browser
	return nil
}

// evil is the arbitrary origin of the controls.
func evil() cors.Origin { return cors.NewOrigin("https", "evil.test", "") }
