package report

import (
	"fmt"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Failure is what a test says of a result that fails: the requirement, what
// happened, where, the evidence, and what to do.
func (c Result) Failure() string {
	var b strings.Builder
	field := func(label, text string) {
		fmt.Fprintf(&b, "\n  %-11s%s", label, visibleLine(text))
	}
	if c.Verdict == scenarios.Violates {
		fmt.Fprintf(&b, "%s is violated (%s, %s)", c.ID, c.Level, c.Severity)
	} else {
		fmt.Fprintf(&b, "%s could not be judged", c.ID)
	}
	field("expected:", c.Title)
	field("happened:", c.Reason)
	if about := c.Subject.String(); about != "" {
		field("subject:", about)
	}
	label := "evidence:"
	for _, line := range c.Proof.lines() {
		field(label, line)
		label = ""
	}
	if c.Verdict == scenarios.Violates {
		field("fix:", c.Fix)
	}
	return b.String()
}

// Failure is [Result.Failure] of a result from which no secret was taken out: the
// evidence, in which there may be some, is left out.
func Failure(r engine.Result) string {
	c := newResult(r)
	c.Proof = Proof{}
	return c.Failure()
}

// lines are the requests and answers in short, with the headers that decide.
func (p Proof) lines() []string {
	var lines []string
	headers := func(hs []Header) {
		for _, h := range hs {
			lines = append(lines, "  "+h.Name+": "+h.Value)
		}
	}
	for _, x := range p.Exchanges {
		lines = append(lines, x.Request.Method+" "+x.Request.URL)
		headers(deciding(x.Request.Headers))
		if x.Request.ClientCertificate {
			lines = append(lines, "  (over TLS with the victim's client certificate)")
		}
		switch {
		case x.Withheld:
			lines = append(lines, "left the browser; withheld from the target by Crossexam")
		case x.Response == nil:
			lines = append(lines, "no answer: "+x.Fault)
		default:
			lines = append(lines, fmt.Sprintf("answered %d", x.Response.Status))
			if deciding := deciding(x.Response.Headers); len(deciding) > 0 {
				headers(deciding)
			} else {
				lines = append(lines, "  (no Access-Control header)")
			}
		}
	}
	if p.Block != "" {
		lines = append(lines, "Chrome blocked it: "+p.Block)
	}
	return lines
}

// decisive are the lines of the exchange that shows best why the browser decided as it
// did: who asked, and what the answer granted.
func (p Proof) decisive() []string {
	x := p.deciding()
	if x == nil {
		return nil
	}
	request := x.Request.Method + " " + x.Request.URL
	for _, h := range x.Request.Headers {
		if strings.EqualFold(h.Name, "Origin") {
			request += ", " + h.Name + ": " + h.Value
		}
	}
	lines := []string{request}
	switch {
	case x.Withheld:
		return append(lines, "left the browser; withheld from the target by Crossexam")
	case x.Response == nil:
		return append(lines, "no answer: "+x.Fault)
	}
	lines = append(lines, fmt.Sprintf("answered %d", x.Response.Status))
	for _, h := range x.Response.Headers {
		if h.grants() {
			lines = append(lines, "  "+h.Name+": "+h.Value)
		}
	}
	if p.Block != "" {
		lines = append(lines, "Chrome blocked it: "+p.Block)
	}
	return lines
}
