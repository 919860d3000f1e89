package report

import (
	"fmt"
	"strings"
)

// withheld says in a sentence what was kept from the target, or nothing. It names
// the first requests, and says how many more there are.
func (r Report) withheld(most int) string {
	if len(r.Withheld) == 0 {
		return ""
	}
	var parts []string
	for i, w := range r.Withheld {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(r.Withheld)-most))
			break
		}
		text := w.Method + " " + w.Path
		if w.Count > 1 {
			text += fmt.Sprintf(" (%d times)", w.Count)
		}
		parts = append(parts, text)
	}
	return "Withheld, since it could change something: " + strings.Join(parts, ", ") + "."
}
