package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// programVariable has the test binary be the program that a test starts.
const programVariable = "CROSSEXAM_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if kind := os.Getenv(programVariable); kind != "" {
		program(kind, os.Args[1])
		return
	}
	os.Exit(m.Run())
}

// program is one of several kinds of target, on a port of 127.0.0.1.
func program(kind, port string) {
	value, set := os.LookupEnv("CORS_ORIGINS")
	fmt.Fprintf(os.Stderr, "CORS allowed origins: [%q]\n", value)
	switch kind {
	case "strict": // says what it does not like
		if !set || value == "" || strings.Contains(value, "*") || strings.Contains(value, "/,") || strings.HasSuffix(value, "/") {
			fmt.Fprintf(os.Stderr, "CORS_ORIGINS cannot be %q\n\n", value)
			os.Exit(3)
		}
	case "telltale":
		fmt.Fprintf(os.Stderr, "told %s\n", os.Getenv("TOLD"))
		os.Exit(5)
	case "clumsy": // fails the first time
		mark := "tried " + url.PathEscape(fmt.Sprint(value, set))
		if _, err := os.Stat(mark); err != nil {
			os.WriteFile(mark, nil, 0o600)
			os.Exit(1)
		}
	case "mute": // never answers unless all is well, and will not be asked to end
		if value != trustedValue {
			signal.Ignore(syscall.SIGTERM)
			time.Sleep(time.Hour)
		}
	case "parent": // leaves the work to a child
		child := exec.Command(os.Args[0], port)
		child.Env = append(os.Environ(), programVariable+"=server")
		if err := child.Start(); err != nil {
			os.Exit(1)
		}
		child.Wait()
	}
	err := http.ListenAndServe("127.0.0.1:"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/never":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/v1/bearer":
			fmt.Fprintf(w, "bearer %s", os.Getenv("CROSSEXAM_BEARER"))
		default:
			fmt.Fprintf(w, "%q %t at %s", value, set, r.URL.Path)
		}
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

const trustedValue = "https://a.example,https://b.example"

var trusted = []cors.Origin{cors.MustParseOrigin("https://a.example"), cors.MustParseOrigin("https://b.example")}

// command starts the test binary as a program of the kind.
func command(kind string) Command {
	return Command{Argv: []string{os.Args[0], "{port}"}, Env: []string{programVariable + "=" + kind}, Variable: "CORS_ORIGINS", Timeout: 3 * time.Minute}
}

func launch(t *testing.T, c Command) *Launched {
	t.Helper()
	l, err := c.Launch(t.Context(), trusted)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestLaunchStartsEveryVariant(t *testing.T) {
	t.Setenv("CORS_ORIGINS", "of the one who tests")
	c := command("server")
	c.Path = "/v1/"
	l := launch(t, c)
	want := []string{
		`"https://a.example,https://b.example" true at /v1/health`,
		`" https://a.example , https://b.example " true at /v1/health`,
		`"https://a.example,,https://b.example," true at /v1/health`,
		`"https://a.example/,https://b.example/" true at /v1/health`,
		`"https://a.example,https://b.example,*" true at /v1/health`,
		`"" true at /v1/health`,
		`"" false at /v1/health`,
	}
	if len(l.Launches) != len(want) {
		t.Fatalf("%d launches", len(l.Launches))
	}
	for i, each := range l.Launches {
		if got := read(t, each.URL+"/health"); got != want[i] || each.Right != (i == 0) || each.Unset != (i == 6) || each.Refused+each.Fault != "" {
			t.Errorf("launch %d: %+v answers %s", i, each, got)
		}
	}
	log, err := ReadStartupLog(l.Log(), OpenNotebook())
	if err != nil || log.Said == "" {
		t.Errorf("the log of the right one: %+v, %v", log, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, each := range l.Launches {
		if !refuses(each.URL) {
			t.Errorf("%s runs on", each.URL)
		}
	}
}

func TestLaunchSeesARefusal(t *testing.T) {
	for _, each := range launch(t, command("strict")).Launches {
		refused := !each.Right && !strings.Contains(each.Value, " ") && !strings.Contains(each.Value, ",,")
		if refused != (each.URL == "") || refused != strings.HasPrefix(each.Refused, "exit status 3: CORS_ORIGINS cannot be") || each.Fault != "" {
			t.Errorf("%+v", each)
		}
	}
}

// A program that lost its port to another one has refused nothing.
func TestLaunchTriesASecondTime(t *testing.T) {
	c := command("clumsy")
	c.dir = t.TempDir()
	for _, each := range launch(t, c).Launches {
		if each.URL == "" {
			t.Errorf("%+v", each)
		}
	}
	if marks, _ := filepath.Glob(filepath.Join(c.dir, "tried*")); len(marks) != 7 {
		t.Errorf("tried %q", marks)
	}
}

// A program that neither answers nor ends says nothing about its configuration.
func TestLaunchGivesUpWaiting(t *testing.T) {
	t.Parallel()
	c := command("mute")
	c.Timeout = 200 * time.Millisecond
	s := c.start(t.Context(), scenarios.Launch{Variable: "CORS_ORIGINS", Unset: true})
	if s.process != nil || s.URL+s.Refused != "" || !strings.Contains(s.Fault, "with CORS_ORIGINS not set") || !strings.Contains(s.Fault, "did not answer") || strings.Contains(s.Fault, "does not end") {
		t.Errorf("%+v", s)
	}
}

// Whenever the interruption comes, nothing is left: the programs that are mute
// would run for ever.
func TestLaunchIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if l, err := command("mute").Launch(ctx, trusted); !errors.Is(err, context.DeadlineExceeded) || l != nil {
		t.Errorf("%v, %v", l, err)
	}
}

func TestLaunchEndsWhatTheProgramStarted(t *testing.T) {
	l := launch(t, command("parent"))
	if got := read(t, l.Launches[0].URL+"/"); !strings.Contains(got, "https://a.example") {
		t.Fatalf("the child answers %s", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// A child is killed at once, and has ended when the kernel gets to it.
	deadline := time.Now().Add(time.Minute)
	for _, each := range l.Launches {
		for !refuses(each.URL) {
			if time.Now().After(deadline) {
				t.Fatalf("the child at %s runs on", each.URL)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func TestLaunchErrors(t *testing.T) {
	broken := command("server")
	broken.Argv = []string{filepath.Join(t.TempDir(), "nothing"), "{port}"}
	failing := Command{Argv: []string{"sh", "-c", "echo port {port} is not for me >&2; exit 4"}, Variable: "CORS_ORIGINS"}
	for name, c := range map[string]struct {
		command Command
		trusted []cors.Origin
		want    string
	}{
		"no program":          {Command{Variable: "X"}, trusted, "is empty"},
		"no variable":         {Command{Argv: []string{"x", "{port}"}}, trusted, "environment variable"},
		"no port":             {Command{Argv: []string{"x"}, Variable: "X"}, trusted, "{port}"},
		"nothing trusted":     {command("server"), nil, "trusted origins"},
		"no such program":     {broken, trusted, "no such file"},
		"a program that ends": {failing, trusted, "exit status 4: port "},
	} {
		if l, err := c.command.Launch(t.Context(), c.trusted); err == nil || !strings.Contains(err.Error(), c.want) || l != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func read(t *testing.T, u string) string {
	t.Helper()
	res, err := http.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// refuses reports whether nothing listens at the URL's port.
func refuses(u string) bool {
	parsed, err := url.Parse(u)
	if err != nil {
		return false
	}
	c, err := net.Dial("tcp", parsed.Host)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	c.Close()
	return false
}
