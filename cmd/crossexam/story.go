package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// A story tells the demonstration so that a reader needs to know nothing of
// CORS.
type story struct {
	w     io.Writer
	shown []scenarios.Credential
}

// newStory tells of the attacks with these credentials.
func newStory(w io.Writer, shown []scenarios.Credential) *story { return &story{w, shown} }

func (s *story) say(format string, args ...any) {
	fmt.Fprintf(s.w, format+"\n", args...)
}

func (s *story) opening(browser attacker.Info) {
	s.say("Crossexam: what can a malicious web page read from an API?")
	s.say("")
	s.say("The API holds a victim's private notebooks. The victim has logged in to it with")
	s.say("%s, and then opens another page, https://evil.test.", browser.Product)
}

// half tells one half: the attack with each credential.
func (s *story) half(title string, record engine.Record, vulnerable bool) {
	s.say("")
	s.say("%s", title)
	s.say("%s", strings.Repeat("=", len(title)))
	for _, c := range s.shown {
		for _, r := range record.Results {
			if r.Scenario.ID == "WLD-001" && r.Subject.Credential == c && r.Proof() != nil {
				s.attack(r, *r.Proof())
			}
		}
	}
	if vulnerable {
		s.say("")
		s.say("  The fix: %s", wrap(find("WLD-001").WholeFix(), "           "))
		return
	}
	s.say("")
	s.say("  The front end that is on the list still reads everything:")
	for _, r := range record.Results {
		if r.Scenario.ID == "TRU-001" && r.Subject.Credential == scenarios.Cookie {
			s.say("    %s", wrap(r.Judgement.Reason, "    "))
			return
		}
	}
}

// missing tells which credential is not shown, and why.
func (s *story) missing(why error) {
	s.say("")
	s.say("  %s", wrap("The attack with a client certificate is not shown: "+why.Error()+".", "  "))
}

func find(id string) scenarios.Scenario {
	sc, _ := scenarios.Find(id)
	return sc
}

// attack tells one attempt: what the page asked, what the API answered, and what
// the browser made of it.
func (s *story) attack(r engine.Result, o scenarios.Observation) {
	how := map[scenarios.Credential]string{
		scenarios.Cookie:     "has logged in with a session cookie",
		scenarios.Basic:      "has logged in with a password (HTTP Basic)",
		scenarios.ClientCert: "has a client certificate, which the browser presents",
	}[r.Subject.Credential]
	s.say("")
	s.say("  The victim %s.", how)
	mode := "include"
	if o.Attempt.Omit {
		mode = "omit"
	}
	s.say("  https://evil.test runs: fetch(%q, {credentials: %q})", o.Attempt.URL, mode)
	if x := o.Request(); x != nil {
		sent := headerLines(x.Request.Headers, "Origin", "Cookie", "Authorization")
		if x.Request.ClientCertificate {
			sent += "\n" + strings.Repeat(" ", 27) + "(over TLS with the victim's certificate)"
		}
		s.say("    the browser sent       %s", sent)
		if x.Response != nil {
			s.say("    the API answered       %d %s", x.Response.Status,
				headerLines(x.Response.Headers, cors.HeaderAllowOrigin, cors.HeaderAllowCredentials))
		}
	}
	if o.Loot != nil && r.Judgement.Exfiltrated {
		s.say("    STOLEN: %d bytes arrived at the attacker's server:", o.Loot.Bytes)
		s.say("      %s", wrap(report.Visible(cut(o.Loot.Excerpt, 220)), "      "))
		return
	}
	s.say("    BLOCKED: Chrome kept the answer from the page (%s).", o.Block.Reason)
	s.say("    Nothing arrived at the attacker's server.")
}

// headerLines shows these headers in one line each, secrets left out.
func headerLines(h cors.Headers, names ...string) string {
	var lines []string
	for _, name := range names {
		for _, v := range h.Values(name) {
			switch name {
			case "Cookie":
				cookie, _, _ := strings.Cut(v, "=")
				v = cookie + "=[the victim's session]"
			case "Authorization":
				scheme, _, _ := strings.Cut(v, " ")
				v = scheme + " [the victim's password]"
			}
			lines = append(lines, name+": "+report.Visible(v))
		}
	}
	if len(lines) == 0 {
		return "(no Access-Control-Allow-Origin)"
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", 27))
}

func (s *story) closing(out string) {
	s.say("")
	s.say("The same facts as a report, with a picture of the malicious page:")
	s.say("  %s", filepath.Join(out, "report.html"))
	s.say("  %s", filepath.Join(out, "hardened", "report.html"))
	s.say("Try your own API:")
	s.say("  crossexam test http://127.0.0.1:5055 --trusted https://app.example.com")
}

func cut(text string, limit int) string {
	r := []rune(text)
	if len(r) <= limit {
		return text
	}
	return string(r[:limit]) + "..."
}

// wrap breaks a text at blanks so that it fits 80 columns behind the indent.
func wrap(text, indent string) string {
	return strings.Join(report.Wrap(text, 80-len(indent)), "\n"+indent)
}
