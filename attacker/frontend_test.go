package attacker_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
)

// readings are ways in which scripts ask and read, each with a path of its own.
const readings = `<!doctype html><script>
const done = Promise.all([
  fetch("API/get", { credentials: "include" }).then((r) => r.headers.get("X-A")),
  fetch(new Request("API/has", { method: "PUT" })).then((r) => r.clone().headers.has("x-b")),
  fetch("API/each").then((r) => [...r.headers].length),
  fetch("API/object").then((r) => Object.fromEntries(r.headers.entries())),
  fetch("API/none", { headers: new Headers({ A: "b" }) }).then((r) => r.text()),
  new Promise((done) => {
    const x = new XMLHttpRequest();
    x.open("patch", "API/xhr#part");
    x.onloadend = () => done(x.getResponseHeader("X-C") + x.getAllResponseHeaders());
    x.send();
  }),
  new Promise((done) => (new EventSource("API/events", { withCredentials: true }).onerror = done)),
]).then(() => "done", String);
</script>`

// What scripts ask for and read is told, whichever way they do it, and the page notices
// nothing. It ends when the page is closed.
func TestFrontEndIsWatched(t *testing.T) {
	browsertest.Needed(t)
	stage, err := attacker.NewStage()
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	api := cors.MustParseOrigin("https://api.example.com")
	stage.Mount(api, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{"Allow-Origin": r.Header.Get("Origin"), "Allow-Credentials": "true", "Allow-Methods": "PUT, patch", "Allow-Headers": "a", "Expose-Headers": "X-A, X-B, X-C"} {
			w.Header().Set("Access-Control-"+name, value)
		}
		w.Header().Set("X-A", "1")
	}))
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, strings.ReplaceAll(readings, "API", api.String()))
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	browser, err := attacker.Start(t.Context(), stage, attacker.Options{Only: api})
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()
	front, err := browser.OpenFrontEnd(t.Context(), "http://"+server.Addr()+"/", attacker.FrontEndState{})
	if err != nil {
		t.Fatal(err)
	}
	if err := front.Run(t.Context(), `const got = await done; if (got !== "done") throw new Error(got); if (fetch.name !== "fetch" || "crossexamWatch" in self) throw new Error("it can be noticed")`); err != nil {
		t.Fatal(err)
	}
	calls, reads, _ := front.Seen()
	var got []string
	for _, c := range calls {
		line := c.Method + " " + strings.TrimPrefix(c.URL, api.String())
		if c.Credentials {
			line += " include"
		}
		got = append(got, line)
	}
	for _, r := range reads {
		got = append(got, strings.TrimPrefix(r.URL, api.String())+" "+r.Name)
	}
	slices.Sort(got)
	want := []string{
		"/each ", "/get x-a", "/has x-b", "/object ", "/xhr ", "/xhr x-c",
		"GET /each", "GET /events include", "GET /get include", "GET /none", "GET /object", "PUT /has", "patch /xhr",
	}
	if !slices.Equal(got, want) {
		t.Errorf("seen\n%q, want\n%q", got, want)
	}
	select {
	case <-front.Closed():
		t.Error("it is closed already")
	default:
	}
	if err := front.CloseWindow(t.Context()); err != nil {
		t.Error(err)
	}
	<-front.Closed()
}
