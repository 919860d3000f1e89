package report

import (
	"io"

	"github.com/crossexam/crossexam/scenarios"
)

// badge is what https://shields.io/badges/endpoint-badge reads.
type badge struct {
	SchemaVersion int    `json:"schemaVersion"`
	Label         string `json:"label"`
	Message       string `json:"message"`
	Color         string `json:"color"`
	IsError       bool   `json:"isError,omitempty"`
}

// writeBadge writes badge.json, a badge in the endpoint format of shields.io: what the
// run came to, and nothing about the target. A violation that fails the run is counted
// with its cause.
func (r Report) writeBadge(w io.Writer) error {
	b := badge{SchemaVersion: 1, Label: "cross-origin access"}
	switch r.ExitCode() {
	case ExitConforms:
		b.Message, b.Color = "conforms", "brightgreen"
		if n := r.Summary.Accepted; n > 0 {
			b.Message, b.Color = "conforms, "+plural(n, "violation", "violations")+" accepted", "green"
		}
	case ExitViolates:
		failing := map[string]scenarios.Severity{}
		worst := scenarios.Severity("")
		for _, c := range r.Results {
			if c.convicts() {
				failing[causeOf(c)] = c.Severity
				if c.Severity.Graver(worst) {
					worst = c.Severity
				}
			}
		}
		b.Message, b.Color, b.IsError = plural(len(failing), "finding", "findings")+", "+string(worst)+" severity", "red", true
		if worst != scenarios.High {
			b.Color = "orange"
		}
	case ExitUsage:
		b.Message, b.Color = "accepted deviations are stale", "yellow"
	default:
		b.Message, b.Color = "could not judge", "lightgrey"
	}
	return EncodeJSON(w, b)
}
