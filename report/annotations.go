package report

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// WriteAnnotations writes a workflow command of GitHub Actions for each cause, which
// shows it on the run and, with a file, in the changes of a pull request: an error for
// what fails the run, a warning for what is advised. What is accepted and what is for
// information has none. file is relative to the repository, or empty.
//
// Nothing that a target said can become a command of its own, or another parameter:
// see https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
func (r Report) WriteAnnotations(w io.Writer, file string) error {
	var b strings.Builder
	seen := map[string]bool{}
	for _, g := range r.groups() {
		for _, c := range g.Results {
			id := causeOf(c)
			if id == "" || c.Accepted || seen[id] || !r.convicted(id) && c.Level == scenarios.Info {
				continue
			}
			if r.convicted(id) && !c.convicts() {
				continue // another result of the cause is told of
			}
			seen[id] = true
			command := "warning"
			if c.convicts() {
				command = "error"
			}
			title, fix := c.Title, c.Fix
			for _, cause := range r.Causes {
				if cause.ID == id {
					title, fix = cause.Rule, cmp.Or(cause.Fix, fix)
				}
			}
			properties := "title=" + property("Crossexam: "+visibleLine(title))
			if file != "" {
				properties = "file=" + property(file) + "," + properties
			}
			message := fmt.Sprintf("%s (%s): %s. Fix: %s", c.ID, c.Subject.String(), visibleLine(c.Reason), fix)
			fmt.Fprintf(&b, "::%s %s::%s\n", command, properties, data(visibleLine(message)))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// convicted reports whether a cause fails the run.
func (r Report) convicted(cause string) bool {
	for _, c := range r.Results {
		if c.convicts() && causeOf(c) == cause {
			return true
		}
	}
	return false
}

// data escapes the message of a workflow command, property one of its parameters.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}

// WithoutCommands has GitHub Actions take no line for a command until resume is called:
// what a target says is printed, and may begin like one.
func WithoutCommands(w io.Writer) (resume func()) {
	token := rand.Text()
	fmt.Fprintf(w, "::stop-commands::%s\n", token)
	return func() { fmt.Fprintf(w, "::%s::\n", token) }
}
