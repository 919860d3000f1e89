package target

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// What the scripts of a page name is found without running them, and asked for as what is
// guessed is.
func TestPathsOfTheFrontPageAreTried(t *testing.T) {
	const page = `<!doctype html><script>const first = "/inline/notes"</script><script type=module src="./assets/app.js"></script>
		<link rel=modulepreload href=/assets/more.js><link rel=stylesheet href=/assets/x.css><script src="https://elsewhere.test/evil.js"></script>
		<a href="accounts.json">accounts</a> <a href="/about">about</a> <a href="https://elsewhere.test/other.json">other</a>`
	replies := map[string]string{
		"/assets/app.js":  `fetch("./api/tasks?limit=5"); go("/pages/one"); img("/logo.svg"); out("/api/logout"); tpl(` + "`/api/users/${id}`" + `); x("/../etc"); y("//evil.test/z")`,
		"/assets/more.js": `get('/stats/requests')`,
		"/assets/x.css":   `url("/api/css")`,
		"/api/tasks":      `[{"title": "secret plan"}]`,
		"/stats/requests": `{"total": 7, "host": "db.internal"}`,
		"/inline/notes":   `[{"note": "mine"}]`,
		"/accounts.json":  `[{"iban": "DE00"}]`,
	}
	for name, c := range map[string]struct {
		fallback int    // the status of every other path
		without  string // a reply that is not there
		want     string
	}{
		"not found":             {404, "", "GET /api/tasks private\nGET /stats/requests private\nGET /inline/notes private\nGET /accounts.json private"},
		"the page in its place": {200, "", "GET /api/tasks private\nGET /stats/requests private\nGET /inline/notes private\nGET /accounts.json private"},
		"no script":             {404, "/assets/app.js", "GET /stats/requests private\nGET /inline/notes private\nGET /accounts.json private"},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				asked = append(asked, r.URL.Path)
				mu.Unlock()
				body, ok := replies[r.URL.Path]
				switch {
				case ok && r.URL.Path != c.without:
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprint(w, body)
				case r.URL.Path == "/" || c.fallback == 200:
					w.Header().Set("Content-Type", "text/html")
					fmt.Fprint(w, page)
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			_, found, err := Config{URL: server.URL}.discover(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := paths(found.Reads); got != c.want {
				t.Errorf("reads:\n%s\nwant:\n%s", got, c.want)
			}
			for _, p := range []string{"/api/logout", "/api/css", "/etc", "/z", "/logo.svg", "/about", "/other.json"} {
				if slices.Contains(asked, p) {
					t.Errorf("%s was asked for", p)
				}
			}
		})
	}
}

// A page whose scripts name no reads leaves the diagnosis as it is.
func TestFrontPageThatNamesNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/_core/health" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, `<!doctype html><script>fetch("/_core/health")</script>`)
	}))
	defer server.Close()
	_, found, err := Config{URL: server.URL}.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if found.Alike == nil || len(found.Reads) > 0 {
		t.Errorf("%+v", found)
	}
}

// Where something asks for a login there is what to give one for, and no more is guessed.
func TestNoMoreIsGuessedWhereALoginIsAskedFor(t *testing.T) {
	var beyond atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<!doctype html><script src=/app.js></script>`)
		case "/me":
			w.WriteHeader(http.StatusUnauthorized)
		case "/app.js", "/settings":
			beyond.Add(1)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	if _, _, err := (Config{URL: server.URL}).discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := beyond.Load(); n > 0 {
		t.Errorf("%d requests more", n)
	}
}

func FuzzPathsOfPage(f *testing.F) {
	f.Add(`<script src=a.js>fetch("/api/x")</script>`)
	f.Add("<script>\"/a/../b\" '/api//x' `./v1/me?x=1`</script><link rel=preload as=script href='//h/x'>")
	f.Fuzz(func(t *testing.T, page string) {
		target := scenarios.Target{URL: "https://api.example.com/base"}
		addresses, inline := scriptsOf(page, target.At("/"))
		if len(addresses) > len(page) || len(inline) > 2*len(page) {
			t.Errorf("%d addresses, %d bytes", len(addresses), len(inline))
		}
		for _, p := range namedIn([]string{page}, target) {
			if !strings.HasPrefix(p, "/") || strings.Contains(p, "..") || strings.Contains(p, "//") {
				t.Errorf("%q", p)
			}
		}
	})
}
