// Package nginx runs Debian's nginx as a child process on a port of 127.0.0.1,
// with a configuration made at run time: as the reverse proxy of fixtures, and as
// the shared cache in front of a target. It is never a system service, and needs
// no privileges.
package nginx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/crossexam/crossexam/child"
	"github.com/crossexam/crossexam/scratch"
)

// ErrMissing says that there is no nginx on this machine.
var ErrMissing = errors.New("nginx is not installed (on Debian and Ubuntu: apt-get install nginx)")

// Find gives the path of nginx, on PATH or where Debian has it, which is not on
// the PATH of every user. The error is [ErrMissing].
func Find() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	const debian = "/usr/sbin/nginx"
	if path, err := exec.LookPath(debian); err == nil {
		return path, nil
	}
	return "", ErrMissing
}

// Config is what a server does, as nginx directives. Relative paths are in a
// temporary folder that goes with the server.
type Config struct {
	HTTP   string // in the http block
	Server string // in the one server block, which has its listen directive
	// TLS has the server speak https; ssl_certificate and ssl_certificate_key are
	// among the directives then.
	TLS bool
}

// folderPrefix begins the name of every folder of an nginx.
const folderPrefix = "crossexam-nginx-"

// A Server is a running nginx. It is closed by whoever started it.
type Server struct {
	addr    string
	folder  *scratch.Folder
	process *child.Process
}

// startTime is how long nginx may take to answer its first request.
const startTime = 15 * time.Second

const readyPath = "/crossexam-nginx-ready"

// Start starts nginx and waits until it answers. The context bounds the start
// only. The error is [ErrMissing], or has what nginx said of its configuration.
func Start(ctx context.Context, c Config) (*Server, error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if s.folder, err = scratch.Make("", folderPrefix); err != nil {
		return nil, fmt.Errorf("making a folder for nginx: %w", err)
	}
	if err := s.run(path, c); err != nil {
		return nil, errors.Join(err, s.folder.Remove())
	}
	if err := s.ready(ctx, c.TLS); err != nil {
		closing := s.Close() // after which the log is whole
		return nil, errors.Join(fmt.Errorf("nginx did not start: %w: %s", err, s.log()), closing)
	}
	return s, nil
}

func (s *Server) run(path string, c Config) error {
	// nginx is handed the listening socket, so that no other process can take the
	// port in between. It then needs its master process: version 1.22 without one
	// crashes on a socket that it inherited.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for nginx: %w", err)
	}
	defer listener.Close()
	s.addr = listener.Addr().String()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		return fmt.Errorf("listening for nginx: %w", err)
	}
	defer socket.Close()
	file := filepath.Join(s.folder.Path, "nginx.conf")
	// It may hold a key, and nginx's own files are none of others' either.
	if err := os.WriteFile(file, []byte(s.config(c)), 0o600); err != nil {
		return fmt.Errorf("configuring nginx: %w", err)
	}
	s.process, err = child.Start(child.Command{
		Argv: []string{path, "-p", s.folder.Path, "-c", file, "-e", "stderr"}, Env: append(os.Environ(), "NGINX=3;"), Files: []*os.File{socket},
		Orderly: true, // its workers outlive a master that is killed
	})
	return err
}

func (s *Server) config(c Config) string {
	listen := s.addr
	if c.TLS {
		listen += " ssl"
	}
	return `daemon off;
` + workers() + `pid nginx.pid;
worker_processes 1;
error_log stderr warn;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	` + c.HTTP + `
	server {
		listen ` + listen + `;
		location = ` + readyPath + ` { return 204; }
		` + c.Server + `
	}
}
`
}

// workers has the workers of a master that is root be root as well: others have no way
// to its folder, nor to servers that are for one user alone; see package loopback.
func workers() string {
	if os.Geteuid() != 0 {
		return "" // they are this user's
	}
	group, err := user.LookupGroupId("0") // "wheel" on some systems
	if err != nil {
		return "user root;\n"
	}
	return "user root " + group.Name + ";\n"
}

// ready waits for an answer. The connection waits in the socket's queue until
// nginx takes it, and breaks when nginx ends before.
func (s *Server) ready(ctx context.Context, secure bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	// Whether its certificate is trusted does not matter to who started it.
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return s.process.Await(ctx, func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, "GET", scheme+"://"+s.addr+readyPath, nil)
		if err != nil {
			return err
		}
		answer, err := transport.RoundTrip(r)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	})
}

// Addr is the address nginx listens on, such as "127.0.0.1:41234".
func (s *Server) Addr() string { return s.addr }

// log is the end of what nginx wrote to its error log.
func (s *Server) log() string { return strings.TrimSpace(s.process.Log()) }

// Close stops nginx and removes its folder.
func (s *Server) Close() error {
	err := s.process.Close()
	if removing := s.folder.Remove(); removing != nil {
		err = errors.Join(err, fmt.Errorf("removing nginx's folder: %w", removing))
	}
	return err
}
