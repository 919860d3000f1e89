package attacker

import (
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/crossexam/crossexam/loopback"
)

// startProxy gives the loopback address of an HTTP proxy that leads to the stage,
// whatever host it is asked for, and nowhere else. It is for a browser that was not
// started with the stage's host map, and may be another user's, whose debugging port
// is at the address. The first call starts it; it stops with the stage.
func (s *Stage) startProxy(debugger string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proxy == nil {
		var others []int
		if uid, ok := loopback.ListenerOwner(debugger); ok {
			others = append(others, uid)
		}
		server, err := loopback.ServeOwn(http.HandlerFunc(s.serveProxy), nil, others...)
		if err != nil {
			return "", err
		}
		s.proxy = server
	}
	return s.proxy.Addr(), nil
}

func (s *Stage) serveProxy(w http.ResponseWriter, r *http.Request) {
	scheme, rest, absolute := strings.Cut(r.RequestURI, "://")
	switch {
	case r.Method == http.MethodConnect:
		s.tunnel(w)
	case absolute && strings.EqualFold(scheme, "http"):
		// What a proxy gets more than a server is taken away. The path is cut out as
		// it was written: printing it anew would change what the target sees.
		r.Header.Del("Proxy-Connection")
		r.RequestURI = "/"
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			r.RequestURI = "/" + strings.TrimPrefix(rest[i:], "/")
		}
		s.ServeHTTP(w, r)
	default:
		http.Error(w, "Crossexam's proxy is for the browser of its run.", http.StatusBadRequest)
	}
}

// tunnel joins the connection with one to the stage, which finds out by what comes
// whether it is https or a WebSocket's http. Both end when either does, and so with
// the stage.
func (s *Stage) tunnel(w http.ResponseWriter) {
	there, err := net.Dial("tcp", s.Addr())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer here.Close()
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	// An error here means that one side has left.
	ended := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(there, buffered); ended <- struct{}{} }()
	go func() { _, _ = io.Copy(here, there); ended <- struct{}{} }()
	<-ended
}
