//go:build unix

package main

import (
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/nginx"
)

// serveClean serves so many clean targets by one nginx, each at an address of its own of
// 127.0.0.0/8, for figures that are about the sweep: such a server takes a tenth of the
// time that [serveFleet] does.
func serveClean(t testing.TB, n int) *targetFleet {
	t.Helper()
	free, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	headers := `
		add_header Vary Origin always;
		add_header Access-Control-Allow-Origin $granted always;
		add_header Access-Control-Allow-Credentials $credentials always;
		add_header Access-Control-Allow-Methods $methods always;`
	server, err := nginx.Start(t.Context(), nginx.Config{
		HTTP: fmt.Sprintf(`keepalive_requests 1000000;
	map $http_origin $granted { default ""; %[1]q $http_origin; }
	map $http_origin $credentials { default ""; %[1]q true; }
	map "$http_origin|$request_method" $methods { default ""; "%[1]s|OPTIONS" "GET, POST"; }`, fleetTrusted),
		Server: fmt.Sprintf(`listen 0.0.0.0:%s backlog=4096;
		default_type application/json;%s
		location / {%[2]s
			if ($request_method = OPTIONS) { return 204; }
			return 404 '{"detail":"not found"}';
		}
		location = /api/notebooks {%[2]s
			add_header WWW-Authenticate 'Basic realm="notebook"';
			if ($request_method = OPTIONS) { return 204; }
			if ($http_authorization = "") { return 401 '{"detail":"login"}'; }
			return 200 '[{"id":1,"title":"%s has the launch codes"}]';
		}`, port, headers, fixtures.User),
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &targetFleet{close: func() { _ = server.Close() }}
	t.Cleanup(f.close)
	for i := range n {
		f.urls = append(f.urls, (&url.URL{Scheme: "http", Host: net.JoinHostPort(fmt.Sprintf("127.%d.%d.%d", 1+i/62500, i/250%250, 1+i%250), port)}).String())
	}
	return f
}
