package tap

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestEvidenceIsExact(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"+
		"HTTP/1.1 203 Odd\r\n"+
		"access-control-allow-ORIGIN:https://b.test  \r\n"+
		"X-B: 2\r\n"+
		"X-A: 1\r\n"+
		"Access-Control-Allow-Origin:\t*\r\n"+
		"x-folded: one\r\n\t two\r\n"+
		"Connection: keep-alive\r\n"+
		"Content-Length: 2\r\n"+
		"\r\nok"))
	tap := newTap(t, s.addr, nil)
	response := browse(t, tap, "GET /a%2Fb//c|d?x=%7e&y HTTP/1.1\nHost: foreign.test:81\nzz: 1\nOrigin: https://evil.test\n"+
		"Accept-Encoding: gzip\nCookie: s=secret\nCrossexam-Run: forged\nUpgrade: websocket")

	e := recorded(t, tap, response)
	if e.Response == nil || e.Response.Status != 203 || e.Response.Body != "ok" || e.Response.Truncated || e.Fault != "" || e.Withheld {
		t.Fatalf("got %+v, response %+v", e, e.Response)
	}
	wantLines := cors.Headers{
		{Name: "access-control-allow-ORIGIN", Value: "https://b.test"},
		{Name: "X-B", Value: "2"},
		{Name: "X-A", Value: "1"},
		{Name: "Access-Control-Allow-Origin", Value: "*"},
		{Name: "x-folded", Value: "one two"},
		{Name: "Connection", Value: "keep-alive"},
		{Name: "Content-Length", Value: "2"},
	}
	if !slices.Equal(e.Response.Headers, wantLines) {
		t.Errorf("response lines\n%q, want\n%q", e.Response.Headers, wantLines)
	}
	wantRequest := cors.Headers{
		{Name: "Host", Value: "foreign.test:81"},
		{Name: "Accept-Encoding", Value: "gzip"},
		{Name: "Connection", Value: "close"},
		{Name: "Cookie", Value: "s=secret"},
		{Name: "Crossexam-Run", Value: "forged"},
		{Name: "Origin", Value: "https://evil.test"},
		{Name: "Upgrade", Value: "websocket"},
		{Name: "Zz", Value: "1"},
	}
	if e.Request.Method != "GET" || e.Request.URL != "http://foreign.test:81/a%2Fb//c|d?x=%7e&y" || !slices.Equal(e.Request.Headers, wantRequest) {
		t.Errorf("request %+v", e.Request)
	}

	// What the target saw: no header of the hop, ours, and nothing else.
	requests, _ := s.seen()
	want := "GET /a%2Fb//c|d?x=%7e&y HTTP/1.1\r\nHost: foreign.test:81\r\nCookie: s=secret\r\n" +
		"Origin: https://evil.test\r\nZz: 1\r\nCrossexam-Run: run-1\r\n\r\n"
	if len(requests) != 1 || requests[0] != want {
		t.Errorf("the target saw\n%q, want\n%q", requests, want)
	}

	// What the browser saw: the lines of one name in their order, the id, no Date
	// or Content-Type of the tap's making.
	_, headers, err := parseHead([]byte(response))
	if err != nil {
		t.Fatal(err)
	}
	headers = slices.DeleteFunc(headers, func(h cors.Header) bool { return h.Name == ExchangeHeader })
	wantPassed := cors.Headers{
		{Name: "Access-Control-Allow-Origin", Value: "https://b.test"},
		{Name: "Access-Control-Allow-Origin", Value: "*"},
		{Name: "Content-Length", Value: "2"},
		{Name: "X-A", Value: "1"},
		{Name: "X-B", Value: "2"},
		{Name: "X-Folded", Value: "one two"},
		{Name: "Connection", Value: "close"}, // because the client asked
	}
	if !slices.Equal(headers, wantPassed) || !strings.HasPrefix(response, "HTTP/1.1 203 ") || !strings.HasSuffix(response, "\r\n\r\nok") {
		t.Errorf("the browser got\n%q", response)
	}
}

func TestFramingOfTheResponse(t *testing.T) {
	for _, c := range []struct {
		name, method, target string
		wantHead             []string // lines that the browser gets
		wantNot              []string // and does not
		wantBody             string   // as it is on the wire
		body                 string
		truncated            bool
	}{
		{
			name: "chunked stays chunked, so that a page finds no length",
			target: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n" +
				"2\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\n\r\n",
			wantHead: []string{"Transfer-Encoding: chunked"}, wantNot: []string{"Content-Length", "Trailer"},
			wantBody: "5\r\nhello\r\n0\r\n\r\n", body: "hello",
		},
		{
			name: "trailers that are no headers are nothing to a browser",
			target: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
				"2\r\nhe\r\n0\r\nX-T: \x1b[31m\r\nno header\r\n" + strings.Repeat("x", 10<<10) + "\r\n\r\n",
			wantHead: []string{"Transfer-Encoding: chunked"}, wantBody: "2\r\nhe\r\n0\r\n\r\n", body: "he",
		},
		{
			name:     "no body, no length",
			target:   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			wantHead: []string{"Transfer-Encoding: chunked"}, wantNot: []string{"Content-Length"},
			wantBody: "0\r\n\r\n",
		},
		{
			name:     "up to the limit",
			target:   "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678",
			wantHead: []string{"Content-Length: 8"}, wantBody: "12345678", body: "12345678",
		},
		{
			name:     "over the limit",
			target:   "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789",
			wantHead: []string{"Transfer-Encoding: chunked"}, wantNot: []string{"Content-Length"},
			wantBody: "8\r\n12345678\r\n0\r\n\r\n", body: "12345678", truncated: true,
		},
		{
			name: "HEAD keeps its length", method: "HEAD",
			target:   "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
			wantHead: []string{"Content-Length: 99"},
		},
		{
			name: "HEAD without a length gets none", method: "HEAD",
			target:  "HTTP/1.1 200 OK\r\nX: y\r\n\r\n",
			wantNot: []string{"Content-Length", "Transfer-Encoding"},
		},
		{
			name:    "204",
			target:  "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\r\n",
			wantNot: []string{"Content-Length", "Transfer-Encoding"}, wantHead: []string{"Access-Control-Allow-Origin: *"},
		},
		{
			name:     "compressed all the same",
			target:   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00",
			wantHead: []string{"Content-Encoding: gzip", "Content-Length: 3"}, wantBody: "\x1f\x8b\x00", body: "\x1f\x8b\x00",
		},
		{
			name:     "a name with a blank after it is the name to Chrome",
			target:   "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin : *\r\nContent-Length: 0\r\n\r\n",
			wantHead: []string{"Access-Control-Allow-Origin: *"},
		},
		{
			name:     "what Connection names is passed on",
			target:   "HTTP/1.1 200 OK\r\nConnection: Access-Control-Allow-Origin\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n",
			wantHead: []string{"Access-Control-Allow-Origin: *"}, wantNot: []string{"Connection: Access"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serveRaw(t, says(c.target))
			tap := newTap(t, s.addr, func(o *Options) { o.BodyBytes = 8 })
			if c.method == "" {
				c.method = "GET"
			}
			response := browse(t, tap, c.method+" / HTTP/1.1\nHost: api.example")
			head, body, _ := strings.Cut(response, "\r\n\r\n")
			for _, line := range c.wantHead {
				if !strings.Contains(head+"\r\n", "\r\n"+line+"\r\n") {
					t.Errorf("no %q in\n%s", line, head)
				}
			}
			for _, line := range append(c.wantNot, "Date", "Content-Type") {
				if strings.Contains(head, "\r\n"+line) {
					t.Errorf("%q in\n%s", line, head)
				}
			}
			if body != c.wantBody {
				t.Errorf("body %q on the wire, want %q", body, c.wantBody)
			}
			if e := recorded(t, tap, response); e.Response == nil || e.Response.Body != c.body || e.Response.Truncated != c.truncated {
				t.Errorf("recorded %+v, fault %q", e.Response, e.Fault)
			}
		})
	}
}

func TestWritesAreWithheld(t *testing.T) {
	s := serveRaw(t, func(c net.Conn, request string) bool {
		length := "0"
		if strings.HasPrefix(request, "HEAD") {
			length = "7"
		}
		return says("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: "+length+"\r\n\r\n")(c, request)
	})
	tap := newTap(t, s.addr, func(o *Options) {
		o.RequestBodyBytes = 16
		o.AllowWrite = func(method, url string) bool { return method == "POST" && pathOf(url) == "/search%2F" }
	})
	for _, c := range []struct {
		request  string
		withheld bool
		status   string
	}{
		{"GET /", false, "200"},
		{"HEAD /", false, "200"},
		{"OPTIONS /", false, "200"},
		{"POST /notes?a=1", true, "403"},
		{"POST /notes?a=2", true, "403"},
		{"PUT /search%2F", true, "403"},
		{"POST /search/", true, "403"},
		{"POST /search%2F?q=1", false, "200"},
		{"DELETE /", true, "403"},
		{"PATCH /", true, "403"},
		{"TRACE /", true, "403"},
		{"get /", true, "403"},
		{"QUERY /", true, "403"},
	} {
		before, _ := s.seen()
		response := browse(t, tap, c.request+" HTTP/1.1\nHost: api.example\nContent-Length: 4\n\nbody")
		e := recorded(t, tap, response)
		if after, _ := s.seen(); (len(after) == len(before)) != c.withheld {
			t.Errorf("%s: %d requests reached the target", c.request, len(after)-len(before))
		}
		if e.Withheld != c.withheld || (e.Response == nil) != c.withheld || (e.Fault != "") != c.withheld || e.Request.Body != "body" {
			t.Errorf("%s: recorded %+v", c.request, e)
		}
		if !strings.HasPrefix(response, "HTTP/1.1 "+c.status) || c.withheld && strings.Contains(response, "Access-Control") {
			t.Errorf("%s: the browser got %q", c.request, response)
		}
	}
	want := []WithheldRequest{
		{"DELETE", "/", 1}, {"PATCH", "/", 1}, {"QUERY", "/", 1}, {"TRACE", "/", 1}, {"get", "/", 1},
		{"POST", "/notes", 2}, {"PUT", "/search%2F", 1}, {"POST", "/search/", 1},
	}
	if got := tap.Withheld(); !slices.Equal(got, want) {
		t.Errorf("withheld %v, want %v", got, want)
	}
	if got := tap.Requests(); got != 4 {
		t.Errorf("%d requests, want 4", got)
	}

	// An allowed write goes out whole or not at all.
	response := browse(t, tap, "POST /search%2F HTTP/1.1\nHost: api.example\nContent-Length: 17\n\n12345678901234567")
	e := recorded(t, tap, response)
	if !strings.HasPrefix(response, "HTTP/1.1 502 ") || e.Withheld || !strings.Contains(e.Fault, "16 bytes") || tap.Requests() != 4 {
		t.Errorf("a body over the limit: %q, %+v", response, e)
	}
}

func TestAllowedWriteIsSentOnce(t *testing.T) {
	const request = " / HTTP/1.1\r\nHost: api.example\r\nCrossexam-Run: run-1\r\nContent-Length: 4\r\n\r\nbody"
	// The first answer keeps the connection, which the target then closes: a safe
	// request is repeated on a new one, and, as that breaks too, made once more.
	for method, want := range map[string]int{"GET": 3, "POST": 1} {
		s := serveRaw(t, func(c net.Conn, r string) bool {
			if strings.HasPrefix(r, "OPTIONS") {
				return says("HTTP/1.1 204 No\r\n\r\n")(c, r)
			}
			return false
		})
		tap := newTap(t, s.addr, func(o *Options) { o.AllowWrite = func(string, string) bool { return true } })
		tap.Probe(t.Context(), cors.Request{Method: "OPTIONS", URL: "http://api.example/"})
		e := tap.Probe(t.Context(), cors.Request{Method: method, URL: "http://api.example/", Body: "body"})
		requests, _ := s.seen()
		if e.Response != nil || e.Fault == "" || tap.Requests() != 1+(want+1)/2 || len(requests) != 1+want || requests[1] != method+request {
			t.Errorf("%s: %+v; the target saw %q", method, e, requests)
		}
	}
}

func TestTheExchangeOutlivesTheBrowser(t *testing.T) {
	asked, goOn := make(chan bool), make(chan bool)
	s := serveRaw(t, func(c net.Conn, request string) bool {
		asked <- true
		<-goOn
		return says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")(c, request)
	})
	tap := newTap(t, s.addr, nil)
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan bool)
	r, err := http.NewRequestWithContext(ctx, "GET", "http://api.example/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	go func() { defer close(done); tap.ServeHTTP(discardResponse{}, r) }()
	<-asked
	leave()
	close(goOn)
	<-done
	if e := tap.Since(0); len(e) != 1 || e[0].Response == nil || e[0].Response.Body != "ok" {
		t.Errorf("recorded %+v", e)
	}
}

type discardResponse struct{}

func (discardResponse) Header() http.Header         { return http.Header{} }
func (discardResponse) Write(p []byte) (int, error) { return len(p), nil }
func (discardResponse) WriteHeader(int)             {}
