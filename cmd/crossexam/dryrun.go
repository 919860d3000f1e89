package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// dryRun prints what a run would send, and sends nothing.
func dryRun(ctx context.Context, r engine.Request) error {
	rehearsal, err := engine.Rehearse(ctx, r)
	if err != nil {
		return usage(err)
	}
	d, c, found, plan := rehearsal.Deployment, rehearsal.Config, rehearsal.Found, rehearsal.Plan
	p := planned{w: os.Stdout, deployment: d}
	p.say("Nothing is sent: this is what a run would send to %s.", d.Facts.URL)
	p.programs(c)
	switch {
	case found.Document != "":
		for _, sentence := range found.Summary() {
			p.say("%s", sentence)
		}
		p.say("The document was believed; a run tries each read and each error first, and drops what answers otherwise.")
	case c.NeedsDiscovery():
		p.say("A run would first look for endpoints at the target, which was skipped: what follows is without any. Give --read, or --openapi FILE.")
	}
	if n := len(d.Beyond); n > 0 {
		p.say("%s would be asked by header; where they decide otherwise than these, one of each policy class is examined in their place.", counted(n, "more endpoint", "more endpoints"))
	}
	p.before(plan)
	p.candidates(plan)
	for _, page := range plan.Pages() {
		p.say("")
		p.say("From a page of %s, in the browser of a victim with %s:", page.Origin, credentialName(page.Identity))
		for _, a := range page.Attempts {
			p.attempt(a)
		}
	}
	if probes := plan.Probes(); len(probes) > 0 {
		p.say("")
		p.say("By Crossexam itself, without a browser:")
		for _, a := range probes {
			p.attempt(a)
		}
	}
	p.say("")
	p.say("%d requests, and what an observation calls for: a scenario may repeat one of them to be sure.", p.requests)
	return nil
}

// planned prints the requests of a plan.
type planned struct {
	w          io.Writer
	deployment target.Deployment
	requests   int
}

func (p *planned) say(format string, args ...any) {
	fmt.Fprintln(p.w, report.Visible(inFlags(fmt.Sprintf(format, args...))))
}

func (p *planned) line(method, url, more string) {
	p.requests++
	p.say("  %-7s %s%s", method, url, more)
}

// programs are what a run would start.
func (p *planned) programs(c target.Config) {
	if command := c.StartupLog.Command; len(command) > 0 {
		p.say("Not run, and would be for the startup log: %s", commandLine(command))
	}
	if !c.Starts() {
		return
	}
	p.say("Not started, and would be, each on a port of its own, for which 1, 2 and so on stand here: %s", commandLine(c.Launch.Command))
	for i, l := range p.deployment.Facts.Launches {
		p.say("  %d. with %s", i+1, l)
	}
}

// commandLine shows a program and its arguments, in quotes where it has to.
func commandLine(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		if words[i] = w; w == "" || strings.ContainsAny(w, " \t\n\"'\\$`|&;<>()*?{}[]~#!") && w != "{port}" {
			words[i] = strconv.Quote(w)
		}
	}
	return strings.Join(words, " ")
}

// before are the requests that come before the first attempt.
func (p *planned) before(plan engine.Plan) {
	t, c := plan.Target, p.deployment.Credentials
	p.say("")
	p.say("To begin with:")
	p.line("GET", t.URL, "  (does it answer?)")
	for _, e := range t.Reads() {
		p.line(e.Method, t.At(e.Path), "  (does it ask for a password?)")
	}
	if c.Login != nil {
		p.line("GET", t.URL+"/", "  (the victim's browser, before the login)")
		p.line("POST", t.At(c.Login.Path), "  (the victim's login, "+c.Login.ContentType+")")
	}
	if reads := t.Reads(); c.Basic != nil && len(reads) > 0 {
		p.line("GET", t.At(reads[0].Path), "  (the victim types the password)")
	}
	if reads := t.Reads(); c.ClientCertificate != nil && len(reads) > 0 {
		p.line("GET", t.At(reads[0].Path), "  (the victim presents the client certificate)")
	}
}

// candidates are the origins that would be asked about where nobody said which are
// trusted.
func (p *planned) candidates(plan engine.Plan) {
	t := plan.Target
	reads := t.PrivateReads()
	if !t.Assumed || len(reads) == 0 {
		return
	}
	p.say("")
	p.say("Nobody said which origins are trusted, so that a run would ask %s in the name of each of these, of what the API names itself, and of near-misses of what is granted:", reads[0])
	for _, c := range scenarios.Candidates(t, nil) {
		p.line(reads[0].Method, t.At(reads[0].Path), "  (Origin: "+c.Origin.String()+")")
	}
}

func (p *planned) attempt(a scenarios.Attempt) {
	var more []string
	if a.Vector != scenarios.Fetch && a.Vector != scenarios.Probe {
		more = append(more, string(a.Vector))
	}
	if a.Vector == scenarios.Probe {
		more = append(more, "with "+credentialName(a.Identity))
	} else if a.Omit && !a.Identity.OfFrontEnd() {
		more = append(more, "without credential")
	}
	for _, h := range a.Headers {
		more = append(more, h.Name+": "+h.Value)
	}
	headers := slices.Clone(a.Headers)
	for _, name := range a.KeyHeaders {
		headers = append(headers, cors.Header{Name: name, Value: "x"})
	}
	if a.Body != "" {
		more = append(more, fmt.Sprintf("%d bytes of body", len(a.Body)))
	}
	withheld := p.withheld(a)
	if withheld {
		more = append(more, "withheld from the target")
	}
	text := ""
	if len(more) > 0 {
		text = "  (" + strings.Join(more, "; ") + ")"
	}
	if a.Vector != scenarios.Probe && cors.NeedsPreflight(a.Method, headers) {
		p.line("OPTIONS", a.URL, "  (preflight, if the browser asks)")
	}
	p.line(a.Method, a.URL, text)
	if withheld {
		p.requests--
	}
}

// withheld reports whether the tap would keep the request from the target.
func (p *planned) withheld(a scenarios.Attempt) bool {
	return !(scenarios.Endpoint{Method: a.Method}).Safe() && !p.deployment.Facts.AllowsWrite(a.Method, a.URL)
}

func credentialName(c scenarios.Credential) string {
	switch c {
	case scenarios.Anonymous:
		return "no credential"
	case scenarios.Cookie:
		return "the session cookie"
	case scenarios.Basic:
		return "HTTP authentication"
	case scenarios.ClientCert:
		return "the client certificate"
	case scenarios.Bearer:
		return "the front end's bearer token"
	case scenarios.Header:
		return "the front end's key in a header"
	case scenarios.Query:
		return "the front end's key in the query"
	case scenarios.AnyCookie:
		return "any cookie"
	}
	if kinds := c.Kinds(); len(kinds) > 1 {
		var names []string
		for _, k := range kinds {
			names = append(names, credentialName(k))
		}
		return strings.Join(names, " and ")
	}
	return "the credential " + string(c)
}
