// Command peers runs the header scanners that others use today, and Crossexam, on the
// stacks of fixtures/stacks, and prints what each found, missed and raised for nothing.
// A stack is to be found where expected.yaml says that a page which is not trusted
// reads; any finding on another one is a false alarm. No scanner is part of this
// project: each is run where its variable says where it is, and left out otherwise.
package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/crossexam/crossexam/fixtures/stacks/deployments"
	"github.com/crossexam/crossexam/report"
)

// A scanner is a program that is given a URL and a session.
type scanner struct {
	name string
	// from is where the program can be had, variable says where it is; ours is built by make.
	from, variable, usual string
	// words are its command line, the program first; out is a file for its report.
	words func(program, url, session, out string) []string
	// found reads what it printed and what it wrote.
	found func(printed, written []byte) bool
}

var scanners = []scanner{
	{"Corsy", "https://github.com/s0md3v/Corsy", "CORSY", "", func(program, url, session, out string) []string {
		return []string{"python3", program, "-u", url, "-q", "-o", out, "--headers", "Cookie: session=" + session}
	}, wroteSomething},
	{"CORScanner", "https://github.com/chenjj/CORScanner", "CORSCANNER", "", func(program, url, session, out string) []string {
		return []string{"python3", program, "-u", url, "-o", out, "-d", "Cookie: session=" + session}
	}, wroteSomething},
	{"CORStest", "https://github.com/RUB-NDS/CORStest", "CORSTEST", "", func(program, url, session, out string) []string {
		return []string{"sh", "-c", `printf '%s\n' "$2" >"$4.in" && exec python3 "$1" -c "session=$3" "$4.in"`, "sh", program, url, session, out}
	}, func(printed, _ []byte) bool {
		return slices.ContainsFunc(bytes.Split(printed, []byte("\n")), func(l []byte) bool {
			// That the header is "dynamically generated" is its word for Vary: Origin, not a finding.
			return bytes.Contains(l, []byte(" - Alert: ")) || bytes.Contains(l, []byte(" - Warning: ")) && !bytes.Contains(l, []byte("dynamically generated"))
		})
	}},
	{"nuclei", "https://github.com/projectdiscovery/nuclei, with the templates of https://github.com/projectdiscovery/nuclei-templates in ~/nuclei-templates", "NUCLEI", "", func(program, url, session, out string) []string {
		return []string{program, "-u", url, "-tags", "cors", "-duc", "-ni", "-silent", "-jsonl", "-o", out, "-H", "Cookie: session=" + session}
	}, wroteSomething},
	{"Crossexam", "this project, by make bin/crossexam", "CROSSEXAM", "bin/crossexam", func(program, url, session, out string) []string {
		return []string{program, "test", url, "--trusted", "https://app.example.com", "--trusted", "https://admin.example.com", "--read", "/me", "--out", out}
	}, nil},
}

// wroteSomething reports whether there is a finding in the file.
func wroteSomething(_, written []byte) bool {
	text := strings.TrimSpace(string(written))
	return text != "" && text != "[]" && text != "{}"
}

// A tally is what a scanner made of the stacks.
type tally struct {
	found, missed, alarms, right, failed int
	requests                             int64
	took                                 time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	}
}

// run takes the names of the stacks, all where none is given.
func run(ctx context.Context, names []string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	stacks, err := deployments.Load(root)
	if err != nil {
		return err
	}
	for _, n := range names {
		if !slices.ContainsFunc(stacks, func(s deployments.Stack) bool { return s.Name == n }) {
			return fmt.Errorf("%s is none of fixtures/stacks", n)
		}
	}
	tallies := make([]tally, len(scanners))
	programs := make([]string, len(scanners))
	for i, s := range scanners {
		programs[i] = cmp.Or(os.Getenv(s.variable), s.usual)
		if _, err := os.Stat(programs[i]); err != nil {
			fmt.Printf("%s is left out: %s does not say where its program is; get it from %s\n", s.name, s.variable, s.from)
			programs[i] = ""
		}
	}
	for _, s := range stacks {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		for _, c := range s.Cases {
			if c.Victim != deployments.Cookie || c.Exfiltration == "" {
				continue
			}
			releases := s.AllReleases()
			if len(c.Releases) > 0 {
				releases = c.Releases
			}
			if err := compare(ctx, s, stacks, c, releases[len(releases)-1], programs, tallies); err != nil {
				return err
			}
		}
	}
	fmt.Printf("\n%-12s %6s %7s %13s %12s %7s %9s %8s\n", "", "found", "missed", "false alarms", "rightly none", "failed", "requests", "seconds")
	for i, t := range tallies {
		if programs[i] != "" {
			fmt.Printf("%-12s %6d %7d %13d %12d %7d %9d %8.1f\n", scanners[i].name, t.found, t.missed, t.alarms, t.right, t.failed, t.requests, t.took.Seconds())
		}
	}
	return nil
}

// compare runs every scanner on one case.
func compare(ctx context.Context, s deployments.Stack, all []deployments.Stack, c deployments.Case, release string, programs []string, tallies []tally) error {
	logs, err := os.MkdirTemp("", "crossexam-peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(logs)
	session := rand.Text()
	server, err := s.Start(ctx, all, deployments.Setting{Release: release, Variant: c.Variant, Session: session, Logs: logs})
	if errors.Is(err, deployments.ErrMissing) {
		fmt.Printf("%s is left out: %v\n", s.Name, err)
		return nil
	}
	if err != nil {
		return err
	}
	target, err := url.Parse(server.URL())
	if err != nil {
		return errors.Join(err, server.Close())
	}
	var requests atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	counting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	reads := c.Exfiltration == "proven"
	line := fmt.Sprintf("%s %s %s (a page reads: %t):", s.Name, release, c.Variant, reads)
	for i, p := range programs {
		if p == "" {
			continue
		}
		requests.Store(0)
		begun := time.Now()
		found, err := scan(ctx, scanners[i], p, counting.URL, session, filepath.Join(logs, fmt.Sprint(i)))
		t := &tallies[i]
		t.took += time.Since(begun)
		t.requests += requests.Load()
		word := ""
		switch {
		case err != nil:
			t.failed++
			word = "failed: " + err.Error()
		case found && reads:
			t.found++
			word = "found"
		case found:
			t.alarms++
			word = "false alarm"
		case reads:
			t.missed++
			word = "missed"
		default:
			t.right++
			word = "nothing"
		}
		line += fmt.Sprintf(" %s %s;", scanners[i].name, word)
	}
	counting.Close()
	fmt.Println(strings.TrimSuffix(line, ";"))
	return server.Close()
}

// scan runs one scanner, and says whether it found something.
func scan(ctx context.Context, s scanner, program, at, session, out string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if s.found == nil {
		words := s.words(program, at, session, out)
		c := exec.CommandContext(ctx, words[0], words[1:]...)
		c.Env = append(os.Environ(), "CROSSEXAM_COOKIE=session="+session+"; SameSite=None; Secure; HttpOnly")
		printed, err := c.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
			return false, fmt.Errorf("%w: %s", err, printed)
		}
		text, err := os.ReadFile(filepath.Join(out, "report.json"))
		if err != nil {
			return false, err
		}
		var r report.Report
		if err := json.Unmarshal(text, &r); err != nil {
			return false, err
		}
		return r.Summary.Exfiltration == "proven", nil
	}
	// The scanners are asked for the private path.
	words := s.words(program, at+"/me", session, out)
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	if s.name == "Corsy" {
		// It takes its targets from standard input where that is no terminal.
		c.Stdin = strings.NewReader(at + "/me\n")
	}
	printed, err := c.CombinedOutput()
	if err != nil {
		return false, fmt.Errorf("%w: %s", err, printed)
	}
	written, err := os.ReadFile(out)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	return s.found(printed, written), nil
}
