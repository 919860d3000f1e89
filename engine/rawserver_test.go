package engine

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/tap"
)

// A reply is an answer as it goes over the wire. Header names and values stand
// there byte for byte, blanks included.
type reply struct {
	status  int
	headers cors.Headers
}

// A script is what the server answers to one fetch: at index i are the replies to
// the i-th hop of its redirects. What is missing is answered 500.
type script struct {
	preflights, responses []reply
}

// trialPath is where the hop of a trial is.
func trialPath(trial, hop int) string { return fmt.Sprintf("/trial/%d/%d", trial, hop) }

// A rawServer answers from scripts and keeps the exchanges. It is mounted on a
// stage, whose net/http would bring the headers in order: it takes the connection
// over and writes the bytes itself.
type rawServer struct {
	mu        sync.Mutex
	scripts   map[int]script  // by trial
	exchanges []cors.Exchange // the index is the id
	ofTrial   map[int][]int   // ids in the order of the wire
}

func newRawServer() *rawServer {
	return &rawServer{scripts: map[int]script{}, ofTrial: map[int][]int{}}
}

// stage sets the script of a trial and forgets its exchanges.
func (s *rawServer) stage(trial int, sc script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[trial] = sc
	delete(s.ofTrial, trial)
}

// exchange gives the exchange that a response named.
func (s *rawServer) exchange(id string) (cors.Exchange, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := strconv.Atoi(id)
	if err != nil || i < 0 || i >= len(s.exchanges) {
		return cors.Exchange{}, false
	}
	return s.exchanges[i], true
}

// wire gives the exchanges of a trial as they crossed the wire.
func (s *rawServer) wire(trial int) []cors.Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	var xs []cors.Exchange
	for _, i := range s.ofTrial[trial] {
		xs = append(xs, s.exchanges[i])
	}
	return xs
}

// ServeHTTP takes the connection and serves all its requests.
func (s *rawServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scheme := loopback.Scheme(r)
	_, _ = io.Copy(io.Discard, r.Body)
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err) // HTTP/1.1 connections can all be taken over
	}
	defer conn.Close()
	for {
		answer, keep := s.answer(scheme, r)
		if _, err := io.WriteString(conn, answer); err != nil || !keep {
			return
		}
		if r, err = http.ReadRequest(buffered.Reader); err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
	}
}

// answer records the exchange and gives the bytes of its response; keep says that
// the connection can take another one.
func (s *rawServer) answer(scheme string, r *http.Request) (answer string, keep bool) {
	q := cors.Request{Method: r.Method, URL: scheme + "://" + r.Host + r.RequestURI}
	for name, values := range r.Header {
		for _, v := range values {
			q.Headers = append(q.Headers, cors.Header{Name: name, Value: v})
		}
	}
	var trial, hop int
	if _, err := fmt.Sscanf(r.URL.Path, "/trial/%d/%d", &trial, &hop); err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	replies := s.scripts[trial].responses
	if q.IsPreflight() {
		replies = s.scripts[trial].preflights
	}
	p := reply{status: 500}
	if hop < len(replies) {
		p = replies[hop]
	}
	keep = !p.headers.Has("Content-Length") // which might be a lie
	h := append(slices.Clone(p.headers), cors.Header{Name: tap.ExchangeHeader, Value: strconv.Itoa(len(s.exchanges))})
	if keep && p.status != 204 && p.status != 304 {
		h = append(h, cors.Header{Name: "Content-Length", Value: "0"})
	}
	s.ofTrial[trial] = append(s.ofTrial[trial], len(s.exchanges))
	s.exchanges = append(s.exchanges, cors.Exchange{Request: q, Response: &cors.Response{Status: p.status, Headers: h}})
	return reply{p.status, h}.String(), keep
}

// String is the reply as it goes over the wire.
func (p reply) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d Trial\r\n", p.status)
	for _, h := range p.headers {
		fmt.Fprintf(&b, "%s:%s\r\n", h.Name, h.Value)
	}
	return b.String() + "\r\n"
}
