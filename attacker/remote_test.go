package attacker_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
)

func newStage(t *testing.T) *attacker.Stage {
	t.Helper()
	s, err := attacker.NewStage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// What a lent browser has besides its owner's: pages, and browser contexts.
func inUse(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get("http://" + u.Host + "/json/list")
	if err != nil {
		t.Fatalf("the browser has gone: %v", err)
	}
	defer answer.Body.Close()
	var pages []struct{ URL string }
	if err := json.NewDecoder(answer.Body).Decode(&pages); err != nil {
		t.Fatal(err)
	}
	alloc, stop := remote.NewAllocator(t.Context(), address, remote.NoModifyURL)
	defer stop()
	root, end := chromedp.NewContext(alloc)
	defer end()
	contexts, err := chromedp.CallBrowser(root, target.GetBrowserContexts, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, p := range pages {
		if !strings.HasPrefix(p.URL, "chrome://") { // parts of a window
			urls = append(urls, p.URL)
		}
	}
	slices.Sort(urls)
	return fmt.Sprintf("%s, %d contexts", urls, len(contexts.BrowserContextIDs))
}

// TestLentBrowser: a browser that runs already keeps what it had and loses what was
// added to it, whether the run ends or breaks off.
func TestLentBrowser(t *testing.T) {
	address := browsertest.Run(t, browsertest.CookiesAllowed)
	stage := newStage(t)
	before := inUse(t, address)
	use := func(address string) *attacker.Browser {
		b, err := attacker.Start(t.Context(), stage, attacker.Options{Path: address})
		if err != nil {
			t.Fatal(err)
		}
		for _, victim := range []string{"one", "two"} {
			tab, err := b.Tab(t.Context(), victim)
			if err != nil {
				t.Fatal(err)
			}
			// A name for which Chrome tries https first, and hosts that it sends to no
			// proxy by itself.
			for _, o := range []string{"https://evil.example.com", "http://evil.example.com", "http://127.0.0.1:5055", "https://api.localhost"} {
				if err := tab.Open(t.Context(), cors.MustParseOrigin(o), attacker.Malicious); err != nil {
					t.Error(err)
				}
			}
		}
		return b
	}
	u, _ := url.Parse(address)
	for _, spelling := range []string{address, "ws://" + u.Host, "http://localhost:" + u.Port() + "/"} {
		b := use(spelling)
		if b.PID() != 0 {
			t.Errorf("it has the process %d", b.PID())
		}
		if inUse(t, address) == before {
			t.Error("the tabs are not seen") // or the next check could not fail
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if after := inUse(t, address); after != before {
			t.Errorf("%s: it had %s and has %s", spelling, before, after)
		}
	}
	way, cut := relay(t, u.Host)
	b := use("ws://" + way)
	cut() // as when this process is killed
	if _, err := b.Tab(t.Context(), "three"); !errors.Is(err, attacker.ErrBrowserGone) {
		t.Errorf("without a connection: %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); inUse(t, address) != before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it had %s and has %s", before, inUse(t, address))
		}
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// relay passes connections on, until they are cut.
func relay(t *testing.T, to string) (address string, cut func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	cut = func() {
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.Close()
		}
	}
	t.Cleanup(cut)
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", to)
			if err != nil {
				here.Close()
				continue
			}
			mu.Lock()
			open = append(open, here, there)
			mu.Unlock()
			go func() { _, _ = io.Copy(here, there) }()
			go func() { _, _ = io.Copy(there, here) }()
		}
	}()
	return l.Addr().String(), cut
}

func TestAddressesOfNoBrowser(t *testing.T) {
	stage := newStage(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"Browser":"none"}`) }))
	defer other.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	for address, says := range map[string]string{
		"ws://127.0.0.1":               "with the port of its --remote-debugging-port",
		"wss://127.0.0.1:9222":         "write ws://127.0.0.1:9222",
		"ws://me:secret@localhost:1":   "write ws://127.0.0.1:9222",
		"ws://127.0.0.1:port":          "write ws://127.0.0.1:9222",
		"ws://chrome.example.com:9222": "run Crossexam on the browser's machine",
		"ws://192.168.1.2:9222":        "run Crossexam on the browser's machine",
		other.URL:                      "is not the debugging port of Chrome",
		closed.URL:                     "nothing answers there",
		"ws://" + other.Listener.Addr().String() + "/devtools/browser/x": "could not dial",
	} {
		b, err := attacker.Start(t.Context(), stage, attacker.Options{Path: address})
		if err == nil {
			b.Close()
			t.Errorf("%s was used", address)
		} else if !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	err := attacker.Options{Path: "ws://127.0.0.1:9222", Posture: attacker.Posture{BlockThirdPartyCookies: true}}.Check()
	if err == nil || !strings.Contains(err.Error(), "keeps its own posture") {
		t.Errorf("another posture: %v", err)
	}
}

// TestProxyLeadsToTheStageOnly: every host is the stage's, and a request comes there
// as it would without a proxy.
func TestProxyLeadsToTheStageOnly(t *testing.T) {
	stage := newStage(t)
	stage.Mount(cors.MustParseOrigin("http://api.test"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s %q", r.Method, r.Host, r.RequestURI, r.Header)
	}))
	address, err := stage.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := stage.Proxy(); again != address || !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("the proxy is at %s and %s", address, again)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "elsewhere") }))
	defer elsewhere.Close()
	const end = " HTTP/1.1\r\nHost: api.test\r\nX: 1\r\n\r\n"
	for asked, want := range map[string]string{
		"GET http://api.test/a|%7Cb//?c|d" + end:       `GET api.test /a|%7Cb//?c|d map["X":["1"]]`,
		"GET http://api.test?x" + end:                  `GET api.test /?x map["X":["1"]]`,
		"POST http://API.test" + end:                   `POST API.test / map["X":["1"]]`,
		"CONNECT api.test:80" + end + "GET /b" + end:   `GET api.test /b map["X":["1"]]`,
		"CONNECT other.test:80" + end + "GET /b" + end: `GET api.test /b map["X":["1"]]`, // the request counts
		"GET http://other.test/" + end:                 "",
		"GET " + elsewhere.URL + "/" + end:             "",
		"CONNECT " + elsewhere.Listener.Addr().String() + end + "GET / HTTP/1.1\r\nHost: " + elsewhere.Listener.Addr().String() + "\r\n\r\n": "",
		"GET /" + end:                 "Crossexam's proxy is for the browser of its run.\n",
		"GET https://api.test/" + end: "Crossexam's proxy is for the browser of its run.\n",
		"GET ftp://api.test/" + end:   "Crossexam's proxy is for the browser of its run.\n",
	} {
		if got := throughProxy(t, address, asked); got != want {
			t.Errorf("%.40q: got %q, want %q", asked, got, want)
		}
	}
}

// throughProxy gives the body of the last answer, and nothing where there is none.
func throughProxy(t *testing.T, address, asked string) string {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer context.AfterFunc(t.Context(), func() { c.Close() })()
	defer c.Close()
	if _, err := io.WriteString(c, strings.Replace(asked, "X: 1", "Proxy-Connection: keep-alive\r\nX: 1", 1)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	r := &http.Request{Method: "GET"}
	if strings.HasPrefix(asked, "CONNECT") {
		r.Method = "CONNECT"
		if _, err := http.ReadResponse(in, r); err != nil {
			t.Fatal(err)
		}
		r.Method = "GET"
	}
	answer, err := http.ReadResponse(in, r)
	if err != nil {
		return ""
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return ""
	}
	return string(body)
}
