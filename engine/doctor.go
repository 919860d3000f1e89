package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/scenarios"
)

// A Check says how one thing that examinations need is on this machine.
type Check struct {
	Name    string // such as "browser"
	Outcome CheckOutcome
	Found   string // what is the case
	Advice  string // what to do, empty where there is nothing to do
}

// CheckOutcome says whether examinations can be made as far as a check goes.
type CheckOutcome string

// A check that is missing something needs the user to install or to change it. One
// that failed is a control of the browser: what it shows cannot be trusted.
const (
	CheckOK      CheckOutcome = "ok"
	CheckNote    CheckOutcome = "note" // works, and is worth knowing
	CheckMissing CheckOutcome = "missing"
	CheckFailed  CheckOutcome = "failed"
)

// Diagnose looks at what examinations need of this machine, and makes the controls
// of every kind of credential in a browser of its own, without a target. Each check
// is given when it is done. Those that need what an earlier one missed are left out.
func Diagnose(ctx context.Context, o attacker.Options) iter.Seq[Check] {
	return func(yield func(Check) bool) {
		browser := checkBrowser(o.Path)
		_ = yield(checkTemporaryFolder()) && yield(checkMemory()) && yield(browser) &&
			(browser.Outcome == CheckMissing || diagnoseBrowser(ctx, o, yield)) &&
			yield(checkNginx()) && yield(checkGo())
	}
}

func checkGo() Check {
	c := Check{Name: "go", Outcome: CheckOK}
	path, err := exec.LookPath("go")
	if err != nil {
		c.Outcome, c.Found = CheckNote, "not on PATH; only building Crossexam needs it"
		return c
	}
	c.Found = path + "; only building Crossexam needs it"
	return c
}

func checkNginx() Check {
	var with []string
	for _, s := range scenarios.Catalogue() {
		if s.Needs == scenarios.SharedCache {
			with = append(with, s.ID)
		}
	}
	needing := strings.Join(with, ", ")
	path, err := nginx.Find()
	if err != nil {
		return Check{
			Name: "nginx", Outcome: CheckNote,
			Found:  "not found; " + needing + ", about shared caches, will not be examined",
			Advice: "To have it examined: apt-get install nginx",
		}
	}
	return Check{Name: "nginx", Outcome: CheckOK, Found: path + ", as the shared cache of " + needing}
}

// checkTemporaryFolder makes sure that the browser's profile can be made.
func checkTemporaryFolder() Check {
	dir := attacker.ProfileRoot()
	c := Check{Name: "temp", Outcome: CheckOK, Found: dir}
	if temp, err := filepath.Abs(os.TempDir()); err != nil || dir != temp {
		c.Outcome = CheckNote
		c.Found = fmt.Sprintf("%s, since the path of %s is too long for Chrome's socket", dir, os.TempDir())
	}
	if err := tryWriting(dir); err != nil {
		c.Outcome, c.Found, c.Advice = CheckMissing, err.Error(), "Set TMPDIR to a folder that you can write to."
		return c
	}
	if free, known := freeSpace(dir); known {
		c.Found += ", " + megabytes(free) + " free"
		if free < ampleSpace {
			c.Outcome = CheckNote
			c.Advice = fmt.Sprintf("Should the browser die, make room or set TMPDIR to another folder: a run takes up to %s.", megabytes(ampleSpace))
		}
	}
	return c
}

// What a run took with Chromium 156, doubled, in bytes: the profile and Chrome's
// shared memory in the temporary folder, and the proportional set size of its
// processes. Chrome starts with a fraction of it, so that less is only a hint for
// when the browser dies.
const (
	ampleSpace  = 8 << 20
	ampleMemory = 1600 << 20
)

func tryWriting(dir string) error {
	f, err := os.CreateTemp(dir, "crossexam-doctor-")
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, "Crossexam was here.\n")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// checkMemory is a hint for when the browser dies.
func checkMemory() Check {
	c := Check{Name: "memory", Outcome: CheckOK, Found: "not known on this system"}
	if free, known := freeMemory(); known {
		c.Found = megabytes(free) + " free"
		if free < ampleMemory {
			c.Outcome = CheckNote
			c.Advice = fmt.Sprintf("Should the browser die, this is why: a run takes up to %s.", megabytes(ampleMemory))
		}
	}
	return c
}

func megabytes(n uint64) string { return fmt.Sprintf("%d MB", n>>20) }

// sentence makes a sentence of an error's text.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimRight(text[1:], ".") + "."
}
