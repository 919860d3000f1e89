package attacker

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// directly gives a tab that talks to http://api.test by itself, which is this handler,
// with at most bodyBytes of a body kept, or as many as by default for 0.
func directly(t *testing.T, bodyBytes int64, h http.HandlerFunc) (*Tab, *api) {
	t.Helper()
	server, err := loopback.Serve(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	a := &api{origin: cors.MustParseOrigin("http://api.test")}
	up := tap.Upstream{URL: &url.URL{Scheme: "http", Host: a.origin.HostPort()}, Address: server.Addr()}
	limits := tap.DefaultLimits(up)
	if bodyBytes > 0 {
		limits.BodyBytes = bodyBytes
	}
	if a.tap, err = tap.New(tap.Options{Upstream: up, Limits: limits}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.tap.Close)
	_, browser := ownLab(t, Options{Direct: Direct{Origin: a.origin, Address: server.Addr()}})
	tab := openTab(t, browser, anyone)
	if err := tab.TalkDirectly(bounded(t), a.tap); err != nil {
		t.Fatal(err)
	}
	return tab, a
}

// TestTalkDirectly: what a page, a frame or a worker sends to a direct target is
// held, kept as it was on the wire, and stopped where it would write; scripts of the
// target's own pages do not run.
func TestTalkDirectly(t *testing.T) {
	var mu sync.Mutex
	var got []string
	var came http.Header
	tab, a := directly(t, 6, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+" "+r.URL.Path)
		came = r.Header.Clone()
		grant(w, r)
		w.Header().Set("Access-Control-Allow-Methods", "PUT")
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><script>fetch('/ran')</script><p onclick=0>A page")
		case "/moved":
			w.Header().Set("Location", "/end")
			w.WriteHeader(302)
		default:
			w.Header().Add("X-Two", "a")
			w.Header().Add("X-Two", "b")
			w.Header().Add("Set-Cookie", "one=1; Secure")
			w.Header().Add("Set-Cookie", "two=2; Secure")
			fmt.Fprint(w, "a body of some length")
		}
	})
	if err := tab.Visit(bounded(t), "http://api.test/page"); err != nil {
		t.Fatal(err)
	}
	open(t, tab, cors.MustParseOrigin("http://page.test")) // no mixed content
	to := func(v scenarios.Vector, method, path string) scenarios.Attempt {
		s := scenarios.Attempt{Page: tab.origin, Vector: v, Method: method, URL: a.origin.String() + path}
		if method == "POST" {
			s.Body = "x"
		}
		return s
	}
	alone := to(scenarios.DataWorker, "PUT", "/write")
	alone.Omit = true
	all := run(t, tab,
		to(scenarios.Fetch, "GET", "/read"), to(scenarios.Fetch, "GET", "/moved"), to(scenarios.Fetch, "PUT", "/write"), to(scenarios.Fetch, "POST", "/write"),
		to(scenarios.SandboxedFrame, "PUT", "/write"), to(scenarios.SandboxedPage, "PUT", "/write"), to(scenarios.DataFrame, "PUT", "/write"),
		to(scenarios.DataWorker, "PUT", "/write"), to(scenarios.DataWorker, "GET", "/read"), to(scenarios.Redirect307, "POST", "/write"),
		to(scenarios.WebSocket, "GET", "/socket"), alone)
	for i, want := range []string{
		"GET 200", "GET 302, GET 200", "OPTIONS 200, PUT withheld", "POST withheld",
		"OPTIONS 200, PUT withheld", "OPTIONS 200, PUT withheld", "OPTIONS 200, PUT withheld",
		"OPTIONS 200, PUT withheld", "GET 200", "POST withheld", "", "OPTIONS 200, PUT withheld",
	} {
		if seen := wire(all[i], a); seen != want {
			t.Errorf("attempt %d: %q, want %q; %+v", i, seen, want, all[i])
		}
	}
	if !strings.Contains(all[10].Fault, "WebSocket") {
		t.Errorf("the WebSocket: %+v", all[10])
	}
	x, _ := a.tap.Exchange(all[0].Exchanges[0])
	if x.Response.Body != "a body" || !x.Response.Truncated {
		t.Errorf("the body is %q, cut: %v", x.Response.Body, x.Response.Truncated)
	}
	for name, want := range map[string][]string{"X-Two": {"a", "b"}, "Set-Cookie": {"one=1; Secure", "two=2; Secure"}} {
		if lines := x.Response.Headers.Values(name); !slices.Equal(lines, want) {
			t.Errorf("%s is %q", name, lines)
		}
	}
	if accepts, _ := x.Request.Headers.Get("Accept-Encoding"); accepts == "" || accepts != came.Get("Accept-Encoding") {
		t.Errorf("the request is %q, and came as %q", x.Request.Headers, came)
	}
	for _, request := range got {
		if method, path, _ := strings.Cut(request, " "); method == "PUT" || method == "POST" || path == "/ran" || path == "/socket" {
			t.Errorf("the target got %s", request)
		}
	}
	if withheld := a.tap.Withheld(); len(withheld) != 2 || withheld[0].Count+withheld[1].Count != 8 {
		t.Errorf("withheld are %v", withheld)
	}
}

// Without a way to the target nothing is let through.
func TestTalkDirectlyNeedsAWay(t *testing.T) {
	_, browser := lab(t)
	if err := openTab(t, browser, "direct").TalkDirectly(bounded(t), nil); err == nil {
		t.Error("it talks directly")
	}
}
