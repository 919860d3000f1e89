package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report/internal/alert"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// baseID names the target's base URL in the SARIF file. Locations are relative to
// it (SARIF 2.1.0, section 3.14.14): GitHub refuses a whole file that has one
// absolute https location in it ("SARIF URI scheme "https" did not match the
// checkout URI scheme "file"").
const baseID = "TARGET"

// writeSARIF writes results.sarif. Its results are the causes of violations and nothing
// else, one for each class of endpoints: code scanning services make an alert of each
// whatever its kind. Those of which all is accepted are suppressed (SARIF 2.1.0, section
// 3.35). What could not be judged is in the notifications of the invocation.
func (r Report) writeSARIF(w io.Writer) error {
	run := alert.NewRun(r.Tool.Version)
	base := sarif.NewArtifactLocation().WithURI(baseURI(r.Target.URL)).
		WithDescription(sarif.NewTextMessage("The API under test."))
	run.WithOriginalUriBaseIds(map[string]sarif.ArtifactLocation{baseID: *base})
	run.WithRedactionTokens([]string{target.Redacted})
	run.AddInvocation(r.invocation())
	for i, c := range r.Causes {
		run.Tool.Driver.AddRule(r.sarifRule(c))
		for _, a := range r.alerts(c) {
			run.AddResult(a.result().WithRuleIndex(i))
		}
	}
	return alert.Write(w, run)
}

// sarifRule describes a cause, with the guidance of the requirements that fall with it.
func (r Report) sarifRule(c Cause) *sarif.ReportingDescriptor {
	rule := alert.Rule{
		ID: c.ID, Says: visibleLine(capital(c.Rule)) + ".", Fix: c.Fix,
		Level: c.Level, Severity: c.Severity, Requirements: c.Requirements,
	}
	for _, g := range r.guidance(c) {
		rule.Guidance = append(rule.Guidance, scenarios.Guidance(g))
	}
	return rule.Descriptor()
}

// guidance are the sources that ask for the requirements of a cause, each once, those of
// the worst result first.
func (r Report) guidance(c Cause) []Guidance {
	var all []Guidance
	add := func(one Result) {
		for _, g := range one.Guidance {
			if !slices.Contains(all, g) {
				all = append(all, g)
			}
		}
	}
	if worst := r.worst(c); worst != nil {
		add(*worst)
	}
	for _, one := range r.Results {
		if one.Cause == c.ID {
			add(one)
		}
	}
	return all
}

// An alerted cause is what a cause comes to at a class of endpoints.
type alerted struct {
	cause   Cause
	class   string
	results []Result // the gravest first
}

// endpointClass tells endpoints apart by how they are used, so that another endpoint of
// the same kind is no other alert.
func endpointClass(s Subject) string {
	method, _, _ := strings.Cut(s.Endpoint, " ")
	switch {
	case s.Endpoint == "":
		return "deployment"
	case strings.HasSuffix(s.Endpoint, ")"): // the status that was provoked
		return "errors"
	case cors.IsSafeMethod(method):
		return "reads"
	}
	return "writes"
}

// alerts are those of a cause, in the order of their classes.
func (r Report) alerts(c Cause) []alerted {
	byClass := map[string]*alerted{}
	for _, one := range r.Results {
		if one.Cause != c.ID {
			continue
		}
		class := endpointClass(one.Subject)
		if a := one.Proof.Attempt; a != nil && a.Reads && class == "writes" {
			class = "reads" // the operator says that this request changes nothing
		}
		if byClass[class] == nil {
			byClass[class] = &alerted{cause: c, class: class}
		}
		byClass[class].results = append(byClass[class].results, one)
	}
	var all []alerted
	for _, class := range slices.Sorted(maps.Keys(byClass)) {
		a := byClass[class]
		slices.SortStableFunc(a.results, func(x, y Result) int {
			return cmp.Or(y.gravity()-x.gravity(), y.harm()-x.harm(), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Subject.String(), y.Subject.String()))
		})
		all = append(all, *a)
	}
	return all
}

func (a alerted) result() *sarif.Result {
	worst := a.results[0]
	requirements, origins, credentials, endpoints := []string{}, []string{}, []string{}, []string{}
	once := func(list *[]string, s string) bool {
		if s == "" || slices.Contains(*list, s) {
			return false
		}
		*list = append(*list, s)
		return true
	}
	level, accepted, exfiltrated, change := scenarios.Info, true, false, engine.Change("")
	result := sarif.NewRuleResult(a.cause.ID)
	for _, c := range a.results {
		once(&requirements, c.ID)
		once(&origins, visibleLine(c.Subject.Origin))
		once(&credentials, string(c.Subject.Credential))
		if (once(&endpoints, visibleLine(c.Subject.Endpoint)) || len(result.Locations) == 0) && len(result.Locations) < alertLocations {
			result.AddLocation(location(c))
		}
		if c.Level == scenarios.Must || level == scenarios.Info {
			level = c.Level
		}
		accepted, exfiltrated = accepted && c.Accepted, exfiltrated || c.Exfiltrated
		if change != engine.Unchanged {
			change = c.Change
		}
	}
	slices.Sort(requirements)
	message := fmt.Sprintf("%s. %s", visibleLine(capital(a.cause.Rule)), visibleLine(opening(worst.Reason)))
	if about := worst.Subject.String(); about != "" {
		message += " [" + about + "]"
	}
	properties := sarif.NewPropertyBag().
		Add("class", a.class).
		Add("requirements", requirements).
		Add("results", len(a.results)).
		Add("severity", string(worst.Severity)).
		Add("origins", origins[:min(len(origins), alertLocations)]).
		Add("credentials", credentials).
		Add("exfiltrated", exfiltrated)
	if worst.Proof.LootSHA256 != "" {
		properties.Add("loot_sha256", worst.Proof.LootSHA256)
	}
	result.WithLevel(alert.Level(level)).
		WithMessage(sarif.NewTextMessage(message)).
		WithPartialFingerprints(map[string]string{alert.FingerprintKey: a.fingerprint()}).
		WithProperties(properties)
	if change != "" {
		result.WithBaselineState(string(change)) // the same words (section 3.27.24)
	}
	if accepted && worst.Acceptance != nil {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted").WithJustification("Accepted " + worst.Acceptance.String()))
	}
	return result
}

// alertLocations is how many endpoints and origins an alert names: services show a few.
const alertLocations = 10

// fingerprint identifies an alert from run to run: the cause and the class of endpoints,
// whatever else is violated, and in whatever order.
func (a alerted) fingerprint() string {
	return alert.Fingerprint(a.cause.ID, a.class)
}

// location is the endpoint, relative to the target. There is no file and no line;
// services that want one get the first.
func location(c Result) *sarif.Location {
	l := sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(alert.EndpointURI(c.Subject.Endpoint)).WithURIBaseID(baseID)).
		WithRegion(sarif.NewRegion().WithStartLine(1)))
	if c.Subject.Endpoint != "" {
		l.AddLogicalLocation(sarif.NewLogicalLocation().WithName(visibleLine(c.Subject.Endpoint)).WithKind("resource"))
	}
	return l
}

// baseURI ends in a slash, as a base has to.
func baseURI(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return "about:blank"
	}
	return strings.TrimSuffix(u.String(), "/") + "/"
}

// invocation says how the run went, and what it could not judge.
func (r Report) invocation() *sarif.Invocation {
	code := r.ExitCode()
	i := sarif.NewInvocation().
		WithExecutionSuccessful(r.Fault == nil).
		WithExitCode(code).
		WithExitCodeDescription(r.meaning()).
		WithStartTimeUtc(r.Run.Started.Format(time.RFC3339))
	if f := r.Fault; f != nil {
		text := broke(f.Stage) + ": " + visibleLine(f.Error)
		i.AddToolExecutionNotification(sarif.NewNotification().WithLevel(sarif.LevelError).WithMessage(sarif.NewTextMessage(text)))
	}
	for _, s := range r.Stale {
		i.AddToolConfigurationNotification(sarif.NewNotification().WithLevel(sarif.LevelError).
			WithMessage(sarif.NewTextMessage(fmt.Sprintf("The accepted deviation %s is stale. %s", s.About(), whatStale))))
	}
	for _, c := range r.Results {
		if c.Verdict != scenarios.CannotTell {
			continue
		}
		i.AddToolExecutionNotification(sarif.NewNotification().
			WithLevel(sarif.LevelWarning).
			WithMessage(sarif.NewTextMessage(fmt.Sprintf("%s could not be judged: %s [%s]", c.ID, visibleLine(c.Reason), c.Subject.String()))).
			AddLocation(location(c)))
	}
	return i
}
