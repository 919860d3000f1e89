package report

import (
	"fmt"
	"time"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// Acceptance is the operator's word that a violation may stay for a while.
type Acceptance struct {
	Reason  string `json:"reason" redact:"words"`
	Owner   string `json:"owner" redact:"words"`
	Expires string `json:"expires" redact:"-"` // the last day, as 2027-01-31
	// Severity is the gravest that is accepted; empty for any.
	Severity scenarios.Severity `json:"severity" redact:"-"`
}

// StaleAcceptance is an accepted deviation that accepts nothing any more: all that
// it is about was examined and conforms. Empty parts stand for any.
type StaleAcceptance struct {
	ID         string     `json:"id" redact:"-"`
	Endpoint   string     `json:"endpoint"`
	Origin     string     `json:"origin"`
	Credential string     `json:"credential" redact:"-"`
	Acceptance Acceptance `json:"acceptance"`
}

func newAcceptance(a target.Acceptance) Acceptance {
	return Acceptance{Reason: a.Reason, Owner: a.Owner, Expires: a.Expires.Format(time.DateOnly), Severity: a.Severity}
}

func newStale(a target.Acceptance) StaleAcceptance {
	return StaleAcceptance{
		ID: a.ID, Endpoint: a.Subject.Endpoint, Origin: a.Subject.Origin, Credential: a.Subject.Credential,
		Acceptance: newAcceptance(a),
	}
}

// String says it in a line: "until 2027-01-31 by the API team: they move in spring".
func (a Acceptance) String() string {
	return visibleLine(fmt.Sprintf("until %s by %s: %s", a.Expires, a.Owner, a.Reason))
}

// About names what the entry is about: "ORG-009 (GET /api/notebooks)".
func (s StaleAcceptance) About() string {
	p := target.SubjectPattern{Endpoint: s.Endpoint, Origin: s.Origin, Credential: s.Credential}
	return visibleLine(target.Acceptance{ID: s.ID, Subject: p}.String())
}

// whatStale says what became of stale entries, and what to do.
const whatStale = "Everything that these accepted deviations are about conforms now. Remove them from the file, so that they do not hide what comes back."
