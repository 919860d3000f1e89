package attacker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/scratch"
)

// temporary makes an empty folder the temporary one, with a short name, since a
// socket of the browser's goes into it.
func temporary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cx-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	return dir
}

func profiles(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"+profilePrefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestStartErrors: a program that is no browser, and a caller that gives up, leave
// nothing behind.
func TestStartErrors(t *testing.T) {
	stage := newStage(t)
	dir := temporary(t)
	started := dir + "/started"
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sleep, dir+"/asleep"); err != nil { // to be found by its name
		t.Fatal(err)
	}
	sleeper := program(t, dir+"/sleeper", "#!/bin/sh\n: > "+started+"\n"+dir+"/asleep 1000\n")
	complainer := program(t, dir+"/complainer", "#!/bin/sh\necho 'a library is missing' >&2\nexit 1\n")
	limited := program(t, dir+"/limited", "#!/bin/sh\necho 'Check failed: . : Resource temporarily unavailable (11)' >&2\nexit 1\n")
	given := errors.New("the caller gave up")
	for _, c := range []struct {
		name, path string
		context    func(context.Context) (context.Context, context.CancelFunc)
		says       string
		is         error
	}{
		{name: "no browser", path: "/bin/true", says: "it does not behave as Chrome or Chromium does: chrome failed to start"},
		{name: "one that complains", path: complainer, says: "a library is missing"},
		{name: "one that may not start processes", path: limited, says: "raise the limit on them (ulimit -u"},
		{name: "one without a sandbox", path: program(t, dir+"/unboxed", "#!/bin/sh\necho '[1:1:FATAL:zygote_host_impl_linux.cc] No usable sandbox! If this is a Debian system, ...' >&2\nexit 1\n"), is: ErrNoSandbox},
		{name: "none", path: dir + "/missing", says: "name an executable file", is: ErrNoBrowser},
		{name: "not executable code", path: program(t, dir+"/garbage", "\x7fELF"), says: "exec format error"},
		{name: "given up before", path: "/bin/true", is: given, context: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(given)
			return ctx, func() {}
		}},
		{name: "given up on one that is silent", path: sleeper, is: given, context: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			go func() {
				for !exists(started) {
					time.Sleep(time.Millisecond)
				}
				cancel(given)
			}()
			return ctx, func() {}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := bounded(t)
			if c.context != nil {
				var cancel context.CancelFunc
				ctx, cancel = c.context(ctx)
				defer cancel()
			}
			b, err := Start(ctx, stage, Options{Path: c.path})
			if err == nil {
				b.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("the error is %v", err)
			}
			if left := profiles(t, dir); len(left) != 0 {
				t.Errorf("profiles are left: %q", left)
			}
		})
	}
	noProcessesOf(t, dir)
}

// TestStartCancelled gives up at many points of a real start.
func TestStartCancelled(t *testing.T) {
	needsBrowser(t)
	stage := newStage(t)
	dir := temporary(t)
	given := errors.New("the caller gave up")
	for _, until := range []string{"Default/Preferences", "SingletonLock", "Default/History"} {
		ctx, cancel := context.WithCancelCause(bounded(t))
		ended := make(chan bool)
		go func() {
			defer close(ended)
			for ctx.Err() == nil {
				for _, p := range profiles(t, dir) {
					if exists(filepath.Join(p, until)) {
						cancel(given)
					}
				}
				time.Sleep(time.Millisecond)
			}
		}()
		b, err := Start(ctx, stage, Options{})
		switch {
		case err == nil: // it was quicker
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		case !errors.Is(err, given):
			t.Errorf("given up at %s: %v", until, err)
		}
		cancel(nil)
		<-ended
		if left := profiles(t, dir); len(left) != 0 {
			t.Errorf("given up at %s: profiles are left: %q", until, left)
		}
		noProcessesOf(t, dir)
	}
}

func TestStartAndClose(t *testing.T) {
	home := t.TempDir()
	dir := temporary(t)
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home+"/config")
	before := runtime.NumGoroutine()

	stage, browser := start(t, Options{})
	profile := browser.profile.dir
	if len(processesOf(t, profile)) == 0 || !exists(profile) {
		t.Fatalf("the profile %s is not in use", profile)
	}
	info := browser.Info()
	if !strings.Contains(info.Product, "Chrome/") || info.Path == "" || info.Protocol == "" || info.Posture != (Posture{}) || info.Sandbox == (os.Getuid() == 0) {
		t.Errorf("%+v", info)
	}
	if !slices.Contains(info.Flags, "--user-data-dir="+profile) || !slices.Contains(info.Flags, "--no-proxy-server") {
		t.Errorf("the flags are %q", info.Flags)
	}
	for _, victim := range []string{"a", "b"} { // a tab of either kind
		tab, err := browser.Tab(bounded(t), victim)
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.AnswerPrompts(bounded(t), map[cors.Origin]BasicLogin{evil: {}}); err != nil { // in goroutines
			t.Fatal(err)
		}
		open(t, tab, evil)
		if err := tab.crash(bounded(t)); !errors.Is(err, ErrPageCrashed) { // a crash report, for one, is written
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := stage.Close(); err != nil {
		t.Error(err)
	}
	noProcessesOf(t, profile)
	for _, d := range []string{dir, home} {
		left, err := os.ReadDir(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range left {
			t.Errorf("%s is left in %s", e.Name(), d)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if n := runtime.NumGoroutine(); n <= before {
			break
		} else if time.Now().After(deadline) {
			stacks := make([]byte, 1<<17)
			t.Fatalf("%d goroutines, %d before:\n%s", n, before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// doomedEnv makes the test binary a process that starts a browser, names its
// profile on standard output, and waits to be killed.
const doomedEnv = "CROSSEXAM_TEST_DOOMED"

func beDoomed() {
	stage, err := NewStage()
	if err == nil {
		var b *Browser
		if b, err = Start(context.Background(), stage, Options{}); err == nil {
			fmt.Println(b.profile.dir)
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKilledProcess: of a run that was killed no process survives, and the next
// start removes its profile, but none that is in use.
func TestKilledProcess(t *testing.T) {
	_, browser := lab(t)
	mine := browser.profile.dir

	doomed := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	doomed.Env = append(os.Environ(), doomedEnv+"=1")
	doomed.Stderr = os.Stderr
	out, err := doomed.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := doomed.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.TrimSpace(line)
	if len(processesOf(t, theirs)) == 0 {
		t.Fatal("the browser does not run")
	}
	scratch.Sweep(ProfileRoot(), profilePrefix)
	if !exists(theirs) || !exists(filepath.Join(theirs, "Default")) {
		t.Fatal("a profile in use was swept")
	}
	if err := doomed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = doomed.Wait() // says that it was killed
	noProcessesOf(t, theirs)
	if !exists(theirs) {
		t.Fatal("the killed process has tidied up, so that this test shows nothing")
	}
	next, err := newProfile(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer next.remove()
	if exists(theirs) {
		t.Errorf("%s is left", theirs)
	}
	if !exists(filepath.Join(mine, "Default")) {
		t.Error("the profile of the running browser was swept")
	}
	run(t, openTab(t, browser, anyone)) // it lives
}

// TestProfilesAtOnce makes and sweeps profiles from many goroutines, as packages
// under test do that run at once: none takes another's.
func TestProfilesAtOnce(t *testing.T) {
	temporary(t)
	made := make(chan error)
	for range 16 {
		go func() {
			made <- func() error {
				for range 20 {
					p, err := newProfile(t.Context(), Options{})
					if err != nil {
						return err
					}
					scratch.Sweep(ProfileRoot(), profilePrefix)
					if !exists(filepath.Join(p.dir, "Default", "Preferences")) {
						return errors.New("a profile in use was swept")
					}
					if err := p.remove(); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range 16 {
		if err := <-made; err != nil {
			t.Error(err)
		}
	}
	if left := profiles(t, os.TempDir()); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// waiting mounts an API that tells of each request and answers none.
func waiting(t *testing.T, s *Stage, origin string) (a scenarios.Attempt, asked <-chan bool) {
	t.Helper()
	requests := make(chan bool, 100)
	api := mount(t, s, origin, func(w http.ResponseWriter, r *http.Request) {
		requests <- true
		<-r.Context().Done()
	})
	return api.get("/"), requests
}

// TestCrash has pages crash and then the browser, since one that starts is dear.
func TestCrash(t *testing.T) {
	stage, browser := ownLab(t, Options{})
	waits, asked := waiting(t, stage, "https://waits.crash.test")
	a := mount(t, stage, "https://api.crash.test", protocol)

	// crash has a tab wait for an answer when the worst happens, and gives what
	// becomes of the call.
	crash := func(t *testing.T, tab *Tab, how func()) error {
		t.Helper()
		open(t, tab, evil)
		result := make(chan error)
		go func() {
			_, err := tab.Run(bounded(t), []Task{{Attempt: waits}})
			result <- err
		}()
		<-asked
		how()
		return <-result
	}

	// The first victim has the browser's own tab, the second a context of its own.
	for _, victim := range []string{"first", "second"} {
		t.Run("page of the "+victim, func(t *testing.T) {
			tab := openTab(t, browser, victim)
			if err := tab.SetCookie(bounded(t), a.origin, "session", "1"); err != nil {
				t.Fatal(err)
			}
			err := crash(t, tab, func() {
				if err := tab.crash(bounded(t)); !errors.Is(err, ErrPageCrashed) {
					t.Errorf("Crash: %v", err)
				}
			})
			if !errors.Is(err, ErrPageCrashed) {
				t.Errorf("Run: %v", err)
			}
			if err := tab.Open(bounded(t), evil, Malicious); !errors.Is(err, ErrPageCrashed) {
				t.Errorf("Open in a tab that crashed: %v", err)
			}
			browser.CloseTab(victim)
			// The next tab of this name is another one, with an empty jar.
			again := openTab(t, browser, victim)
			open(t, again, evil)
			if s := run(t, again, a.get("/open"))[0]; !s.Page.Readable || a.request(t, s).Headers.Has("Cookie") {
				t.Errorf("afterwards: %+v", s)
			}
		})
	}
	t.Run("browser", func(t *testing.T) {
		tab, other := openTab(t, browser, "third"), openTab(t, browser, "fourth")
		open(t, other, evil)
		err := crash(t, tab, func() {
			p, err := os.FindProcess(browser.PID())
			if err != nil {
				t.Error(err)
				return
			}
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
		})
		if !errors.Is(err, ErrBrowserGone) {
			t.Errorf("Run: %v", err)
		}
		for name, call := range map[string]func() error{
			"Run":     func() error { _, err := other.Run(bounded(t), []Task{{Attempt: waits}}); return err },
			"Open":    func() error { return other.Open(bounded(t), cors.MustParseOrigin("https://b.test"), Malicious) },
			"Cookies": func() error { _, err := other.Cookies(bounded(t), "https://b.test/"); return err },
			"Tab":     func() error { _, err := browser.Tab(bounded(t), "fifth"); return err },
		} {
			if err := call(); !errors.Is(err, ErrBrowserGone) {
				t.Errorf("%s: %v", name, err)
			}
		}
		browser.CloseTab("third")
		profile := browser.profile.dir
		if err := browser.Close(); err != nil || exists(profile) {
			t.Errorf("Close: %v, the profile exists: %t", err, exists(profile))
		}
		noProcessesOf(t, profile)
	})
}

// TestCancelled: a caller that gives up gets its own cause back at once, and the
// browser stays usable.
func TestCancelled(t *testing.T) {
	stage, browser := lab(t)
	waits, asked := waiting(t, stage, "https://waits.cancelled.test")
	a := mount(t, stage, "https://api.cancelled.test", protocol)
	slow := cors.MustParseOrigin("https://slow.cancelled.test")
	stage.Mount(slow, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<img src=/image>")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/image" {
			<-r.Context().Done()
		}
	}))
	given := errors.New("the caller gave up")
	tab := openTab(t, browser, anyone)
	for _, v := range []scenarios.Vector{scenarios.Fetch, scenarios.SandboxedFrame} {
		open(t, tab, evil)
		ctx, cancel := context.WithCancelCause(bounded(t))
		go func() {
			<-asked
			cancel(given)
		}()
		waits.Vector = v
		if _, err := tab.Run(ctx, []Task{{Attempt: waits}}); !errors.Is(err, given) {
			t.Errorf("%s: Run: %v", v, err)
		}
		at := a.get("/open")
		at.Vector = v
		open(t, tab, evil)
		if s := run(t, tab, at)[0]; !s.Page.Readable {
			t.Errorf("%s: after Run: %+v", v, s)
		}
	}

	// A page that never ends to load.
	ctx, cancel := context.WithCancelCause(bounded(t))
	stage.Mount(cors.MustParseOrigin("https://slow.cancelled.test"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<img src=/image>")
		if r.URL.Path == "/image" {
			cancel(given)
			<-r.Context().Done()
		}
	}))
	if err := tab.Visit(ctx, slow.String()); !errors.Is(err, given) {
		t.Errorf("Visit: %v", err)
	}
	if _, err := browser.Tab(ctx, "latecomer"); !errors.Is(err, given) {
		t.Errorf("Tab: %v", err)
	}
	open(t, tab, evil)
	if s := run(t, tab, a.get("/open"))[0]; !s.Page.Readable {
		t.Errorf("afterwards: %+v", s)
	}
	run(t, openTab(t, browser, "latecomer"))
}

func TestWithin(t *testing.T) {
	_, browser := lab(t)
	tab := openTab(t, browser, anyone)
	err := tab.within(time.Millisecond, t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err == nil || err.Error() != "the browser was not done within 1ms" {
		t.Errorf("%v", err)
	}
}
