package main

import (
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

func TestEveryLackHasAdvice(t *testing.T) {
	seen := map[string]scenarios.Lack{}
	for _, l := range scenarios.Lacks() {
		s := wouldTell(l)
		if s == "" || seen[s] != "" {
			t.Errorf("of %s the advice is %q, that of %q", l, s, seen[s])
		}
		seen[s] = l
	}
}
