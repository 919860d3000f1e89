package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// A ProofOfConcept is a page that makes the read of a result once more, in the
// reader's own browser. It shows what it gets and sends it nowhere.
type ProofOfConcept struct {
	Name   string // of its file
	Result Result
}

//go:embed poc.html.tmpl
var pocSource string

var pocTemplate = template.Must(template.New("poc").Funcs(template.FuncMap{"line": visibleLine}).Parse(pocSource))

// ProofsOfConcept returns a page for each read that was allowed and must not be.
// Equal reads of different scenarios are one page.
func (r Report) ProofsOfConcept() []ProofOfConcept {
	var all []ProofOfConcept
	for _, c := range r.Results {
		name := pocName(c)
		if name != "" && !slices.ContainsFunc(all, func(p ProofOfConcept) bool { return pocKey(p.Result) == pocKey(c) }) {
			all = append(all, ProofOfConcept{Name: name, Result: c})
		}
	}
	return all
}

// pocFile finds the page for a result among all, and is empty where it has none.
func pocFile(all []ProofOfConcept, c Result) string {
	if pocName(c) == "" {
		return ""
	}
	for _, p := range all {
		if pocKey(p.Result) == pocKey(c) {
			return p.Name
		}
	}
	return ""
}

// pocName is stable from run to run, and empty where a page would show nothing:
// the result is no violation, nothing was read or not by a fetch, it needs the
// trusted page, or the request may change something.
func pocName(c Result) string {
	a := c.Proof.Attempt
	if c.Verdict != scenarios.Violates || a == nil || !c.Proof.Readable || a.Trusted ||
		a.Vector != scenarios.Fetch && !a.Vector.SendsNullOrigin() || a.Method != "GET" && a.Method != "HEAD" {
		return ""
	}
	sum := sha256.Sum256([]byte(pocKey(c)))
	return fmt.Sprintf("%s-%s.html", c.ID, hex.EncodeToString(sum[:4]))
}

// pocKey tells reads apart.
func pocKey(c Result) string {
	a := c.Proof.Attempt
	return strings.Join([]string{a.Page, string(a.Vector), a.Method, a.URL, a.Credentials, fmt.Sprint(a.Headers), string(c.Subject.Credential)}, "\n")
}

// WriteHTML writes the page.
func (p ProofOfConcept) WriteHTML(w io.Writer) error {
	c := p.Result
	a := c.Proof.Attempt
	headers := make([][2]string, len(a.Headers))
	for i, h := range a.Headers {
		headers[i] = [2]string{h.Name, h.Value}
	}
	var b bytes.Buffer
	err := pocTemplate.Execute(&b, map[string]any{
		"Result":  c,
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
			"init": map[string]any{
				"method": a.Method, "credentials": a.Credentials, "headers": headers, "cache": "no-store",
			},
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
	return "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-src data:; " +
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
