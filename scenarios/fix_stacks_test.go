package scenarios

import (
	"regexp"
	"strings"
	"testing"
)

var frameworkWords = regexp.MustCompile(`FastAPI|Starlette|CORSMiddleware|allow_origins|allow_credentials|Django|Flask|Express|Spring`)

// A fix is about what its reader runs: a scenario's own names no framework, and what is
// added for one names no other.
func TestFixesAreTheStacks(t *testing.T) {
	for _, s := range Catalogue() {
		if word := frameworkWords.FindString(s.Fix); word != "" {
			t.Errorf("%s: the fix for everyone speaks of %s: %s", s.ID, word, s.Fix)
		}
		for stack, names := range map[string]string{"fastapi": "FastAPI|Starlette", "flask": "Flask", "django": "Django", "express": "Express|express", "go": "Go|gorilla", "spring": "Spring"} {
			others := frameworkWords.FindAllString(FixIn(s.ID, []string{stack}), -1)
			for _, word := range others {
				if stack != "fastapi" && !regexp.MustCompile(names).MatchString(word) {
					t.Errorf("%s: the fix for %s speaks of %s", s.ID, stack, word)
				}
			}
		}
	}
}

func TestFixInAStack(t *testing.T) {
	for _, tt := range []struct {
		id     string
		stacks []string
		want   string // in it; empty for nothing
	}{
		{"WLD-001", []string{"fastapi"}, "In FastAPI the list is allow_origins"},
		{"WLD-001", []string{"koa"}, "In Node the list is origin of the CORS middleware"},
		{"PRE-007", []string{"flask"}, "before_request"},
		{"PRE-007", []string{"gin", "nginx"}, "wrap the CORS middleware around the login's. In nginx, answer OPTIONS"},
		{"ORG-003", []string{"django"}, "take CORS_ALLOWED_ORIGIN_REGEXES out"}, // by its family
		{"ERR-004", []string{"chi"}, "recovery"},
		{"HDR-005", []string{"express"}, ""},
		{"ERR-001", nil, "In FastAPI add CORSMiddleware"},
	} {
		got := FixIn(tt.id, tt.stacks)
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s for %v: %q", tt.id, tt.stacks, got)
		}
	}
	for id, table := range fixesIn {
		family := len(id) == 3
		known := false
		for _, s := range Catalogue() {
			known = known || s.ID == id || family && s.Family() == id
		}
		if !known {
			t.Errorf("%s is no scenario", id)
		}
		for stack, text := range table {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s for %s is no sentence: %s", id, stack, text)
			}
		}
	}
}
