package loopback

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"
)

// A Server answers http and https on one loopback port: the first byte of a
// connection tells which. It is closed by whoever started it.
type Server struct {
	listener net.Listener
	http     *http.Server
	done     chan struct{}
}

// Serve starts a server on a free port of 127.0.0.1. The handler finds the
// scheme of a request with [Scheme]. authority may be nil, for a server that
// speaks http only.
func Serve(handler http.Handler, authority *Authority) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on 127.0.0.1: %w", err)
	}
	return ServeOn(l, handler, authority), nil
}

// ServeOn is [Serve] on a listener of the caller's, which the server closes.
func ServeOn(l net.Listener, handler http.Handler, authority *Authority) *Server {
	if authority == nil {
		return serveOn(l, handler, nil)
	}
	return serveOn(l, handler, authority.TLSConfig())
}

// ServeTLS is [Serve] with a configuration of the caller's for connections that
// speak TLS, such as one that asks for client certificates.
func ServeTLS(handler http.Handler, config *tls.Config) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on 127.0.0.1: %w", err)
	}
	return serveOn(l, handler, config), nil
}

func serveOn(l net.Listener, handler http.Handler, config *tls.Config) *Server {
	s := &Server{
		listener: l,
		done:     make(chan struct{}),
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 30 * time.Second,
			MaxHeaderBytes:    1 << 20,
			// What browsers break off is not worth a line on the terminal.
			ErrorLog: log.New(discard{}, "", 0),
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				if sc, ok := c.(*sniffedConn); ok {
					return context.WithValue(ctx, connKey{}, sc)
				}
				return ctx
			},
		},
	}
	go func() {
		defer close(s.done)
		// Serve always returns an error; after Close it is ErrServerClosed, and
		// a listener that dies earlier shows as refused connections.
		_ = s.http.Serve(newSniffer(l, config))
	}()
	return s
}

// Addr is the address the server listens on, such as "127.0.0.1:41234".
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close stops the server and breaks off the connections that are open.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

type connKey struct{}

// ClientCertificate is the certificate with which the client proved itself when
// it made the connection of the request, and nil where it did not. Who issued it
// is for the caller to check.
func ClientCertificate(r *http.Request) *x509.Certificate {
	c, ok := r.Context().Value(connKey{}).(*sniffedConn)
	if !ok {
		return nil
	}
	return c.clientCertificate()
}

// Scheme tells how the request came in: "https" or "http".
func Scheme(r *http.Request) string {
	if c, ok := r.Context().Value(connKey{}).(*sniffedConn); ok && c.secure() || r.TLS != nil {
		return "https"
	}
	return "http"
}
