package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures/frontend"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// plainAPI knows nothing of CORS, and counts the writes that reach it.
func plainAPI(t *testing.T, writes *atomic.Int64) string {
	t.Helper()
	return serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			writes.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Total-Count", "1")
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("X-Other", "never read")
		switch {
		case r.Header.Get("Authorization") != "Bearer correct-horse":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/notes":
			fmt.Fprint(w, `[{"id": 1, "text": "Rotate the keys"}]`)
		default:
			fmt.Fprint(w, `{"id": 1, "text": "Rotate the keys"}`)
		}
	}))
}

func serveHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	server, err := loopback.Serve(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return "http://" + strings.Replace(server.Addr(), "127.0.0.1", "localhost", 1)
}

// A front end works while it is watched, although the API allows it nothing. It gets a
// token from a stored state; what it would change is withheld.
func TestLearn(t *testing.T) {
	browsertest.Needed(t)
	var writes atomic.Int64
	api, front := plainAPI(t, &writes), serveHTTP(t, frontend.Handler())
	page, err := url.Parse(front + "/?api=" + api)
	if err != nil {
		t.Fatal(err)
	}
	var withheld []tap.WithheldRequest
	r, err := engine.Learn(t.Context(), engine.Learning{
		Config: target.Config{URL: api}, FrontEnd: page,
		State:    target.BrowserState{Local: map[cors.Origin]map[string]string{cors.MustParseOrigin(front): {"token": "correct-horse"}}},
		Script:   `if (await list() !== 1) throw new Error("no list"); await open(1); await rename(1, "x").then(() => { throw new Error("it was not withheld") }, () => {})`,
		Withheld: func(w tap.WithheldRequest) { withheld = append(withheld, w) },
	})
	if err != nil {
		t.Fatal(err)
	}
	c, found, err := target.Config{URL: api}.Recorded(r)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Policy
	if got, want := fmt.Sprintf("%v %v %v %v %v %d", c.Trusted, p.Methods, p.Headers, p.Exposed, p.Credentials, *p.MaxAge),
		"["+front+"] [GET PATCH] [Authorization Content-Type X-Requested-With] [Etag X-Total-Count] none 600"; got != want {
		t.Errorf("the policy is %s, want %s", got, want)
	}
	var endpoints []string
	for _, e := range c.Endpoints {
		endpoints = append(endpoints, e.Method+" "+e.Path)
	}
	if got := strings.Join(endpoints, ", "); got != " /notes,  /notes/1, PATCH /notes/1" {
		t.Errorf("endpoints %s", got)
	}
	if writes.Load() != 0 || len(withheld) != 1 || withheld[0].Method != "PATCH" || withheld[0].Path != "/notes/1" {
		t.Errorf("%d writes came through; withheld %+v", writes.Load(), withheld)
	}
	if !found.Watched || len(found.References) != 1 || found.References[0].Key != "bearer" {
		t.Errorf("%+v", found)
	}
}

// What keeps a front end from being learnt from is said, with what to do.
func TestLearnNothing(t *testing.T) {
	browsertest.Needed(t)
	var writes atomic.Int64
	api, elsewhere := plainAPI(t, &writes), plainAPI(t, &writes)
	asks := func(u string) string {
		return serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!doctype html><script>fetch(%q).catch(() => {})</script>`, u)
		}))
	}
	for name, c := range map[string]struct {
		front, api, script string
		says               string
	}{
		"another API": {asks(elsewhere + "/notes"), api, "0", "asked " + api + " for nothing, but asked " + elsewhere + ": is the API there?"},
		"no page":     {"http://localhost:1/", api, "", "net::ERR_UNSAFE_PORT"},
		"bad script":  {asks(api + "/notes"), api, "throw new Error('the button is gone')", "the button is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := url.Parse(c.front)
			if err != nil {
				t.Fatal(err)
			}
			_, err = engine.Learn(t.Context(), engine.Learning{Config: target.Config{URL: c.api}, FrontEnd: page, Script: c.script, For: time.Minute})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
	var down *target.UnreachableError
	page := &url.URL{Scheme: "http", Host: "localhost:1"}
	if _, err := engine.Learn(t.Context(), engine.Learning{Config: target.Config{URL: "http://127.0.0.1:1"}, FrontEnd: page}); !errors.As(err, &down) {
		t.Errorf("%v", err)
	}
	if _, err := engine.Learn(t.Context(), engine.Learning{Config: target.Config{URL: "api"}, FrontEnd: page}); !errors.As(err, new(target.Problems)) {
		t.Errorf("%v", err)
	}
}

// A front end whose certificate nobody vouches for is opened where that was asked for, and
// its own key alone is trusted.
func TestLearnWithACertificate(t *testing.T) {
	browsertest.Needed(t)
	var writes atomic.Int64
	api := plainAPI(t, &writes)
	authority, err := loopback.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server, err := loopback.ServeTLS(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><script>const done = fetch(%q).then((r) => r.status)</script>`, api+"/notes")
	}), authority.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	l := engine.Learning{Config: target.Config{URL: api}, FrontEnd: &url.URL{Scheme: "https", Host: server.Addr()}, Script: "if (await done !== 401) throw new Error(await done)"}
	if _, err := engine.Learn(t.Context(), l); err == nil || !strings.Contains(err.Error(), "net::ERR_CERT_AUTHORITY_INVALID") || !strings.Contains(err.Error(), "its certificate is not trusted") {
		t.Errorf("%v", err)
	}
	l.Config.InsecureSkipVerify = true
	if _, err := engine.Learn(t.Context(), l); err != nil {
		t.Error(err)
	}
}
