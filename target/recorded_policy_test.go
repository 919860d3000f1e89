package target

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/recording"
)

// A front end that was watched needs what its scripts did, and not what the API allows
// today.
func TestPolicyOfAWatchedFrontEnd(t *testing.T) {
	const front = "https://app.example"
	request := func(change func(*recording.Request)) recording.Request {
		q := recording.Request{
			Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "api.example", Path: "/notes"}, Kind: recording.Fetch, Status: 200, Watched: true, Mode: recording.Omit,
			Headers: cors.Headers{{Name: "Origin", Value: front}}, Cookies: []string{"session"},
			Answer: cors.Headers{
				{Name: "Content-Type", Value: "application/json"}, {Name: "Etag", Value: "1"}, {Name: "X-Total-Count", Value: "1"}, {Name: "Server", Value: "x"}, {Name: "Date", Value: "x"},
				{Name: cors.HeaderExposeHeaders, Value: "X-Today, Etag"}, {Name: cors.HeaderAllowCredentials, Value: "true"},
			},
		}
		if change != nil {
			change(&q)
		}
		return q
	}
	for name, c := range map[string]struct {
		requests []recording.Request
		exposed  string
		with     string
		says     string // among the notes; empty for none of them
	}{
		"reads nothing":        {[]recording.Request{request(nil)}, "", "none", ""},
		"by name":              {[]recording.Request{request(func(q *recording.Request) { q.Read = []string{"x-total-count", "content-type"} })}, "X-Total-Count", "none", ""},
		"not there":            {[]recording.Request{request(func(q *recording.Request) { q.Read = []string{"x-gone"} })}, "", "none", "did not send: X-Gone"},
		"there once":           {[]recording.Request{request(func(q *recording.Request) { q.Read = []string{"etag"} }), request(func(q *recording.Request) { q.Read, q.Answer = []string{"etag"}, nil })}, "Etag", "none", ""},
		"all at once":          {[]recording.Request{request(func(q *recording.Request) { q.ReadAll = true })}, "Etag X-Today", "none", "asked for them by name: X-Total-Count."},
		"with credentials":     {[]recording.Request{request(func(q *recording.Request) { q.Mode = recording.Include })}, "", "include", ""},
		"and one of a worker":  {[]recording.Request{request(nil), request(func(q *recording.Request) { q.Watched, q.Mode = false, "" })}, "Etag X-Today", "include", "another window or a redirect made them: 1."},
		"an image is no fetch": {[]recording.Request{request(nil), request(func(q *recording.Request) { q.Kind, q.Watched, q.Mode = recording.Other, false, "" })}, "", "none", ""},
	} {
		made, found, err := Config{URL: "https://api.example"}.Recorded(recording.Recording{Requests: c.requests})
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(found.Notes, "\n")
		if got := strings.Join(made.Policy.Exposed, " "); got != c.exposed || made.Policy.Credentials != c.with {
			t.Errorf("%s: exposed %q, credentials %s", name, got, made.Policy.Credentials)
		}
		if c.says != "" && !strings.Contains(notes, c.says) || c.says == "" && strings.Contains(notes, "header") {
			t.Errorf("%s: %q", name, notes)
		}
		if !found.Watched || made.Policy.MaxAge == nil || *made.Policy.MaxAge != learnedMaxAge {
			t.Errorf("%s: %+v", name, made.Policy)
		}
	}
}

func TestBrowserState(t *testing.T) {
	now := time.Unix(1000, 0)
	s, err := parseBrowserState([]byte(`{"cookies": [
		{"name": "a", "value": "1", "domain": ".example.com", "path": "/", "expires": -1, "httpOnly": true, "secure": true, "sameSite": "None"},
		{"name": "old", "value": "1", "domain": "example.com", "path": "/", "expires": 999, "sameSite": "Lax"}],
		"origins": [{"origin": "https://app.example.com", "localStorage": [{"name": "token", "value": "x"}]}]}`), now)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%v %v", s.Cookies[0].String(), s.Local); len(s.Cookies) != 1 || got != "a=1; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=None map[https://app.example.com:map[token:x]]" {
		t.Errorf("%d cookies, %s", len(s.Cookies), got)
	}
	for _, bad := range []string{``, `[]`, `{"cookies": [{"name": "", "domain": "a"}]}`, `{"cookies": [{"name": "a"}]}`, `{"origins": [{"origin": "app"}]}`} {
		if s, err := parseBrowserState([]byte(bad), now); err == nil {
			t.Errorf("%s: %+v", bad, s)
		}
	}
}

// Each rule of a policy comes from what a front end was seen to do, and from nothing else.
func TestWhatAPolicyIsMadeOf(t *testing.T) {
	const front = "https://app.example"
	request := func(kind recording.Kind, method string, headers ...cors.Header) recording.Request {
		return recording.Request{
			Method: method, URL: &url.URL{Scheme: "https", Host: "api.example", Path: "/notes"}, Kind: kind, Status: 200,
			Headers: headers, Answer: cors.Headers{{Name: "Content-Type", Value: "application/json"}},
		}
	}
	from := func(origin string) cors.Header { return cors.Header{Name: "Origin", Value: origin} }
	asks := func(method, headers string) recording.Request {
		return request(recording.Preflight, "OPTIONS", from(front), cors.Header{Name: cors.HeaderRequestMethod, Value: method}, cors.Header{Name: cors.HeaderRequestHeaders, Value: headers})
	}
	onPage := request(recording.Fetch, "GET")
	onPage.Page = front + "/#/notes"
	for name, c := range map[string]struct {
		requests []recording.Request
		policy   string // origins, methods, headers and credentials
	}{
		"a fetch":                       {[]recording.Request{request(recording.Fetch, "GET", from(front))}, "[https://app.example] [GET] [] "},
		"of two pages":                  {[]recording.Request{request(recording.Fetch, "GET", from(front)), request(recording.Fetch, "GET", from("https://admin.example"))}, "[https://admin.example https://app.example] [GET] [] "},
		"of a sandboxed frame":          {[]recording.Request{request(recording.Fetch, "GET", from("null"))}, "[] [GET] [] "},
		"of a page that says who it is": {[]recording.Request{request(recording.Fetch, "GET", cors.Header{Name: "Referer", Value: front + "/x"})}, "[https://app.example] [GET] [] "},
		"of a page that is known":       {[]recording.Request{onPage}, "[https://app.example] [GET] [] "},
		"a link that was followed":      {[]recording.Request{request(recording.Fetch, "GET", from(front)), request(recording.Other, "GET", cors.Header{Name: "Referer", Value: "https://search.example/"})}, "[https://app.example] [GET] [] "},
		"asked, and never made":         {[]recording.Request{request(recording.Fetch, "GET", from(front)), asks("DELETE", "x-trace,content-type")}, "[https://app.example] [DELETE GET] [Content-Type X-Trace] "},
		"asked with nonsense":           {[]recording.Request{request(recording.Fetch, "GET", from(front)), asks("A B", "x y,*")}, "[https://app.example] [GET] [] "},
		"made":                          {[]recording.Request{request(recording.Fetch, "PUT", from(front), cors.Header{Name: "X-Trace", Value: "1"}, cors.Header{Name: "Accept", Value: "text/plain"}, cors.Header{Name: "Pragma", Value: "no-cache"})}, "[https://app.example] [PUT] [X-Trace] "},
		"an OPTIONS of its own":         {[]recording.Request{request(recording.Fetch, "GET", from(front)), request(recording.Fetch, "OPTIONS", from(front))}, "[https://app.example] [GET] [] "},
		"a token":                       {[]recording.Request{request(recording.Fetch, "GET", from(front), cors.Header{Name: "Authorization", Value: "Bearer x"})}, "[https://app.example] [GET] [Authorization] none"},
		"a token that was taken out":    {[]recording.Request{request(recording.Fetch, "GET", from(front)), asks("GET", "authorization")}, "[https://app.example] [GET] [Authorization] none"},
	} {
		made, _, err := Config{URL: "https://api.example"}.Recorded(recording.Recording{Requests: c.requests})
		if err != nil {
			t.Fatal(err)
		}
		p := made.Policy
		if got := fmt.Sprintf("%v %v %v %s", made.Trusted, p.Methods, p.Headers, p.Credentials); got != c.policy {
			t.Errorf("%s: %s, want %s", name, got, c.policy)
		}
		if p.MaxAge != nil || len(p.Exposed) > 0 {
			t.Errorf("%s: nobody watched, and yet %+v", name, p)
		}
	}
}
