package child

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
)

func TestLogKeepsBothEnds(t *testing.T) {
	var p Process
	for _, part := range []string{"first\n", strings.Repeat("x", logLimit), "\n\nlast line\n \n"} {
		if n, err := p.log.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if b := p.Beginning(); len(b) != logLimit || !strings.HasPrefix(b, "first\nxx") {
		t.Errorf("the beginning has %d bytes", len(b))
	}
	if l := p.Log(); len(l) != logLimit || p.LastLine() != ": last line" {
		t.Errorf("the end is %q of %d bytes", p.LastLine(), len(l))
	}
}

// shell starts a script that ends with the test.
func shell(t *testing.T, script string, c Command) *Process {
	t.Helper()
	c.Argv = []string{"/bin/sh", "-c", script}
	p, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func never(context.Context) error { return errors.New("not ready") }

func TestAwait(t *testing.T) {
	p := shell(t, "echo started; sleep 1000", Command{})
	asked := 0
	err := p.Await(t.Context(), func(context.Context) error {
		if asked++; asked < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || asked != 3 {
		t.Errorf("%v after %d questions", err, asked)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	if err := p.Await(ctx, func(ctx context.Context) error { cancel(why); return never(ctx) }); !errors.Is(err, why) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestAwaitSeesTheEnd(t *testing.T) {
	for script, want := range map[string]string{
		"echo no such option >&2; exit 3": "exit status 3: no such option",
		"exit 0":                          "exit status 0",
	} {
		p := shell(t, script, Command{})
		var ended EndedError
		// A question that is being asked ends with the program.
		err := p.Await(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if !errors.As(err, &ended) || ended.How != want {
			t.Errorf("%q: %v", script, err)
		}
	}
}

// What a program started ends with it, asked or not: the pipe that both hold is
// closed by the last of them.
func TestCloseEndsAll(t *testing.T) {
	for name, script := range map[string]string{
		"heeds the question": "sleep 1000 & echo ready; wait",
		"ignores it":         "trap '' TERM; sleep 1000 & echo ready; while :; do wait; done",
		"has gone before":    "sleep 1000 & echo ready; exit 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			printed, tee := io.Pipe()
			p := shell(t, script, Command{Files: []*os.File{w}, Tee: tee})
			w.Close()
			if line, err := io.ReadAll(io.LimitReader(printed, 6)); string(line) != "ready\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(r); len(b) > 0 || err != nil {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}

func TestStartErrors(t *testing.T) {
	if _, err := Start(Command{Argv: []string{"/no/such/program"}}); err == nil || !strings.Contains(err.Error(), "starting /no/such/program") {
		t.Error(err)
	}
}

func TestFreePort(t *testing.T) {
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if port >= 32768 {
		t.Errorf("%d is one that the system gives to connections", port)
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
