package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// A browser that runs already is used, and named without the key to it; one that
// does not answer gives no verdict, and says how to start one.
func TestBrowserThatRunsAlready(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "private") }))
	defer target.Close()
	address := browsertest.Run(t, browsertest.CookiesAllowed)
	r := examineURL(t, target.URL, "--label=WLD-003", "--browser="+address)
	r.expect(t, 0, "")
	if b := r.report(t).Browser; !b.Remote || b.Product == "" || !strings.HasPrefix(address, b.Path) || strings.Contains(b.Path, "devtools") {
		t.Errorf("the browser is %+v", b)
	}

	closed := httptest.NewServer(nil)
	closed.Close() // nobody listens there now
	r = examineURL(t, target.URL, "--browser="+strings.Replace(closed.URL, "http", "ws", 1))
	r.expect(t, 3, "--remote-debugging-port=9222")
	if f := r.report(t).Fault; f == nil || f.Stage != "browser" {
		t.Errorf("the fault is %+v", f)
	}
	examineURL(t, target.URL, "--browser=ws://192.168.1.2:9222").expect(t, 2, "run Crossexam on the browser's machine")
}
