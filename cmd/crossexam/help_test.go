package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// The help of a command fits two screens and names every flag; all of it is there for
// those who ask.
func TestHelpFitsTwoScreens(t *testing.T) {
	for _, name := range []string{"test", "init", "learn"} {
		brief := crossexam(t, nil, name, "--help").stdout
		whole := crossexam(t, nil, "help", name, "--all").stdout
		lines := strings.Split(strings.TrimSuffix(brief, "\n"), "\n")
		if len(lines) > 48 {
			t.Errorf("%s --help has %d lines", name, len(lines))
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) > 80 {
				t.Errorf("%s --help has a line of more than 80 columns: %s", name, l)
			}
		}
		if strings.Contains(brief, "\\\n\nFlags:") {
			t.Errorf("the last example of %s --help breaks off", name)
		}
		c, _, err := rootCommand().Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden {
				return
			}
			if !strings.Contains(brief, "--"+f.Name) || !strings.Contains(whole, "--"+f.Name+" ") {
				t.Errorf("the help of %s lacks --%s", name, f.Name)
			}
		})
	}
}

// What is listed as rare is a flag.
func TestRareFlagsAreFlags(t *testing.T) {
	c := testCommand()
	for _, r := range rare() {
		for _, name := range r.flags {
			if c.Flags().Lookup(name) == nil {
				t.Errorf("%s: there is no flag --%s", r.about, name)
			}
		}
	}
}
