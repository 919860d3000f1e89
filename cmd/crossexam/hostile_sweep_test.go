package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/fixtures/hostile"
	"github.com/crossexam/crossexam/report"
)

// TestHostileSwept points the sweep, which reads with no browser in between, at the same
// targets as TestHostile: what it prints is as harmless, it takes as little, and it never
// says that a target conforms.
func TestHostileSwept(t *testing.T) {
	for _, b := range chosenHostile(t) {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			m := meet(t, b)
			env, args := m.command(t)
			args = append(args, "--sweep-only", "--json", "--verbose")
			for _, flag := range m.Flags {
				if flag != "--direct" { // which is of the browser
					args = append(args, flag)
				}
			}
			r, peak := bounded(t, m.most(), append(env, "CROSSEXAM_BROWSER=/nonexistent"), args...)
			// What only a browser meets is answered well here.
			if !slices.Contains([]int{report.ExitConforms, report.ExitViolates, report.ExitNoVerdict}, r.code) {
				t.Errorf("exit code %d\n%.3000s%.3000s", r.code, r.stdout, r.stderr)
			}
			size := len(r.stdout) + len(r.stderr)
			if size > hostile.ReportSize {
				t.Errorf("it prints %d MB", size>>20)
			}
			harmlessAbout(t, "stderr", r.stderr, m)
			if r.stdout != "" { // there is a result
				harmlessAbout(t, "stdout.json", r.stdout, m)
			}
			if strings.Contains(r.stdout+r.stderr, "conform") {
				t.Errorf("without a browser it says that something conforms:\n%.3000s", r.stdout+r.stderr)
			}
			t.Logf("exit %d, %d MB of memory, %d kB printed, %d requests", r.code, peak>>20, size>>10, len(m.server.Asked()))
		})
	}
}

// TestHostileFleet has all of these targets in one fleet, beside one that is a victim of
// nothing but its policy: none of them keeps another from its outcome, and none has a
// word in the fleet's report that anybody obeys.
func TestHostileFleet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := []string{"CSRF=token-of-the-form"} // which a fleet has named too
	var list strings.Builder
	list.WriteString("targets:\n")
	var all []meeting
	for i, b := range chosenHostile(t) {
		m := meet(t, b)
		all = append(all, m)
		cookie, secret := fmt.Sprintf("COOKIE%d", i), fmt.Sprintf("SECRET%d", i)
		env = append(env, cookie+"="+hostile.Cookie(m.secret), secret+"="+m.secret)
		if m.File != "" {
			name := fmt.Sprintf("target%d.yaml", i)
			text := strings.NewReplacer("URL", m.server.URL(), "${COOKIE}", "${"+cookie+"}", "${SECRET}", "${"+secret+"}", "csrf=token-of-the-form", "csrf=${CSRF}").Replace(m.File)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "  - %s\n", name)
			continue
		}
		fmt.Fprintf(&list, "  - {target: %q, name: %q, trusted: [%q], credentials: {cookies: [\"${%s}\"]}", m.server.URL(), m.Name, hostile.Trusted, cookie)
		if !m.Discovers {
			fmt.Fprintf(&list, ", read: [%q]", hostile.ReadPath)
		}
		if slices.Contains(m.Flags, "--insecure-skip-verify") {
			list.WriteString(", insecure_skip_verify: true")
		}
		list.WriteString("}\n")
	}
	victim := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `[{"title": "private"}]`)
	})
	// A list of targets may be written by anybody in an organisation.
	fmt.Fprintf(&list, "  - {target: %q, name: %q, owner: %q, trusted: [%q], read: [/private]}\n", victim, hostile.Words, hostile.Words, hostile.Trusted)
	manifest := filepath.Join(dir, "fleet.yaml")
	if err := os.WriteFile(manifest, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	r, peak := bounded(t, 300<<20, env, "fleet", "run", manifest, "--prove=none", "--sweeps=32", "--state="+filepath.Join(dir, "state"), "--out="+out)
	r.out = out
	r.expect(t, report.ExitViolates, "fleet.html")
	size := harmlessOutputs(t, r, all...)
	outcomes := found(t, out)
	for _, m := range all {
		if o, known := outcomes[m.server.URL()]; !known || len(o.Conforms) > 0 {
			t.Errorf("%s: known %v, %+v", m.Name, known, o)
		}
	}
	if o := outcomes[victim]; o.ExitCode != report.ExitViolates || len(outcomes) != len(all)+1 {
		t.Errorf("%d outcomes of %d targets; of the victim: %+v", len(outcomes), len(all)+1, o)
	}
	t.Logf("%d targets, %d MB of memory, %d kB of report", len(outcomes), peak>>20, size>>10)
}
