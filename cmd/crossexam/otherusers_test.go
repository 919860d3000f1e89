package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// strangerVariable has the test binary ask, as another user, what the ports of a run
// have to say; its value is the target's host and port.
const strangerVariable = "CROSSEXAM_TEST_STRANGER"

const strangersMark = "stranger"

// TestOtherUsersGetNothing: while a run is in the middle, another user of the machine
// tries each of its ports, in the name of the target, of its attacker and of nobody.
// The target hears of none of it.
func TestOtherUsersGetNothing(t *testing.T) {
	browsertest.Needed(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can start a program as another user")
	}
	const secret = "0123456789-of-the-victim"
	api := newStuckAPI("https://app.example")
	var heard atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.RequestURI, strangersMark) {
			heard.Add(1)
		}
		api.ServeHTTP(w, r)
	})
	host := strings.TrimPrefix(url, "http://")
	crossexamWhile(t, nil, &meanwhile{running: func(p *os.Process, _ ran) {
		defer send(t, p, os.Interrupt)
		<-api.stuck
		processes := descendants(t, p.Pid)
		ports := listening(t, processes)
		if len(processes) < 4 || len(ports) < 4 {
			t.Fatalf("%d processes listen on %v: where is the run?", len(processes), ports)
		}
		for _, port := range ports {
			for _, said := range asStranger(t, host, port) {
				if strings.Contains(said, secret) || strings.Contains(said, "diary") || !strings.Contains(said, ": nothing") {
					t.Errorf("port %s: %s", port, said)
				}
			}
		}
	}}, "test", url, "--trusted=https://app.example", "--read=/private", "--cookie=session="+secret+"; SameSite=None; Secure", "--label=HDR-006 || TRU-001")
	if n := heard.Load(); n > 0 {
		t.Errorf("the target heard of another user %d times", n)
	}
}

// asStranger gives a line for each question that another user asked a port.
func asStranger(t *testing.T, host, port string) []string {
	t.Helper()
	var out bytes.Buffer
	c := exec.Command("/proc/self/exe", port)
	c.Env, c.Dir, c.Stdout = []string{strangerVariable + "=" + host}, "/", &out
	asNobody(c)
	if err := c.Run(); err != nil {
		t.Fatalf("asking as another user: %v", err)
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// askAsStranger is what the other user does.
func askAsStranger(host, port string) {
	at := "127.0.0.1:" + port
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", at)
		},
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true, ResponseHeaderTimeout: 10 * time.Second,
	}
	for _, scheme := range []string{"http", "https"} {
		for _, name := range []string{host, "evil.test", "open.cookie.control.test", at} {
			for _, path := range []string{"/", "/crossexam-cookies", "/private", "/crossexam-page", "/crossexam-collector", "/json/version", "/json/list"} {
				r, err := http.NewRequest("GET", scheme+"://"+name+path+"?"+strangersMark, nil)
				if err != nil {
					panic(err)
				}
				what := scheme + " " + name + path
				answer, err := transport.RoundTrip(r)
				if err != nil {
					fmt.Println(what + ": nothing")
					continue
				}
				body, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				fmt.Printf("%s: %s %q %q\n", what, answer.Status, answer.Header, body)
			}
		}
	}
}

// descendants are a process and all that it started.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]int{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, after, _ := strings.Cut(string(b), ") ") // the name may have blanks
		if fields := strings.Fields(after); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], id)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// listening are the ports on which processes listen.
func listening(t *testing.T, processes []int) []string {
	t.Helper()
	theirs := map[string]bool{} // inodes
	for _, pid := range processes {
		open, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range open {
			if to, err := os.Readlink(fd); err == nil {
				theirs[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
			}
		}
	}
	var ports []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			fields := strings.Fields(line)
			if len(fields) < 10 || fields[3] != "0A" || !theirs[fields[9]] {
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			n, err := strconv.ParseUint(hex, 16, 16)
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, strconv.FormatUint(n, 10))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}
