// Package report turns what an examination brought to light into what people and
// machines read: a versioned JSON file, one HTML page, SARIF, a Markdown summary,
// proof-of-concept pages and the text on the terminal. All of them print from one
// value, a [Report], out of which [New] has taken every secret. Nothing is judged in
// here: verdicts are those of package scenarios, and JUnit is written by Ginkgo.
//
// What comes from the target is hostile. It is escaped for the format it goes to,
// and control characters are made visible.
package report

import (
	"time"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Version names the contract of report.json. Fields may be added to it; a field
// that is removed or changes its meaning makes a new version.
const Version = "crossexam/report/v1"

// A Report is all that is told of one examination. Every list is there, if need
// be empty. The tag `redact:"-"` marks what comes from this project or is a word
// of a closed set, so that it holds no secret; all other strings are searched, those
// tagged "words" as sentences of this project, "wire" and "body" as what a target
// sent.
type Report struct {
	Schema  string  `json:"schema" redact:"-"`
	Tool    Tool    `json:"tool" redact:"-"`
	Run     Run     `json:"run"`
	Browser Browser `json:"browser"`
	Target  Target  `json:"target"`
	// Diagnoses and Premises come before any verdict.
	Diagnoses []Diagnosis `json:"diagnoses"`
	Premises  []Premise   `json:"premises"`
	// Inferred is what the target was seen to trust where nobody said what it should, or
	// nil.
	Inferred *Inferred `json:"inferred"`
	// Sweep is how all endpoints decide by header, or nil where there are no more than were
	// examined in whole.
	Sweep    *Sweep     `json:"sweep"`
	Controls []Control  `json:"controls"`
	Summary  Summary    `json:"summary" redact:"-"`
	Causes   []Cause    `json:"causes"`  // the gravest first
	Results  []Result   `json:"results"` // as they were judged
	Cookies  []Cookie   `json:"cookies"` // the victim's
	Withheld []Withheld `json:"withheld"`
	Notes    []string   `json:"notes" redact:"words"`
	Screens  []string   `json:"screens"` // names of the pictures in screens/
	// Stale are accepted deviations that accept nothing any more.
	Stale []StaleAcceptance `json:"stale_acceptances"`
	// Baseline compares with an earlier examination, or is nil.
	Baseline *Baseline `json:"baseline"`
	// Fault says why the examination broke off, or is nil.
	Fault *Fault `json:"fault"`
}

// Tool is the Crossexam that made the report.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

// Run is the examination itself.
type Run struct {
	Name    string    `json:"name" redact:"-"` // what the target finds in its log
	Started time.Time `json:"started" redact:"-"`
	Strict  bool      `json:"strict"`
}

// Browser is the browser that judged.
type Browser struct {
	Product string `json:"product"`
	Version string `json:"version"`
	Path    string `json:"path"` // or its address, where it is remote
	// Remote says that it ran already: its flags and its sandbox are not known, and
	// its posture is what the controls show.
	Remote  bool     `json:"remote"`
	Flags   []string `json:"flags" redact:"words"`
	Posture Posture  `json:"posture"`
	Sandbox bool     `json:"sandbox"`
	// Protocol is the Chromium version for which the protocol bindings were made.
	Protocol string `json:"protocol"`
}

// Posture is what the run decided about the browser that bears on verdicts.
type Posture struct {
	BlockThirdPartyCookies bool `json:"block_third_party_cookies"`
}

// Target is what was under test.
type Target struct {
	URL            string   `json:"url" redact:"url"`
	TrustedOrigins []string `json:"trusted_origins"`
	Credentials    []string `json:"credentials" redact:"-"`
	// Capabilities are what the target declares, on which it depends which
	// scenarios apply; see [capabilities].
	Capabilities []string `json:"capabilities" redact:"-"`
	Endpoints    []string `json:"endpoints"`
	// Stack is the framework that the target's own document speaks of, by the name of a
	// [Snippet]; empty where none is known.
	Stack string `json:"stack" redact:"-"`
	// ExposedHeaders are those of responses that the front end is said to read.
	ExposedHeaders []string `json:"exposed_headers"`
}

// Control is an attempt with a known answer, made before the target was judged.
type Control struct {
	ID      string `json:"id" redact:"-"`
	Outcome string `json:"outcome" redact:"-"`
	Detail  string `json:"detail" redact:"words"`
}

// Result is what became of one scenario on one subject.
type Result struct {
	ID       string             `json:"id" redact:"-"`
	Title    string             `json:"title" redact:"-"`
	Family   string             `json:"family" redact:"-"`
	Level    scenarios.Level    `json:"level" redact:"-"`
	Severity scenarios.Severity `json:"severity" redact:"-"` // of a violation, else empty
	Verdict  scenarios.Verdict  `json:"verdict" redact:"-"`
	// Accepted marks a violation that the operator has accepted, and Acceptance says
	// why; it is nil for all others.
	Accepted   bool        `json:"accepted"`
	Acceptance *Acceptance `json:"acceptance"`
	// Fails says that the result fails the run: that is decided nowhere else. Excuse
	// says why a violation or a doubt does not, and is empty otherwise.
	Fails  bool          `json:"fails"`
	Excuse engine.Excuse `json:"excuse" redact:"-"`
	// Change compares a violation with the baseline; empty where there is none.
	Change engine.Change `json:"change" redact:"-"`
	Reason string        `json:"reason" redact:"words"`
	// WouldTell says what to do so that a case can be judged that could not be; empty for
	// all others.
	WouldTell string `json:"would_tell" redact:"-"`
	// Exfiltrated says that the attacker's collector received private data.
	Exfiltrated bool `json:"exfiltrated"`
	// Cause is the ID of the cause that a violation falls with; empty for what is none.
	Cause string `json:"cause" redact:"-"`
	// FollowsFrom is the ID of the scenario whose violation explains this one, or
	// empty.
	FollowsFrom string     `json:"follows_from" redact:"-"`
	Subject     Subject    `json:"subject"`
	Proof       Proof      `json:"proof"`
	Guidance    []Guidance `json:"guidance" redact:"-"`
	Fix         string     `json:"fix" redact:"-"`
}

// Subject tells the results of one scenario apart. It is empty where a scenario
// does not apply.
type Subject struct {
	Endpoint   string               `json:"endpoint"`
	Origin     string               `json:"origin"`
	Credential scenarios.Credential `json:"credential" redact:"-"`
}

// Guidance names a source that asks for a requirement.
type Guidance struct {
	Source string `json:"source"`
	Ref    string `json:"ref"`
	URL    string `json:"url"`
}

// Cookie is a cookie of the victim with the attributes the browser gave it. Its
// value is never in a report.
type Cookie struct {
	Name     string `json:"name" redact:"wire"`
	Value    string `json:"value" redact:"-"` // always [redacted]
	Domain   string `json:"domain" redact:"wire"`
	Path     string `json:"path" redact:"wire"`
	SameSite string `json:"same_site"` // empty is treated as Lax
	Secure   bool   `json:"secure"`
	HTTPOnly bool   `json:"http_only"`
	// Where the browser sends it: from a page of another site, from one of the same
	// site, and from another site where third-party cookies are blocked.
	CrossSite         CookieFate `json:"cross_site"`
	Sibling           CookieFate `json:"sibling"`
	ThirdPartyBlocked CookieFate `json:"third_party_blocked"`
}

// CookieFate says whether a cookie went along, and how that is known.
type CookieFate struct {
	Sent     bool     `json:"sent"`
	HeldBack []string `json:"held_back" redact:"-"` // Chrome's reasons
	Basis    string   `json:"basis" redact:"-"`     // "measured", "derived", or empty: unknown
}

// Withheld is a request that left the browser and was not passed on.
type Withheld struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Count  int    `json:"count"`
}

// Fault says why the harness could not go on. It is no finding about the target.
type Fault struct {
	Stage  string `json:"stage" redact:"-"`
	Error  string `json:"error" redact:"words"`
	Advice string `json:"advice" redact:"words"`
}
