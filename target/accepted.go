package target

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/crossexam/crossexam/scenarios"
)

// acceptedSchema is the JSON Schema of accepted.yaml, for editors. The loader
// checks files against it, and a test holds it to the code.
//
//go:embed accepted.schema.json
var acceptedSchema []byte

// Accepted are the violations that an operator has accepted: the entries of an
// accepted.yaml.
type Accepted []Acceptance

// An Acceptance is one entry: the violations that are meant, why they are
// accepted, who answers for that, and until when.
type Acceptance struct {
	ID      string
	Subject SubjectPattern
	// Severity is the one at which it was accepted: what is graver is not covered. Empty
	// covers any.
	Severity scenarios.Severity
	Reason   string
	Owner    string
	Expires  time.Time // midnight UTC of the last day on which it holds

	at Problem // where it stands
}

// A SubjectPattern says which subjects are meant. An empty part stands for any.
// In endpoint and origin, * stands for any characters.
type SubjectPattern struct {
	Endpoint   string `yaml:"endpoint"`
	Origin     string `yaml:"origin"`
	Credential string `yaml:"credential"` // or "none"
}

// noCredential is how a pattern names the absence of one.
const noCredential = "none"

// acceptanceEntry is an entry as it is written.
type acceptanceEntry struct {
	ID       string             `yaml:"id"`
	Subject  SubjectPattern     `yaml:"subject"`
	Severity scenarios.Severity `yaml:"severity"`
	Reason   string             `yaml:"reason"`
	Owner    string             `yaml:"owner"`
	Expires  string             `yaml:"expires"`
}

// loadAccepted reads an accepted.yaml. It is as strict as [LoadConfig], and its
// error is [Problems] too. An entry that has expired is no problem here, since it
// does not concern a run without its scenario: see [Accepted.Expired].
func loadAccepted(path string, today time.Time) (Accepted, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, Problems{{err: fmt.Errorf("the accepted deviations cannot be read: %w", err)}}
	}
	return parseAccepted(path, data, today)
}

// AcceptedDeviations reads the file that the entry "accepted" names. Without one,
// nothing is accepted.
func (c Config) AcceptedDeviations(today time.Time) (Accepted, error) {
	if c.Accepted == "" {
		return nil, nil
	}
	data, err := readFile(c.Accepted)
	if err != nil {
		return nil, Problems{c.from.problem("accepted", fmt.Errorf("the file cannot be read: %w; 'crossexam accept ID' writes one", err))}
	}
	return parseAccepted(c.Accepted, data, today)
}

func parseAccepted(name string, data []byte, today time.Time) (Accepted, error) {
	body, from, err := readYAML(name, data, acceptedSchema)
	if err != nil || body == nil {
		return nil, err // an empty file accepts nothing
	}
	var entries []acceptanceEntry
	if err := yaml.NodeToValue(body, &entries, yaml.Strict()); err != nil {
		return nil, Problems{yamlProblem(name, err)}
	}
	var all Accepted
	var ps Problems
	for i, e := range entries {
		entry := fmt.Sprintf("[%d]", i)
		fail := func(key, format string, args ...any) {
			ps = append(ps, from.problem(join(entry, key), fmt.Errorf(format, args...)))
		}
		a := Acceptance{ID: e.ID, Subject: e.Subject, Severity: e.Severity, Reason: e.Reason, Owner: e.Owner, at: *from.problem(entry, nil)}
		if _, ok := scenarios.Find(e.ID); !ok {
			fail("id", "there is no scenario %s: 'crossexam list' has them all", e.ID)
		}
		if a.Expires, err = time.Parse(time.DateOnly, e.Expires); err != nil {
			fail("expires", "there is no day %s: write it like %s", e.Expires, today.AddDate(0, 3, 0).Format(time.DateOnly))
		} else if last := dayOf(today).AddDate(1, 0, 0); a.Expires.After(last) {
			fail("expires", "this is more than a year ahead, and what is accepted has to be looked at again: write %s or earlier", last.Format(time.DateOnly))
		}
		if j := slices.IndexFunc(all, func(b Acceptance) bool { return a.ID == b.ID && a.Subject == b.Subject }); j >= 0 {
			ps = append(ps, from.problem(entry, fmt.Errorf("the entry on line %d is about the same: leave one of them out", all[j].at.line)))
		}
		all = append(all, a)
	}
	if err := ps.orNil(); err != nil {
		return nil, err
	}
	return all, nil
}

func dayOf(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// For gives the first entry that is about a case, or nil.
func (a Accepted) For(id string, s scenarios.Subject) *Acceptance {
	for i := range a {
		if a[i].Meets(id, s) {
			return &a[i]
		}
	}
	return nil
}

// Covers reports whether a violation of this severity is no graver than what was
// accepted.
func (a Acceptance) Covers(s scenarios.Severity) bool {
	return a.Severity == "" || !s.Graver(a.Severity)
}

// Expired gives the entries that hold no more.
func (a Accepted) Expired(today time.Time) Accepted {
	return slices.DeleteFunc(slices.Clone(a), func(e Acceptance) bool { return !dayOf(today).After(e.Expires) })
}

// Meets reports whether the entry is about a case, whatever its verdict.
func (a Acceptance) Meets(id string, s scenarios.Subject) bool {
	return a.ID == id && a.Subject.Meets(s)
}

// Problem says what is wrong with the entry, and where it stands.
func (a Acceptance) Problem(format string, args ...any) *Problem {
	p := a.at
	p.entry, p.err = "", fmt.Errorf("%s: %w", a, fmt.Errorf(format, args...))
	return &p
}

// String names the entry: "ORG-009 (GET /api/notebooks with cookie)".
func (a Acceptance) String() string {
	if s := a.Subject.String(); s != "" {
		return a.ID + " (" + s + ")"
	}
	return a.ID
}

// Meets reports whether a subject is meant.
func (p SubjectPattern) Meets(s scenarios.Subject) bool {
	return (p.Endpoint == "" || like(s.Endpoint, p.Endpoint)) &&
		(p.Origin == "" || like(s.Origin, p.Origin)) &&
		(p.Credential == "" || p.Credential == credentialWord(s.Credential))
}

func credentialWord(c scenarios.Credential) string {
	if c == scenarios.Anonymous {
		return noCredential
	}
	return string(c)
}

// String names the parts that are given.
func (p SubjectPattern) String() string {
	var parts []string
	if p.Endpoint != "" {
		parts = append(parts, p.Endpoint)
	}
	if p.Origin != "" {
		parts = append(parts, "from "+p.Origin)
	}
	switch p.Credential {
	case "":
	case noCredential:
		parts = append(parts, "without credential")
	default:
		parts = append(parts, "with "+p.Credential)
	}
	return strings.Join(parts, " ")
}
