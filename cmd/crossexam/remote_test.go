package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// A browser that runs already is used, and named without the key to it; one that
// does not answer gives no verdict, and says how to start one.
func TestBrowserThatRunsAlready(t *testing.T) {
	browsertest.Needed(t)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "private") }))
	defer target.Close()
	address := browsertest.Run(t, browsertest.CookiesAllowed)
	r := examineURL(t, target.URL, "--label=WLD-003", "--browser="+address)
	r.expect(t, 0, "")
	if b := r.report(t).Browser; !b.Remote || b.Product == "" || !strings.HasPrefix(address, b.Path) || strings.Contains(b.Path, "devtools") {
		t.Errorf("the browser is %+v", b)
	}

	crossexam(t, nil, "doctor", "--browser="+address).expect(t, 0, "not known: the browser ran already", "the browser reaches all hosts through a proxy")

	closed := httptest.NewServer(nil)
	closed.Close() // nobody listens there now
	r = examineURL(t, target.URL, "--browser="+strings.Replace(closed.URL, "http", "ws", 1))
	r.expect(t, 3, "--remote-debugging-port=9222")
	if f := r.report(t).Fault; f == nil || f.Stage != "browser" {
		t.Errorf("the fault is %+v", f)
	}
	examineURL(t, target.URL, "--browser=ws://192.168.1.2:9222").expect(t, 2, "run Crossexam on the browser's machine")
}

// With --direct the requests of pages come from the browser itself, and the report
// says so.
func TestDirect(t *testing.T) {
	browsertest.Needed(t)
	var forwarded, own atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") == "https://evil.test" {
			if r.Header.Get("Crossexam-Run") == "" {
				own.Add(1)
			} else {
				forwarded.Add(1)
			}
		}
		fmt.Fprint(w, "private")
	})
	r := examineURL(t, url, "--label=WLD-003", "--direct")
	r.expect(t, 0, "")
	if notes := strings.Join(r.report(t).Notes, " "); !strings.Contains(notes, "(--direct)") {
		t.Errorf("the notes are %q", notes)
	}
	if own.Load() == 0 || forwarded.Load() > 0 {
		t.Errorf("%d requests of the page came from the browser, %d from Crossexam", own.Load(), forwarded.Load())
	}
	examineURL(t, url, "--direct", "--insecure-skip-verify").expect(t, 2, "leave out --direct or --insecure-skip-verify")
	examineURL(t, url, "--direct", "--browser=ws://127.0.0.1:1").expect(t, 2, "leave out --direct")
	crossexam(t, []string{"HTTPS_PROXY=http://me:secret@127.0.0.1:1"}, "test", "https://192.0.2.1", "--trusted=https://app.example", "--direct").
		expect(t, 2, "in NO_PROXY")
	examineURL(t, "https://nowhere.invalid", "--direct").expect(t, 3, "address of the target")
}
