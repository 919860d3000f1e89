package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
)

// Sweep is how all endpoints decide by header, where there are more than were examined in
// whole, and what the browser showed of it.
type Sweep struct {
	Classes   []SweepClass    `json:"classes"` // the widest grant first
	Endpoints []SweepEndpoint `json:"endpoints"`
	Requests  int             `json:"requests"`
	// DurationMS is how long the questions took, in milliseconds, without the browser.
	DurationMS int64 `json:"duration_ms"`
	// Seed drew which endpoints the browser tried where nothing is granted.
	Seed int64 `json:"seed"`
}

// SweepClass is a policy: endpoints that decided alike on every question that any two of them
// were asked.
type SweepClass struct {
	ID string `json:"id" redact:"-"`
	// Granted is what others than the trusted origins are granted, by header.
	Granted   []SweepGrant  `json:"granted"`
	Trusted   []string      `json:"trusted"` // the trusted origins that are granted
	Rules     []string      `json:"rules"`
	Decisions []SweepAnswer `json:"decisions"`
	Endpoints int           `json:"endpoints"`
	Private   int           `json:"private"`
	// Suspect says that anyone gets there what only the victim should, by header.
	Suspect bool `json:"suspect"`
	// SplitFrom is the class from which the browser split this one, and Why says what it
	// did; both are empty for all others.
	SplitFrom string `json:"split_from" redact:"-"`
	Why       string `json:"why" redact:"-"`
}

// SweepGrant is what an origin is granted that is not trusted.
type SweepGrant struct {
	Origin   string         `json:"origin"`
	How      string         `json:"how" redact:"words"`
	Rule     string         `json:"rule" redact:"words"` // by which it seems to be granted, in a sentence; empty where that is not known
	Anyone   bool           `json:"anyone"`              // can have a page of such an origin
	Method   string         `json:"method"`              // of a write that a preflight approves; empty for the read
	Decision sweep.Decision `json:"decision" redact:"-"`
}

// SweepAnswer is one question with its decision.
type SweepAnswer struct {
	Origin    string               `json:"origin"`
	With      scenarios.Credential `json:"with" redact:"-"`
	Preflight string               `json:"preflight"` // its method; empty for the read itself
	Decision  sweep.Decision       `json:"decision" redact:"-"`
}

// SweepEndpoint is one endpoint of the sweep.
type SweepEndpoint struct {
	Endpoint string `json:"endpoint"`
	// Class is empty where it did not answer every question; Unanswered says why.
	Class      string            `json:"class" redact:"-"`
	Finding    scenarios.Finding `json:"finding" redact:"-"`
	Status     int               `json:"status"`
	Unanswered string            `json:"unanswered"`
	// Proved says that it was examined or tried in the browser itself; ProvedBy is the
	// endpoint of its class that was examined in its place, or empty.
	Proved   bool   `json:"proved"`
	ProvedBy string `json:"proved_by"`
	// Outcome is what became of the attempt to read it from a page of Page, where it was
	// not examined in whole; both are empty otherwise.
	Outcome engine.ProofOutcome `json:"outcome" redact:"-"`
	Page    string              `json:"page"`
}

func newSweep(record engine.Record) *Sweep {
	s := record.Sweep
	if s == nil {
		return nil
	}
	out := &Sweep{Classes: []SweepClass{}, Endpoints: []SweepEndpoint{}, Requests: s.Requests, DurationMS: s.DurationMS, Seed: int64(s.Seed)}
	for _, c := range s.Classes {
		class := SweepClass{
			ID: c.ID, Granted: []SweepGrant{}, Trusted: originTexts(c.Trusted), Rules: append([]string{}, c.Rules...), Decisions: []SweepAnswer{},
			Endpoints: c.Size, Private: c.Private, Suspect: c.Suspect, SplitFrom: c.SplitFrom, Why: c.Why,
		}
		for _, g := range c.Granted {
			class.Granted = append(class.Granted, SweepGrant{g.Origin.String(), g.How, g.Rule, g.Anyone, g.Method, g.Decision})
		}
		for _, a := range c.Answers {
			class.Decisions = append(class.Decisions, SweepAnswer{a.Origin.String(), a.With, a.Preflight, a.Decision})
		}
		out.Classes = append(out.Classes, class)
	}
	tried := map[string]engine.Proof{}
	for _, p := range s.Proofs {
		tried[p.Endpoint] = p
	}
	by := map[string]string{} // by class
	for _, e := range s.Endpoints {
		if _, known := by[e.Class]; !known {
			by[e.Class] = s.By(e)
		}
		p, wasTried := tried[e.Endpoint]
		row := SweepEndpoint{Endpoint: e.Endpoint, Class: e.Class, Finding: e.Finding, Status: e.Status, Unanswered: e.Unanswered}
		if wasTried {
			row.Outcome, row.Page = p.Outcome, p.Page.String()
		}
		row.Proved = p.Outcome == engine.ProofRead || p.Outcome == engine.ProofBlocked || slices.Contains(s.Examined, e.Endpoint)
		if !row.Proved {
			row.ProvedBy = by[e.Class]
		}
		out.Endpoints = append(out.Endpoints, row)
	}
	return out
}

func originTexts(list []cors.Origin) []string {
	texts := make([]string, len(list))
	for i, o := range list {
		texts[i] = o.String()
	}
	return texts
}

// Of are the endpoints of a class; those of none for an empty ID.
func (s Sweep) Of(class string) []SweepEndpoint {
	return slices.DeleteFunc(slices.Clone(s.Endpoints), func(e SweepEndpoint) bool { return e.Class != class })
}

// Counts says in a sentence what was asked and tried.
func (s Sweep) Counts() string {
	examined, tried := 0, map[engine.ProofOutcome]int{}
	for _, e := range s.Endpoints {
		switch {
		case e.Outcome != "":
			tried[e.Outcome]++
		case e.Proved:
			examined++
		}
	}
	text := fmt.Sprintf("%s in %s, told apart by %s. Examined in whole: %d", plural(len(s.Endpoints), "endpoint", "endpoints"),
		plural(len(s.Classes), "policy class", "policy classes"), plural(s.Requests, "request", "requests"), examined)
	var outcomes []string
	for _, o := range []engine.ProofOutcome{engine.ProofRead, engine.ProofBlocked, engine.ProofUnsent, engine.ProofUnknown} {
		if n := tried[o]; n > 0 {
			outcomes = append(outcomes, fmt.Sprintf("%d %s", n, sweepOutcomes[o]))
		}
	}
	if len(outcomes) > 0 {
		text += "; tried in the browser besides: " + strings.Join(outcomes, ", ")
	}
	return text + fmt.Sprintf(" (seed %d).", s.Seed)
}

var sweepOutcomes = map[engine.ProofOutcome]string{
	engine.ProofRead: "read", engine.ProofBlocked: "refused", engine.ProofUnsent: "tried without the credential, which stayed home", engine.ProofUnknown: "without evidence",
}

// Word is how the browser's attempt ended, in words; empty where there was none.
func (e SweepEndpoint) Word() string {
	switch {
	case e.Outcome != "":
		return sweepOutcomes[e.Outcome] + ", from " + e.Page
	case e.Proved:
		return "examined in whole"
	case e.ProvedBy != "":
		return "as " + e.ProvedBy
	case e.Unanswered != "":
		return e.Unanswered
	}
	return "not tried"
}

// About says in a few words what the class grants.
func (c SweepClass) About() string {
	var parts []string
	for _, g := range c.Granted {
		text := g.who()
		if g.Method != "" {
			text += " (" + g.Method + ")"
		}
		if text += ": " + string(g.Decision); !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	if len(parts) > mostGrants {
		parts = append(parts[:mostGrants], fmt.Sprintf("%d more", len(parts)-mostGrants))
	}
	text := strings.Join(parts, "; ")
	if text == "" {
		text = "granted to none but the trusted origins"
	}
	if c.Why != "" {
		text += "; " + c.Why + " (split from " + c.SplitFrom + ")"
	}
	return text
}

// widest says in a few words who is granted something, for a short text: by which rule,
// where it is known.
func (c SweepClass) widest() string {
	if c.Why != "" {
		return c.Why
	}
	return c.Granted[0].who()
}

// who says in a few words who is granted something: by which rule, where one is known, since
// the one origin that was asked about is an instance of it.
func (g SweepGrant) who() string {
	if g.Rule == "" {
		return g.How
	}
	rule, _, _ := strings.Cut(g.Rule, " (granted too: ")
	return strings.Replace(rule, "the target seems to trust every origin that", "every origin that", 1)
}

// mostGrants is how many grants of a class are named where there is little room.
const mostGrants = 3

// Unanswered says which endpoints are in no class; empty for none.
func (s Sweep) Unanswered() string {
	left := s.Of("")
	if len(left) == 0 {
		return ""
	}
	return fmt.Sprintf("%s did not answer every question, such as %s (%s).", plural(len(left), "endpoint", "endpoints"), left[0].Endpoint, left[0].Unanswered)
}

// unjudged reports whether the browser read what no result is about: what the headers did
// not grant, or what a violation should be about and none is.
func (s *Sweep) unjudged(results []Result) bool {
	if s == nil {
		return false
	}
	read := slices.ContainsFunc(s.Endpoints, func(e SweepEndpoint) bool {
		return e.Outcome == engine.ProofRead && (sweep.Endpoint{Finding: e.Finding}).Private()
	})
	return read && !slices.ContainsFunc(results, func(c Result) bool { return c.Verdict == scenarios.Violates })
}

// sweep prints what all endpoints grant: in a few lines, or each class where all is asked
// for.
func (p *printer) sweep() {
	s := p.r.Sweep
	switch {
	case s == nil:
		return
	case p.o.Verbose:
		p.line(p.style(bold, "ALL ENDPOINTS, asked by header"))
		p.text("  ", s.Counts())
		for _, c := range s.Classes {
			if len(c.Granted) > 0 || c.Why != "" {
				p.text("  ", fmt.Sprintf("%s (%d): %s", c.ID, c.Endpoints, c.About()))
			}
		}
	default:
		p.text("", s.brief())
	}
	if left := s.Unanswered(); left != "" {
		p.text("", left)
	}
	p.line("")
}

// brief says in two sentences how many endpoints were asked and tried, and who is granted
// something at how many of them, the widest grant first.
func (s Sweep) brief() string {
	proved := 0
	for _, e := range s.Endpoints {
		if e.Proved {
			proved++
		}
	}
	text := fmt.Sprintf("All %s were asked by header, and %d of them tried in the browser.", plural(len(s.Endpoints), "endpoint", "endpoints"), proved)
	if proved == len(s.Endpoints) {
		text = fmt.Sprintf("All %s were asked by header, and tried in the browser.", plural(proved, "endpoint", "endpoints"))
	}
	var order []string
	size, where := map[string]int{}, map[string]string{}
	for _, c := range s.Classes {
		if len(c.Granted) > 0 || c.Why != "" {
			word := c.widest()
			if size[word] == 0 {
				order = append(order, word)
			}
			size[word] += c.Endpoints
			if of := s.Of(c.ID); len(of) > 0 {
				where[word] = of[0].Endpoint
			}
		}
	}
	if len(order) == 0 {
		return text + " None lets in others than the trusted origins."
	}
	var parts []string
	for _, word := range order[:min(len(order), mostGrants)] {
		at := plural(size[word], "endpoint", "endpoints")
		if size[word] == 1 {
			at = cmp.Or(where[word], at)
		}
		parts = append(parts, word+" at "+at)
	}
	if more := len(order) - len(parts); more > 0 {
		parts = append(parts, plural(more, "more rule", "more rules"))
	}
	return text + " Let in: " + strings.Join(parts, "; ") + "."
}
