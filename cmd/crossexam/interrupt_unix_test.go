//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// A process that is past being cancelled ends all the same: nobody reads what it
// prints.
func TestInterruptedWhilePrinting(t *testing.T) {
	browsertest.Needed(t)
	for name, again := range map[string][]os.Signal{"once": nil, "twice": {os.Interrupt}} {
		t.Run(name, func(t *testing.T) { interruptWhilePrinting(t, again...) })
	}
}

func interruptWhilePrinting(t *testing.T, again ...os.Signal) {
	t.Helper()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !grant(w, r) {
			fmt.Fprint(w, `{"diary": "private"}`)
		}
	})
	unread, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	fill(t, stdout)
	var stderr io.Reader
	r := crossexamWhile(t, nil, &meanwhile{
		before: func(c *exec.Cmd) {
			c.Stdout, c.Stderr = stdout, nil
			if stderr, err = c.StderrPipe(); err != nil {
				t.Fatal(err)
			}
		},
		running: func(p *os.Process, r ran) {
			stdout.Close()
			said := bufio.NewScanner(stderr)
			until := func(text string) {
				for said.Scan() {
					if strings.Contains(said.Text(), text) {
						return
					}
				}
				t.Errorf("it never said %q", text)
			}
			until("starting the browser")
			send(t, p, os.Interrupt)
			until("stopping")
			send(t, p, again...)
			_, _ = io.Copy(io.Discard, stderr)
		},
	}, "test", url, "--trusted=https://app.example", "--read=/private", "--label=WLD")
	if r.code != 3 {
		t.Errorf("exit code %d", r.code)
	}
}

// fill leaves no room in a pipe.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	raw, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Write(func(fd uintptr) bool {
		for _, size := range []int{4096, 1} {
			for {
				if _, err := syscall.Write(int(fd), make([]byte, size)); err != nil {
					break
				}
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
}
