package tap

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestParseHead(t *testing.T) {
	for _, c := range []struct {
		head    string
		status  int
		headers cors.Headers
		wrong   string // in the error
	}{
		{head: "HTTP/1.1 200 OK\r\n\r\n", status: 200},
		{head: "HTTP/1.0 404\r\n\r\n", status: 404},
		{head: "HTTP/1.1 204 \n\n", status: 204},
		{head: "HTTP/1.1 200 OK\nA: 1\nb:2\n\n", status: 200, headers: cors.Headers{{Name: "A", Value: "1"}, {Name: "b", Value: "2"}}},
		{head: "HTTP/1.1 200 OK\r\nA:\r\nA: x:y \t\r\n\r\n", status: 200, headers: cors.Headers{{Name: "A"}, {Name: "A", Value: "x:y"}}},
		{head: "HTTP/1.1 200 OK\r\nA \t: 1\r\n\r\n", status: 200, headers: cors.Headers{{Name: "A", Value: "1"}}},
		{head: "HTTP/1.1 200 OK\r\nA:\r\n  1\r\n\t\r\n\t2 \r\n\r\n", status: 200, headers: cors.Headers{{Name: "A", Value: "1  2"}}},
		{head: "HTTP/1.1 200 OK\r\nA: caf\xe9\r\n\r\n", status: 200, headers: cors.Headers{{Name: "A", Value: "caf\xe9"}}},
		{head: "", wrong: `begins with ""`},
		{head: "\r\n", wrong: `begins with ""`},
		{head: "HTTP/2 200 OK\r\n\r\n", wrong: "begins with"},
		{head: "HTTP/2.0 200 OK\r\n\r\n", wrong: "begins with"},
		{head: "HTTP/1.1\r\n\r\n", wrong: `status ""`},
		{head: "HTTP/1.1 20\r\n\r\n", wrong: `status "20"`},
		{head: "HTTP/1.1 +20\r\n\r\n", wrong: `status "+20"`},
		{head: "HTTP/1.1 099\r\n\r\n", wrong: `status "099"`},
		{head: "HTTP/1.1 2000\r\n\r\n", wrong: `status "2000"`},
		{head: "HTTP/1.1 200 OK\r\n A: 1\r\n\r\n", wrong: "not a header line"},
		{head: "HTTP/1.1 200 OK\r\nA 1\r\n\r\n", wrong: "not a header line"},
		{head: strings.Repeat("x", 1000), wrong: `x…"`},
	} {
		status, headers, err := parseHead([]byte(c.head))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%q: error %v, want %q", c.head, err, c.wrong)
			}
			continue
		}
		if err != nil || status != c.status || !slices.Equal(headers, c.headers) {
			t.Errorf("%q: %d %q %v", c.head, status, headers, err)
		}
	}
}

func TestReadHead(t *testing.T) {
	long := "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 10_000) + "\r\n\r\n"
	for _, c := range []struct {
		in    string
		limit int64
		head  string
		err   error
	}{
		{in: "a\r\nb\r\n\r\nbody\r\n\r\n", limit: 100, head: "a\r\nb\r\n\r\n"},
		{in: "a\n\nbody", limit: 100, head: "a\n\n"},
		{in: "\r\nbody", limit: 100, head: "\r\n"},
		{in: "a\r\n \r\n\r\nbody", limit: 100, head: "a\r\n \r\n\r\n"},
		{in: long + "body", limit: int64(len(long)), head: long},
		{in: long + "body", limit: int64(len(long)) - 1, err: errHeadTooLarge},
		{in: "a\r\n", limit: 100, err: io.EOF},
		{in: "", limit: 100, err: io.EOF},
	} {
		r := bufio.NewReader(strings.NewReader(c.in))
		head, err := readHead(r, c.limit)
		if !errors.Is(err, c.err) || err == nil && string(head) != c.head {
			t.Errorf("%.40q: %.40q %v", c.in, head, err)
		}
		if rest, _ := io.ReadAll(r); err == nil && string(rest) != c.in[len(c.head):] {
			t.Errorf("%.40q: %q is left", c.in, rest)
		}
	}
}

// What net/http takes for a head, parseHead reads to the same lines.
func FuzzParseHead(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
		"HTTP/1.0 404\nA : b\n\tc\nA:\n\n",
		"HTTP/1.1 204 No\r\naccess-control-allow-origin:*\r\nAccess-Control-Allow-Origin: null \r\n\r\n",
		"HTTP/1.0 200\n0:0\n \n 0\n\n",
		"HTTP/1.1 103 Early\r\n: empty\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		head, err := readHead(bufio.NewReader(bytes.NewReader(in)), 1<<16)
		if !bytes.HasPrefix(in, head) {
			t.Fatalf("%q is not how %q begins", head, in)
		}
		if err != nil {
			head = in // whatever comes, it does not panic
		}
		status, headers, err := parseHead(head)
		for _, h := range headers {
			if strings.ContainsAny(h.Name+h.Value, "\n") || h.Value != trimBlanks(h.Value) {
				t.Errorf("the line %q: %q", h.Name, h.Value)
			}
		}
		if err == nil && (status < 100 || status > 999) {
			t.Errorf("status %d", status)
		}
		p, theirs := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: "HEAD"})
		if theirs != nil || p.StatusCode < 100 || p.ProtoMajor != 1 {
			return
		}
		if err != nil || status != p.StatusCode {
			t.Fatalf("%q: %d %v, net/http reads %d", head, status, err, p.StatusCode)
		}
		ours := http.Header{}
		for _, h := range headers {
			if h.Name != "" { // net/http skips it
				ours.Add(h.Name, h.Value)
			}
		}
		for name, values := range p.Header {
			name = http.CanonicalHeaderKey(strings.TrimRight(name, " \t"))
			switch name {
			case "Cache-Control", "Content-Length", "Transfer-Encoding", "Trailer": // which net/http edits
				continue
			}
			for _, v := range values {
				if !slices.Contains(ours[name], trimBlanks(v)) {
					t.Errorf("%q: net/http has %s: %q, ours are %q", head, name, v, ours)
				}
			}
		}
	})
}
