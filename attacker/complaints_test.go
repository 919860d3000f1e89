package attacker

import (
	"slices"
	"strings"
	"testing"
)

// A browser that prints that the system lets it start no more processes is heard at the
// first of these lines, however the output comes in parts.
func TestComplaints(t *testing.T) {
	const refusal = "[1:1:ERROR] pthread_create: Resource temporarily unavailable (11)"
	for name, c := range map[string]struct {
		parts []string
		told  []string
	}{
		"in one part":     {[]string{"a\n" + refusal + "\nb\n"}, []string{refusal}},
		"in two":          {[]string{"a\n" + refusal[:40], refusal[40:] + "\n"}, []string{refusal}},
		"without an end":  {[]string{refusal}, []string{refusal}},
		"again and again": {[]string{refusal + "\n", refusal + "\n"}, []string{refusal}},
		"another":         {[]string{"DevTools listening\n", "Failed to connect to the bus\n"}, nil},
		"across lines":    {[]string{"Resource temporarily\nunavailable\n"}, nil},
		"an endless line": {[]string{strings.Repeat("x", 1<<20), refusal + "\n", refusal + "\n"}, []string{refusal}},
	} {
		var told []string
		p := complaints{told: func(line string) { told = append(told, line) }}
		for _, part := range c.parts {
			if n, err := p.Write([]byte(part)); n != len(part) || err != nil {
				t.Errorf("%s: %d bytes, %v", name, n, err)
			}
		}
		if len(told) == 1 && strings.HasPrefix(refusal, told[0]) && len(c.told) == 1 {
			continue // what came of the line by then
		}
		if !slices.Equal(told, c.told) {
			t.Errorf("%s: told %q, want %q", name, told, c.told)
		}
	}
	if err := tooManyProcesses("chrome failed to start:\nFailed to connect to the bus\n" + refusal + "\n" + refusal + "\n"); strings.Count(err.Error(), refusal) != 1 || strings.Contains(err.Error(), "bus") {
		t.Errorf("%v", err)
	}
	if err := tooManyProcesses(": " + refusal + "\n"); !strings.Contains(err.Error(), "ulimit -u") || !strings.HasSuffix(err.Error(), refusal) {
		t.Errorf("%v", err)
	}
}
