package target

import (
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded/boundedtest"
	"github.com/crossexam/crossexam/target/recording"
)

func recordedBy(t *testing.T, file string) recording.Recording {
	t.Helper()
	f, err := os.Open(filepath.Join("recording/testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := recording.ReadHAR(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func commands(t *testing.T, text string) recording.Recording {
	t.Helper()
	r, err := recording.ReadCurl(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// written is the file that a recording leads to, as text and as it is loaded again
// with every variable set.
func written(t *testing.T, c Config, r recording.Recording) (string, Deployment) {
	t.Helper()
	c, found, err := c.Recorded(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Scaffold(c, found)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found.Variables() {
		t.Setenv(name, "victim:of-"+name)
	}
	name := filepath.Join(t.TempDir(), "crossexam.yaml")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadConfig(name)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	d, err := loaded.Deployment(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(text), d
}

// From the same use of a front end comes the same configuration, whoever recorded it.
func TestRecordedByEachBrowser(t *testing.T) {
	for _, file := range []string{"chrome.har", "chrome-sanitized.har", "firefox.har", "safari.har", "playwright.har"} {
		t.Run(file, func(t *testing.T) {
			text, d := written(t, Config{}, recordedBy(t, file))
			f := d.Facts
			if f.URL != "https://api.notebook.example" || len(f.Trusted) != 1 || f.Trusted[0].String() != "https://app.example.com" {
				t.Errorf("%s, trusting %v", f.URL, f.Trusted)
			}
			everyone := cors.Headers{{Name: "X-Requested-With", Value: "fetch"}}
			want := []scenarios.Endpoint{
				{Method: "GET", Path: "/api/notebooks?limit=20", Private: true, Headers: everyone}, {Method: "GET", Path: "/api/notebooks/1", Private: true},
				{Method: "PUT", Path: "/api/notebooks/1", Private: true},
			}
			if !slices.EqualFunc(f.Endpoints, want, func(a, b scenarios.Endpoint) bool { return reflect.DeepEqual(a, b) }) {
				t.Errorf("the endpoints are %+v", f.Endpoints)
			}
			p := f.Policy
			if p.Credentials != scenarios.IncludeCredentials || !slices.Equal(p.Methods, []string{"GET", "POST", "PUT"}) ||
				!slices.Equal(p.Headers, []string{"Content-Type", "X-Requested-With"}) || !slices.Equal(p.Exposed, []string{"X-Request-Id", "X-Total-Count"}) {
				t.Errorf("the policy is %+v", p)
			}
			if !slices.ContainsFunc(f.Errors, func(r scenarios.ErrorRecipe) bool { return r.Status == 404 && r.Path == "/api/notebooks/77" }) {
				t.Errorf("the errors are %+v", f.Errors)
			}
			if !slices.Equal(f.EventStreams, []string{"/api/events"}) {
				t.Errorf("the event streams are %v", f.EventStreams)
			}
			if file == "chrome.har" && (!slices.Equal(f.Messages("https://api.notebook.example/api/live"), []string{`{"type":"connection_init"}`}) || !slices.Equal(f.WebSockets[0].Protocols, []string{"graphql-transport-ws"})) {
				t.Errorf("the WebSockets are %+v", f.WebSockets)
			}
			if sockets := len(f.WebSockets) == 1; sockets != (file == "chrome.har" || file == "firefox.har") {
				t.Errorf("the WebSockets are %v", f.WebSockets)
			}
			if l := d.Credentials.Login; l == nil || l.Path != "/api/auth/login" || l.Body != `{"email":"victim:of-VICTIM_USERNAME","password":"victim:of-VICTIM_PASSWORD","remember":true}` {
				t.Errorf("the login is %+v", l)
			}
			for _, secret := range []string{"s3cr3t-session-value", "hunter2", "victim@example.com", "private name", "0a9f8e7d6c5b4a392817", "_ga"} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in the file", secret)
				}
			}
			if !strings.Contains(text, "https://stats.third.example") || !strings.Contains(text, "#   GET /api/logout:") {
				t.Errorf("the file does not say what is left out:\n%s", text)
			}
		})
	}
}

// What curl commands lead to, by what the front end proves itself with.
func TestRecordedCredentials(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ2aWN0aW0ifQ.c2lnbmF0dXJl"
	for name, c := range map[string]struct {
		commands string
		has      []string // in the file
		check    func(c Credentials) bool
	}{
		"bearer": {
			"curl 'https://api.example.com/me' -H 'origin: https://app.example.com' -H 'authorization: Bearer " + jwt + "' -H 'x-api-key: k3y-k3y-k3y'",
			[]string{`bearer: "${API_TOKEN}"`, "credentials: none", `headers: ["Authorization","X-Api-Key"]`, `headers: {"X-Api-Key":"${HEADER_X_API_KEY}"}`},
			func(c Credentials) bool { return c.Bearer == "victim:of-API_TOKEN" },
		},
		"a key alone": {
			"curl 'https://api.example.com/me' -H 'origin: https://app.example.com' -H 'x-api-key: k3y-k3y-k3y' -H 'X-CSRF: 1'",
			[]string{`headers: {"X-Api-Key":"${HEADER_X_API_KEY}"}`, "credentials: none", `headers: {"X-Csrf":"1"} # of every request, and no secret`},
			func(c Credentials) bool {
				return len(c.Headers) == 1 && c.Headers[0].Value == "victim:of-HEADER_X_API_KEY"
			},
		},
		"another CSRF token each time": {
			"curl https://api.example.com/me -b a=1 -H 'x-csrf-token: first-of-all'\ncurl https://api.example.com/you -b a=1 -H 'x-csrf-token: then-another'",
			[]string{`cookies: ["a=${A}; Path=/"]`, "# The front end sends X-Csrf-Token, which looks like a secret and is another one each time"},
			func(c Credentials) bool { return len(c.Headers) == 0 },
		},
		"basic": {
			"curl https://api.example.com/me -u 'victim:hunter2'", []string{`basic: "${API_LOGIN}"`},
			func(c Credentials) bool { return c.Basic != nil && c.Basic.Password == "of-API_LOGIN" },
		},
		"cookies, across sites": {
			"curl https://api.example.org/me -b 'sid=hunter2; __Host-x.y=hunter2; _ga=GA1' -H 'Origin: https://app.example.com'",
			[]string{`"sid=${SID}; Path=/; Secure; SameSite=None"`, `"__Host-x.y=${HOST_X_Y}; Path=/; Secure; SameSite=None"`, "credentials: include"},
			func(c Credentials) bool { return len(c.Cookies) == 2 },
		},
		"cookies of a sibling": {
			"curl https://api.example.com/me -b 'sid=hunter2' -H 'Referer: https://app.example.com/page?token=hunter2'", []string{`"sid=${SID}; Path=/"`, `- "https://app.example.com"`},
			func(c Credentials) bool { return len(c.Cookies) == 1 },
		},
		"a login with a form": {
			"curl https://api.example.com/me -b a=1\ncurl https://api.example.com/login --data-raw 'username=hunter2&password=hunter2&csrf_token=hunter2hunter2&grant_type=password'",
			[]string{`"grant_type":"password"`, `"csrf_token":"${LOGIN_CSRF_TOKEN}"`, `# cookies: ["a=${A}; Path=/"]`},
			func(c Credentials) bool { return c.Login != nil && c.Login.Path == "/login" && len(c.Cookies) == 0 },
		},
		"none": {"curl https://api.example.com/me", []string{"# None of the requests has a cookie", "#   bearer: ${API_TOKEN}"}, func(c Credentials) bool { return c.Bearer == "" }},
	} {
		t.Run(name, func(t *testing.T) {
			text, d := written(t, Config{}, commands(t, c.commands))
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("the file lacks %s\n%s", want, text)
				}
			}
			if !c.check(d.Credentials) {
				t.Errorf("the credentials are %+v", d.Credentials)
			}
			for _, secret := range []string{"hunter2", jwt, "k3y", "GA1"} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in the file", secret)
				}
			}
		})
	}
}

// Which host is the API.
func TestRecordedHost(t *testing.T) {
	const (
		api   = "curl https://api.example.com/v1/me -H 'origin: https://app.example.com' -b a=1 -H 'content-type: application/json'\n"
		other = "curl https://other.example.com/v2/me\n"
	)
	for name, c := range map[string]struct{ url, commands, target, path, says string }{
		"proposed":        {"", other + other + api, "https://api.example.com", "/v1/me", "is taken for the API"},
		"named":           {"https://other.example.com", api + other, "https://other.example.com", "/v2/me", "other hosts: https://api.example.com."},
		"named, a part":   {"https://api.example.com/v1", api + "curl https://api.example.com/v10/x\n", "https://api.example.com/v1", "/me", ""},
		"the same origin": {"", "curl https://app.example.com/me -H 'origin: https://app.example.com' -b a=1", "https://app.example.com", "/me", "needs no CORS"},
	} {
		t.Run(name, func(t *testing.T) {
			made, found, err := Config{URL: c.url}.Recorded(commands(t, c.commands))
			if err != nil {
				t.Fatal(err)
			}
			if made.URL != c.target || len(made.Endpoints) != 1 || made.Endpoints[0].Path != c.path {
				t.Errorf("%s with %+v", made.URL, made.Endpoints)
			}
			if said := strings.Join(found.Summary(), "\n"); !strings.Contains(said, c.says) {
				t.Errorf("it says\n%s", said)
			}
		})
	}
	for name, c := range map[string]struct {
		url  string
		r    recording.Recording
		says string
	}{
		"another host": {"https://elsewhere.example", commands(t, api), "there is no request to https://elsewhere.example in it, but to https://api.example.com"},
		"no requests":  {"", recording.Recording{}, "there is no request to a server in it"},
		"no URL":       {"nonsense", commands(t, api), "is not a URL"},
	} {
		if _, _, err := (Config{URL: c.url}).Recorded(c.r); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIsRandom(t *testing.T) {
	for text, want := range map[string]bool{
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ2In0.c2ln": true, "0a9f8e7d6c5b4a392817": true, "ghp_16C7e42F292c6912E7710c838347Ae178B4a": true, "AKIAIOSFODNN7EXAMPLEx9Qz8": true,
		"notebooks": false, "a-very-long-name-of-a-collection": false, "550e8400-e29b-41d4-a716-446655440000": false, "01ARZ3NDEKTSV4RRFFQ69G5FAV": false,
		"507f1f77bcf86cd799439011": false, "12345678901234567890": false, "getAllTheNotebooksOfThisUser": false, "2026-11-20T10:00:00.000Z": false,
	} {
		if isRandom(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

// Whatever is in a recording, it becomes a file that can be read, and that names no
// other target.
func FuzzRecorded(f *testing.F) {
	for _, text := range []string{
		"curl 'https://a.example/x?y=1' -H 'Origin: https://b.example' -b 'a:b=1; \"c\"=2' -H 'Content-Type: application/json' --data-raw '{\"pass\": [1], \"x\": {\"y\": 1}}'",
		"curl https://a.example/%22%0a#x -X 'A: B' -H 'a\": b'", "curl https://a.example/login -d 'password=1&\n\u2028=${X}'",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r recording.Recording
		var c Config
		var found Discovery
		var err error
		boundedtest.Modest(t, len(text), func() {
			if r, err = recording.ReadCurl(strings.NewReader(text)); err == nil {
				c, found, err = Config{}.Recorded(r)
			}
		})
		if err != nil {
			return
		}
		made, err := Scaffold(c, found)
		if err != nil {
			t.Fatal(err)
		}
		var read Config
		if err := yaml.Unmarshal(made, &read); err != nil {
			t.Fatalf("%v\n%s", err, made)
		}
		if read.URL != c.URL || len(read.Endpoints) != len(c.Endpoints) {
			t.Errorf("%s", made)
		}
	})
}

// The first message of a WebSocket is written only where it can have no secret in it.
func TestIsGreeting(t *testing.T) {
	for message, want := range map[string]bool{
		`{"type":"connection_init"}`: true, `{"type": "connection_init", "payload": {}}`: true, `["join", "notebooks"]`: true,
		`{"type":"connection_init","payload":{"authorization":"abc"}}`: false, `{"token":"abc"}`: false, `{"password":"abc"}`: false,
		`{"type":"a1b2"}`: false, `abc`: false, `{"x":"` + strings.Repeat("a", 60) + `"}`: false, ``: false,
	} {
		if isGreeting(message) != want {
			t.Errorf("%s: %t", message, !want)
		}
	}
}

// Two queries on one path are two endpoints, unless a number or an id alone tells them
// apart.
func TestShapeOfQueries(t *testing.T) {
	for _, c := range []struct {
		a, b string
		one  bool
	}{
		{"/items?view=a", "/items?view=b", false},
		{"/items?view=a", "/items", false},
		{"/items?page=1", "/items?page=2", true},
		{"/items?a=x&b=y", "/items?b=y&a=x", true},
		{"/items/1?view=a", "/items/2?view=a", true},
		{"/graphql?query=%7Bme%7Bname%7D%7D", "/graphql?query=%7Borders%7Btotal%7D%7D", false},
		{"/graphql?query=%7Bme(first:10)%7Bname%7D%7D", "/graphql?query=%7Borders(first:10)%7Btotal%7D%7D", false},
		{"/x?a=%zz", "/x?a=%zy", false},
	} {
		if a, b := shapeOf(c.a), shapeOf(c.b); (a == b) != c.one {
			t.Errorf("%s and %s: %s, %s", c.a, c.b, a, b)
		}
	}
}

// Words that were searched for do not fill the file.
func TestQueriesOnOnePath(t *testing.T) {
	var r recording.Recording
	for _, path := range []string{"/find?q=a", "/find?q=b", "/find?q=c", "/find?q=d", "/me", "/find?q=a"} {
		u, err := url.Parse("https://api.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Requests = append(r.Requests, recording.Request{Method: "GET", URL: u, Status: 200, Kind: recording.Fetch})
	}
	c, found, err := Config{URL: "https://api.example"}.Recorded(r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range c.Endpoints {
		got = append(got, e.Path)
	}
	if strings.Join(got, " ") != "/find?q=a /find?q=b /find?q=c /me" || len(found.Left) != 1 || found.Left[0].operation != "GET /find?q=d" {
		t.Errorf("%q, left %+v", got, found.Left)
	}
}
