package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A proofOfConcept is a page that makes the worst read that a cause lets through once
// more, in the reader's own browser. It shows what it gets and sends it nowhere.
type proofOfConcept struct {
	Name   string // of its file
	Cause  Cause
	Result Result
}

//go:embed poc.html.tmpl
var pocSource string

var pocTemplate = template.Must(template.New("poc").Funcs(template.FuncMap{"line": visibleLine}).Parse(pocSource))

// proofsOfConcept returns a page for each cause by which a page read what it must not.
func (r Report) proofsOfConcept() []proofOfConcept {
	var all []proofOfConcept
	for _, c := range r.Causes {
		its := slices.DeleteFunc(slices.Clone(r.Results), func(one Result) bool { return one.Cause != c.ID || !one.hasPage() })
		if len(its) == 0 {
			continue
		}
		slices.SortStableFunc(its, func(a, b Result) int {
			first := func(one Result) int {
				return map[bool]int{true: 0, false: 1}[one.ID == c.Worst.ID && one.Subject == c.Worst.Subject]
			}
			return cmp.Or(first(a)-first(b), b.gravity()-a.gravity(), b.harm()-a.harm(), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Subject.String(), b.Subject.String()))
		})
		all = append(all, proofOfConcept{Name: c.ID + ".html", Cause: c, Result: its[0]})
	}
	return all
}

// hasPage reports whether a page would show something: the result is a violation that is
// about a read, from another origin than that of the URL (else the name would have to lead
// to page and API in turn),
// something was read in a way that the page knows, by a page that is not trusted, and the
// request changes nothing: its method says so, or the operator.
func (c Result) hasPage() bool {
	a := c.Proof.Attempt
	if a == nil || topicOf(c) == scenarios.Hygiene || strings.HasPrefix(a.URL, a.Page+"/") {
		return false
	}
	known := a.Vector.SendsNullOrigin() || slices.Contains([]scenarios.Vector{scenarios.Fetch, scenarios.EventSource, scenarios.WebSocket, scenarios.Script}, a.Vector)
	return c.Verdict == scenarios.Violates && c.Proof.Readable && !a.Trusted && known && (a.Method == "GET" || a.Method == "HEAD" || a.Reads)
}

// writeHTML writes the page.
func (p proofOfConcept) writeHTML(w io.Writer) error {
	c := p.Result
	a := c.Proof.Attempt
	headers := make([][2]string, len(a.Headers))
	for i, h := range a.Headers {
		headers[i] = [2]string{h.Name, h.Value}
	}
	request := map[string]any{"method": a.Method, "credentials": a.Credentials, "headers": headers, "cache": "no-store"}
	if a.Body != "" { // fetch refuses one with GET
		request["body"] = a.Body
	}
	var b bytes.Buffer
	err := pocTemplate.Execute(&b, map[string]any{
		"Result":  c,
		"Cause":   p.Cause,
		"Attempt": a,
		"Where":   with(c.Subject.Credential),
		// The target sees the same of all that send a null origin.
		"Frame":      a.Vector.SendsNullOrigin(),
		"Credential": string(c.Subject.Credential),
		"Anybody":    anybody(c),
		"Policy":     pocPolicy(c.Proof),
		// What the script takes; html/template encodes it for JavaScript.
		"Task": map[string]any{
			"url":    a.URL,
			"vector": string(a.Vector),
			"framed": a.Vector.SendsNullOrigin(),
			"origin": c.Subject.Origin,
			"init":   request,
			// Of a WebSocket.
			"offers":  a.Protocols,
			"message": a.Message,
			"then":    a.Then,
		},
	})
	if err != nil {
		return err
	}
	// What is left of it is in strings of the script.
	_, err = w.Write(escapeUnprintable(b.Bytes()))
	return err
}

// pocPolicy is the page's own Content-Security-Policy. It lets the page talk to
// the target and to nothing else, so that the reader need not take our word.
func pocPolicy(p Proof) string {
	sources := []string{cspSource(p.Attempt.URL)}
	for _, x := range p.Exchanges {
		if s := cspSource(x.Request.URL); !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	scripts := ""
	switch p.Attempt.Vector {
	case scenarios.Script:
		scripts = " " + strings.Join(sources, " ")
	case scenarios.WebSocket:
		for i := range sources { // a source of http does not stand for ws (CSP level 3, section 6.7.2.8)
			sources[i] = strings.Replace(sources[i], "http", "ws", 1)
		}
	}
	return "default-src 'none'; script-src 'unsafe-inline'" + scripts + "; style-src 'unsafe-inline'; frame-src data:; " +
		"base-uri 'none'; form-action 'none'; connect-src " + strings.Join(sources, " ")
}

// cspSource is the origin of a URL as a policy names it. A policy has no way to
// write an IPv6 address, nor a host of other characters: the scheme has to do.
func cspSource(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "'none'"
	}
	for _, r := range u.Host {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:", r) {
			return u.Scheme + ":"
		}
	}
	return u.Scheme + "://" + u.Host
}

// writeProofsReadme writes poc/README.md: what the pages are, and how each is served from
// the origin that it needs.
func writeProofsReadme(w io.Writer, pages []proofOfConcept) error {
	var b strings.Builder
	b.WriteString(`# Proofs of concept

Each page makes one request to the API in your own browser, and shows what any script on it would get. It sends that nowhere:
its Content-Security-Policy lets it talk to the API alone. Use a browser in which you are the victim: logged in to the API, with
third-party cookies allowed. Ask for nothing but an API that you may test.

`)
	for _, p := range pages {
		fmt.Fprintf(&b, "## %s\n\n%s: %s.\n\n", p.Name, mdText(p.Result.ID), mdText(capital(p.Cause.Rule)))
		for i, line := range p.serving() {
			fmt.Fprintf(&b, "%d. %s\n", i+1, line)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// serving says step by step how to open the page at an origin that shows something.
func (p proofOfConcept) serving() []string {
	a := p.Result.Proof.Attempt
	switch {
	case a.Vector.SendsNullOrigin():
		return []string{"Open the file from anywhere, from the disk too: it makes the request in a sandboxed frame, whose origin is `null`.", "Press the button."}
	case anybody(p.Result):
		return []string{
			"In this folder: `python3 -m http.server 8000 --bind 127.0.0.1`.",
			"Open `http://localhost:8000/" + p.Name + "`. Any origin will do but the API's own and the front end's.",
			"Press the button.",
		}
	}
	origin, err := cors.ParseOrigin(p.Result.Subject.Origin)
	if err != nil || origin.IsOpaque() {
		return []string{"Open the file, and press the button."}
	}
	port, serve := "8000", "`python3 -m http.server 8000 --bind 127.0.0.1`."
	if origin.Scheme() == "https" {
		port = "8443"
		serve = "`openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=poc -keyout /tmp/poc.pem -out /tmp/poc.pem`, then " +
			"`openssl s_server -accept 8443 -cert /tmp/poc.pem -WWW`."
	}
	return []string{
		"The page has to be at " + mdCode(origin.String()) + ". In this folder: " + serve,
		"Have a browser of its own take that name for this machine: " + mdCode(fmt.Sprintf(
			"chromium --user-data-dir=/tmp/poc-profile --ignore-certificate-errors --host-resolver-rules='MAP %s 127.0.0.1:%s'", origin.HostPort(), port)) + ". Close it afterwards.",
		"In it, log in to the API, and open " + mdCode(origin.String()+"/"+p.Name) + ".",
		"Press the button.",
	}
}
