package attacker

import (
	"fmt"
	"net/http"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
)

// An attack is what the page of a site does by itself.
type attack struct {
	How  string `json:"how"`
	Spec spec   `json:"spec"`
}

// attacks are those on a URL that need no help: reads with and without what the
// browser adds, from the page itself and from a frame of null origin.
func attacks(page cors.Origin, url string) []attack {
	var all []attack
	for _, a := range []struct {
		how     string
		attempt scenarios.Attempt
	}{
		{"with what the browser adds by itself", scenarios.Attempt{Vector: scenarios.Fetch}},
		{"without any credential", scenarios.Attempt{Vector: scenarios.Fetch, Omit: true}},
		{"from a frame of null origin, with what the browser adds", scenarios.Attempt{Vector: scenarios.SandboxedFrame}},
		{"from a frame of null origin, without any credential", scenarios.Attempt{Vector: scenarios.SandboxedFrame, Omit: true}},
	} {
		a.attempt.Page, a.attempt.Method, a.attempt.URL = page, http.MethodGet, url
		all = append(all, attack{a.how, newSpec(a.how, page, url, Task{Attempt: a.attempt})})
	}
	return all
}

// NewSite gives the attacker's site for people's own browsers: under whatever host
// name it has there, a page at / that reads the URL by itself, shows what it got and
// sends it home. stolen is told of all that arrives there and how it was read, from
// the goroutines of the requests.
func NewSite(url string, stolen func(how string, l scenarios.Loot)) (http.Handler, error) {
	set, err := readPages()
	if err != nil {
		return nil, err
	}
	collector := newCollector()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		origin, err := cors.ParseOrigin(loopback.Scheme(r) + "://" + r.Host)
		if err != nil {
			http.Error(w, fmt.Sprintf("this host name makes no origin: %v", err), http.StatusBadRequest)
			return
		}
		set.serve(w, origin, string(Malicious), attacks(origin, url))
	})
	mux.HandleFunc(collectorPath, func(w http.ResponseWriter, r *http.Request) {
		collector.ServeHTTP(w, r)
		how := r.URL.Query().Get("attempt")
		if l := collector.take(how); l != nil {
			stolen(how, *l)
		}
	})
	return mux, nil
}
