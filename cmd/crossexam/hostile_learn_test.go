package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures/hostile"
	"github.com/crossexam/crossexam/report"
)

// hostilePage asks the API for much and in odd words, and then never comes to an end.
const hostilePage = `<!doctype html><title>%s</title><script>
const api = %s, words = %s
for (let i = 0; i < 1500; i++) {
  fetch(api + "/private?" + i, {headers: {["X-Words-" + i]: "v"}}).then(r => [...r.headers], () => {})
  fetch(api + "/" + i + "/" + encodeURIComponent(words), {credentials: "include"}).then(r => r.headers.get("X-Error"), () => {})
}
for (let i = 0; i < 200; i++) fetch("http://other-" + i + ".test/" + encodeURIComponent(words)).catch(() => {})
for (let i = 0; i < 20000; i++) console.log(words)
addEventListener("beforeunload", e => e.preventDefault())
open("about:blank"), alert(words), setTimeout(() => { for (;;); }, 2000)
</script>`

// TestHostileLearn learns from a front end that does what it likes, and from an API that
// answers it as it likes: it ends, takes no more than others do, and writes files that
// can be read.
func TestHostileLearn(t *testing.T) {
	browsertest.Needed(t)
	for _, b := range chosenHostile(t) {
		theme, _, _ := strings.Cut(b.Name, "/")
		if b.TLS != nil || b.File != "" || !slices.Contains([]string{"grant", "words", "header", "hangs", "body"}, theme) || *whichHostile == "short" && b.Name != "grant/everyone" {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			m := meet(t, b)
			words, err := json.Marshal(hostile.Words)
			if err != nil {
				t.Fatal(err)
			}
			front := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = io.WriteString(w, fmt.Sprintf(hostilePage, hostile.Words, fmt.Sprintf("%q", m.server.URL()), words))
			})
			dir := t.TempDir()
			r, peak := bounded(t, m.most(), nil, "learn", m.server.URL(), "--front-end", atLocalhost(front), "--for=5s", "--headless",
				"--output", filepath.Join(dir, "crossexam.yaml"), "--snippets", filepath.Join(dir, "cors-policy.md"))
			if !slices.Contains([]int{report.ExitConforms, report.ExitNoVerdict}, r.code) {
				t.Errorf("exit code %d\n%.2000s", r.code, r.stderr)
			}
			r.out = dir
			size := harmlessOutputs(t, r, m) + len(r.stdout) + len(r.stderr)
			if size > 1<<20 {
				t.Errorf("it writes %d kB", size>>10)
			}
			if _, err := os.Stat(filepath.Join(dir, "crossexam.yaml")); err == nil {
				checked := crossexam(t, nil, "test", "--config", filepath.Join(dir, "crossexam.yaml"), "--dry-run")
				checked.expect(t, report.ExitConforms)
			}
			t.Logf("exit %d, %d MB of memory, %d kB written, %d requests", r.code, peak>>20, size>>10, len(m.server.Asked()))
		})
	}
}
