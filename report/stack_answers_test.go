package report

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures/stacks/deployments"
)

// What all stacks of fixtures/stacks really answer to mistakes (recorded there, with
// -answers), and what they are known by: a sign that fits another stack too fails here.
func TestStackByItsRealAnswers(t *testing.T) {
	stacks, err := deployments.Load("..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/stack-answers.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct{ Stack, Release, Request, Raw string }
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	answers := map[string][]cors.Response{} // by stack and release
	for _, a := range recorded {
		if a.Raw == "" {
			continue // broken off
		}
		// Which does not keep the order of the lines.
		res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(a.Raw)), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(a.Raw, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		r := cors.Response{Status: res.StatusCode, Body: string(body)}
		for _, l := range lines[1:] {
			name, value, _ := strings.Cut(l, ": ")
			r.Headers = append(r.Headers, cors.Header{Name: name, Value: value})
		}
		name := strings.TrimSpace(a.Stack + " " + a.Release)
		answers[name] = append(answers[name], r)
	}
	for _, s := range stacks {
		for _, release := range s.AllReleases() {
			all, want := answers[strings.TrimSpace(s.Name+" "+release)], strings.Join(s.KnownAs, " ")
			if len(s.Cases) > 0 && len(all) == 0 {
				t.Errorf("no answers of %s %s are recorded", s.Name, release)
			}
			if got := strings.Join(stack(all), " "); got != want {
				t.Errorf("%s %s is taken for %q, want %q", s.Name, release, got, want)
			}
		}
	}
}
