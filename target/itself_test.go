package target

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// The URL of an endpoint, as it stands in the developer tools, is read as one.
func TestURLOfAnEndpointIsRead(t *testing.T) {
	const notes = `{"notes":[{"text":"private"}]}`
	reply := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	locked := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "sid=right" {
			reply(401, "application/json", `{"detail":"who are you?"}`)(w, r)
			return
		}
		reply(200, "application/json", notes)(w, r)
	}
	for name, tt := range map[string]struct {
		serves  map[string]http.HandlerFunc
		url     string
		cookie  string
		exclude []string
		errors  []ErrorConfig
		reads   string // what is found, or empty
		private bool
		below   string // of the URL that is examined then, after the server's own
		page    bool   // is at its root
	}{
		"a page at the root": {serves: map[string]http.HandlerFunc{"/{$}": reply(200, "text/html", "<html>welcome</html>")}, page: true},
		"a page at the root, and data": {serves: map[string]http.HandlerFunc{"/{$}": reply(200, "text/html", "<html>welcome</html>"), "/api/notes": reply(200, "application/json", notes)},
			url: "/api/notes", reads: "/api/notes", private: true},
		"data":               {serves: map[string]http.HandlerFunc{"/api/notes": reply(200, "application/json", notes)}, url: "/api/notes", reads: "/api/notes", private: true},
		"behind a login":     {serves: map[string]http.HandlerFunc{"/api/notes": locked}, url: "/api/notes", cookie: "sid=right", reads: "/api/notes", private: true},
		"no credential":      {serves: map[string]http.HandlerFunc{"/api/notes": locked}, url: "/api/notes", reads: "/api/notes", private: true},
		"a wrong credential": {serves: map[string]http.HandlerFunc{"/api/notes": locked}, url: "/api/notes", cookie: "sid=wrong", reads: "/api/notes", private: true},
		"a word of health":   {serves: map[string]http.HandlerFunc{"/api/health": reply(200, "application/json", `{"status":"ok"}`)}, url: "/api/health", below: "/api/health"},
		"data, also with a slash": {serves: map[string]http.HandlerFunc{"/api/notes": reply(200, "application/json", notes), "/api/notes/{$}": reply(200, "application/json", notes)},
			url: "/api/notes", reads: "/api/notes", private: true},
		"data, also with a slash, and an empty reply below it": {serves: map[string]http.HandlerFunc{
			"/api/notes": reply(200, "application/json", notes), "/api/notes/{$}": reply(200, "application/json", notes), "/api/notes/user": reply(200, "application/json", "{}")},
			url: "/api/notes", reads: "/api/notes", private: true},
		"data with a slash alone":    {serves: map[string]http.HandlerFunc{"/api/notes/{$}": reply(200, "application/json", notes)}, url: "/api/notes/", reads: "/api/notes/", private: true},
		"a page":                     {serves: map[string]http.HandlerFunc{"/app": reply(200, "text/html", "<html>welcome</html>")}, url: "/app", below: "/app"},
		"a name that says an effect": {serves: map[string]http.HandlerFunc{"/api/logout": reply(200, "application/json", notes)}, url: "/api/logout", below: "/api/logout"},
		"an excluded one":            {serves: map[string]http.HandlerFunc{"/api/notes": reply(200, "application/json", notes)}, url: "/api/notes", exclude: []string{"/api/*"}, below: "/api/notes"},
		"a configuration with paths below it": {serves: map[string]http.HandlerFunc{"/api/notes": reply(200, "application/json", notes)}, url: "/api/notes",
			errors: []ErrorConfig{{Status: 404, Path: "/none"}}, below: "/api/notes"},
		"every path alike":          {serves: map[string]http.HandlerFunc{"/": reply(200, "application/json", notes)}, url: "/api/notes", below: "/api/notes"},
		"every path behind a login": {serves: map[string]http.HandlerFunc{"/": locked}, url: "/api/notes", below: "/api/notes"},
		"a base with something private below it": {
			serves: map[string]http.HandlerFunc{"/api": reply(200, "application/json", notes), "/api/me": reply(200, "application/json", notes)},
			url:    "/api", reads: "/me", private: true, below: "/api",
		},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			for at, h := range tt.serves {
				mux.HandleFunc(at, h)
			}
			s := httptest.NewServer(mux)
			defer s.Close()
			c := Config{URL: s.URL + tt.url, Exclude: tt.exclude, Errors: tt.errors}
			if tt.cookie != "" {
				c.Credentials.Cookies = []string{tt.cookie}
			}
			d, err := c.Deployment(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			c, found, err := c.DiscoverAt(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			var reads []string
			private := false
			for _, e := range found.Reads {
				reads = append(reads, e.Path)
				private = private || e.Private
			}
			var want []string
			if tt.reads != "" {
				want = append(want, tt.reads)
			}
			if !slices.Equal(reads, want) || private != tt.private {
				t.Errorf("read %q, private %t; want %q, %t", reads, private, want, tt.private)
			}
			if found.FrontPage != tt.page {
				t.Errorf("a page at the root: %t, want %t", found.FrontPage, tt.page)
			}
			if below := strings.TrimPrefix(c.URL, s.URL); below != tt.below {
				t.Errorf("the URL that is examined ends with %q, want %q", below, tt.below)
			}
		})
	}
}
