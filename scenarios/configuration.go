package scenarios

import (
	"slices"
	"strings"
)

// configuration is the family CFG: how the deployment is configured, by what the
// target says at its start and by how it starts when its origins are mistyped.
func configuration() []Scenario {
	return []Scenario{
		{
			ID:       "CFG-001",
			Title:    "The startup log has no warning that every origin is allowed by default",
			Level:    Must,
			Topic:    Configuration,
			Guidance: []Guidance{hardeningStep("step 4"), hardeningStep("step 1"), hardeningStep("section on defaults"), apiTop10("API8:2023")},
			Fix:      "Set the allowed origins to those of the front end where the API is started, such as CORS_ORIGINS in its environment, and start it again.",
			Plan:     planNoDefault,
		},
		{
			ID:       "CFG-002",
			Title:    "The startup log lists exactly the trusted origins",
			Level:    Must,
			Topic:    Configuration,
			Guidance: []Guidance{hardeningStep("step 4"), hardeningStep("step 1"), asvs5("3.4.2")},
			Fix: "Set the allowed origins to exactly those of the front end, each as the browser sends it: scheme and host in lower case, no path and " +
				"no trailing slash. An empty value is a wildcard too.",
			Plan: ofIntention(planExactOrigins),
		},
		{
			ID:       "CFG-003",
			Title:    "Started with origins that are mistyped or missing, the target is closed to an arbitrary origin or refuses to start",
			Level:    Must,
			Topic:    Configuration,
			Guidance: []Guidance{hardeningStep("step 1"), hardeningStep("section on defaults"), asvs5("3.4.2"), apiTop10("API8:2023")},
			Fix: "Let no origin be the default, trim and drop empty items, and stop at the start with a message where an item is not an origin " +
				"or is \"*\".",
			Plan: ofIntention(planMistypedOrigins),
		},
	}
}

// A StartupLog is what the target said of its CORS configuration when it started.
type StartupLog struct {
	Preset string `json:"preset"` // whose lines were looked for
	Lines  int    `json:"lines"`  // that were read
	// Said is what the last line that is about the configuration says; empty where
	// there is no such line.
	Said string `json:"said,omitempty"`
	// Default says that it warns of the wildcard default.
	Default bool `json:"default,omitempty"`
	// Origins are those it lists, as it writes them. They are unknown where
	// Unreadable says why.
	Origins    []string `json:"origins,omitempty"`
	Unreadable string   `json:"unreadable,omitempty"`
}

const (
	noStartupLog = "No startup log was given, from a file, a command or on standard input."
	startupLog   = "startup log" // the subject
)

func planNoDefault(t Target) ([]Case, string) {
	if t.StartupLog == nil {
		return nil, noStartupLog
	}
	return aboutLog(func() Judgement { return judgeNoDefault(*t.StartupLog) }), ""
}

func planExactOrigins(t Target) ([]Case, string) {
	switch {
	case t.StartupLog == nil:
		return nil, noStartupLog
	case len(t.Trusted)+len(t.OtherTrusted) == 0:
		return nil, noTrusted
	}
	return aboutLog(func() Judgement { return judgeExactOrigins(*t.StartupLog, t.DeclaredTrust()) }), ""
}

// aboutLog is a case that attempts nothing.
func aboutLog(judge func() Judgement) []Case {
	return []Case{{Subject: Subject{Endpoint: startupLog}, Judge: func(Observations) Judgement { return judge() }}}
}

func judgeNoDefault(l StartupLog) Judgement {
	switch {
	case l.Said == "":
		return saidNothing(l)
	case l.Default:
		return violates(Low, "the startup log warns of the wildcard default: %s", quote(l.Said))
	}
	return conforms("the startup log warns of no default and says %s", quote(l.Said))
}

func saidNothing(l StartupLog) Judgement {
	return cannotTell("none of the %d lines of the startup log is one that %s writes about its CORS configuration", l.Lines, l.Preset).until(LacksLog)
}

func judgeExactOrigins(l StartupLog, trusted []string) Judgement {
	switch {
	case l.Said == "":
		return saidNothing(l)
	case l.Default:
		return violates(Low, "the startup log lists no origins and warns of the wildcard default: %s", quote(l.Said))
	case l.Unreadable != "":
		return cannotTell("the startup log says %s, and the list in it cannot be read: %s", quote(l.Said), l.Unreadable).until(LacksLog)
	case slices.Contains(l.Origins, "*"):
		return violates(Low, "the startup log lists \"*\", which lets every origin in whatever else is listed: %s", quote(l.Said))
	}
	extra, missing := notIn(l.Origins, trusted), notIn(trusted, l.Origins)
	switch {
	case len(extra) > 0 && len(missing) > 0:
		return violates(Low, "the startup log lists %s, not among the trusted origins, and lacks %s", quoted(extra), quoted(missing))
	case len(extra) > 0:
		return violates(Low, "the startup log lists %s, not among the trusted origins", quoted(extra))
	case len(missing) > 0:
		return violates(Low, "the startup log lacks the trusted origin %s, which is locked out", quoted(missing))
	}
	return conforms("the startup log lists the trusted origins and no other: %s", quoted(l.Origins))
}

// notIn are the items of a list that are not in the other.
func notIn(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// quoted shows the first few items.
func quoted(list []string) string {
	const most = 5
	var parts []string
	for _, s := range list[:min(len(list), most)] {
		parts = append(parts, quote(s))
	}
	if len(list) > most {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}
