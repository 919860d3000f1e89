package tap

import (
	"context"
	"net/url"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// What leaves the browser by itself is under the rules of what the tap forwards.
func TestAdmit(t *testing.T) {
	tap := newTap(t, "127.0.0.1:1", func(o *Options) {
		o.Concurrency = 1
		o.AllowWrite = func(method, url string) bool { return method == "POST" && pathOf(url) == "/login" }
	})
	ask := func(method, path string) cors.Request {
		return cors.Request{Method: method, URL: "http://api.example" + path}
	}
	if _, refused := tap.Admit(t.Context(), ask("PUT", "/login")); refused == nil || !refused.Withheld {
		t.Fatalf("a write was let go: %+v", refused)
	} else if x, ok := tap.Exchange(tap.Keep(*refused)); !ok || !x.Withheld || len(tap.Withheld()) != 1 {
		t.Errorf("the write was not kept: %+v, %v", x, tap.Withheld())
	}
	done, refused := tap.Admit(t.Context(), ask("POST", "/login"))
	if refused != nil {
		t.Fatalf("the login was refused: %+v", refused)
	}
	second := make(chan func())
	go func() {
		done, _ := tap.Admit(t.Context(), ask("GET", "/"))
		second <- done
	}()
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, refused := tap.Admit(given, ask("GET", "/")); refused == nil || refused.Withheld || refused.Fault == "" {
		t.Errorf("one too many was let go: %+v", refused)
	}
	select {
	case <-second:
		t.Error("two are under way")
	default:
	}
	done()
	(<-second)()
	if n := tap.Requests(); n != 2 {
		t.Errorf("%d requests are counted", n)
	}
	tap.Close()
	if _, refused := tap.Admit(t.Context(), ask("GET", "/")); refused == nil {
		t.Error("a closed tap lets requests go")
	}
}

func TestDirectAddress(t *testing.T) {
	at := func(u string) *url.URL {
		parsed, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for want, u := range map[string]Upstream{
		"127.0.0.1:5055": {URL: at("http://127.0.0.1:5055/api")},
		"[::1]:443":      {URL: at("https://[::1]")},
		"127.0.0.1:8443": {URL: at("https://api.example.com"), Address: "127.0.0.1:8443"},
	} {
		if got, err := u.Direct(t.Context()); got != want || err != nil {
			t.Errorf("%s: got %s, %v", u.URL, got, err)
		}
	}
	if got, err := (Upstream{URL: at("https://127.0.0.1"), InsecureSkipVerify: true}).Direct(t.Context()); err == nil {
		t.Errorf("a certificate that is not verified: %s", got)
	}
}
