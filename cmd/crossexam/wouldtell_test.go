package main

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

func TestEveryLackHasAdvice(t *testing.T) {
	for door, word := range map[string]func(scenarios.Lack) string{"the command line": wouldTell, "the tool": wouldTellAssistant} {
		seen := map[string]scenarios.Lack{}
		for _, l := range scenarios.Lacks() {
			s := word(l)
			if s == "" || seen[s] != "" {
				t.Errorf("%s: of %s the advice is %q, that of %q", door, l, s, seen[s])
			}
			seen[s] = l
			if flag := "--read"; door == "the tool" && strings.Contains(s, flag) {
				t.Errorf("of %s the advice to the tool names a flag: %q", l, s)
			}
		}
	}
}
