package target

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/target/recording"
)

// secretsOfTheFrontEnds are in the exports, and in no file that is made of them.
var secretsOfTheFrontEnds = []string{"s3cr3t-session-value", "csrf-7d8f21aa", "tok_4f9aE71c", "hunter2", "victim@example.com", "private name", "0a9f8e7d6c5b4a392817", "_ga"}

// What browsers and Playwright really exported of one use of a front end leads to one file.
func TestExportedRecordings(t *testing.T) {
	const (
		endpoints = `endpoints:
  - path: "/api/notebooks?limit=20"
    headers: {"X-Requested-With":"fetch"} # of every request, and no secret
  - path: "/api/me"
  - path: "/api/notebooks/1"
  - method: PUT
    path: "/api/notebooks/1"
`
		policy = `policy:
  credentials: include
  methods: ["GET","POST","PUT"]
  headers: ["Content-Type","X-Requested-With"]
  exposed: ["X-Request-Id","X-Total-Count"]`
		errors = `errors:
  - status: 401
    path: "/api/me"
    anonymous: true
  - status: 404
    path: "/api/notebooks/77"
  - status: 422
    path: "/api/notebooks?limit=abc"
  - status: 500
    path: "/api/boom"
`
		rest = `event_streams: ["/api/events"]
websockets:
  - path: "/api/live"
    protocols: ["graphql-transport-ws"]
`
		hello = `    first_message: "{\"type\":\"connection_init\"}"
`
		redirects = `redirects: ["/api/latest"]`
		login     = `login: {"json":{"email":"${VICTIM_USERNAME}","password":"${VICTIM_PASSWORD}","remember":true},"path":"/api/auth/login"}`
		cookies   = `# cookies: ["csrftoken=${CSRFTOKEN}; Path=/; SameSite=Lax","session=${SESSION}; Path=/; HttpOnly; SameSite=Lax","theme=${THEME}; Path=/; SameSite=Lax"] # in the place of the login`
		me        = `    headers: {"X-Csrf":"1"} # of every request, and no secret
    body: "{\"query\":\"query Me { me { email notebooks { id name } } }\",\"variables\":{},\"operationName\":\"Me\"}"
    reads: true # it changes nothing, so that it is sent like a GET
`
	)
	for file, c := range map[string]struct{ has, lacks []string }{
		"chrome-cookie.har":     {[]string{endpoints, policy, errors, rest + hello, redirects, login, cookies}, nil},
		"playwright-cookie.har": {[]string{endpoints, policy, errors, rest + hello, redirects, login, cookies}, nil},
		"playwright-cookie.zip": {[]string{endpoints, policy, errors, rest + hello, redirects, login, cookies}, nil},
		"firefox-cookie.har":    {[]string{endpoints, policy, errors, rest, redirects, login, cookies}, []string{"first_message: \""}}, // it keeps no messages
		// Nobody can see there whether the 401 was for a request without a cookie.
		"chrome-cookie-sanitized.har": {[]string{endpoints, policy, rest + hello, redirects, login}, []string{cookies, "status: 401"}},
		"chrome-graphql.har":          {[]string{me, login[:40], "Left out are mutations"}, []string{"rename", "safe_to_write: true # really"}},
		"firefox-graphql.har":         {[]string{me, login[:40], "Left out are mutations"}, []string{"rename", "safe_to_write: true # really"}},
		"chrome-bearer-sanitized.har": {[]string{`bearer: "${API_TOKEN}"`, `credentials: none`, `headers: ["Authorization","Content-Type"]`, `- path: "/api/me"`}, []string{"VICTIM_PASSWORD"}},
	} {
		t.Run(file, func(t *testing.T) {
			text, _ := written(t, Config{}, recordedBy(t, filepath.Join("exported", file)))
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("it lacks\n%s", want)
				}
			}
			for _, other := range append(c.lacks, secretsOfTheFrontEnds...) {
				if strings.Contains(text, other) {
					t.Errorf("it has %q", other)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// What Chrome copied for Bash and for cmd leads to one file, and PowerShell is told what
// to copy.
func TestExportedCommands(t *testing.T) {
	read := func(name string) (recording.Recording, error) {
		f, err := os.Open(filepath.Join("recording/testdata/exported", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return recording.ReadCurl(f)
	}
	var made []string
	for _, name := range []string{"chrome.curl-bash.txt", "chrome.curl-cmd.txt"} {
		r, err := read(name)
		if err != nil {
			t.Fatal(err)
		}
		text, d := written(t, Config{}, r)
		if len(d.Facts.PrivateReads()) < 4 || d.Credentials.Login == nil || len(d.Facts.EventStreams) != 1 || len(r.Requests) < 15 {
			t.Errorf("%s: %d requests, %+v\n%s", name, len(r.Requests), d.Facts, text)
		}
		for _, secret := range secretsOfTheFrontEnds {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q is in the file", name, secret)
			}
		}
		made = append(made, text)
	}
	if made[0] != made[1] {
		t.Errorf("they differ:\n%s\n%s", made[0], made[1])
	}
	if _, err := read("chrome.powershell.txt"); err == nil || !strings.Contains(err.Error(), `"Copy as cURL (bash)"`) {
		t.Errorf("PowerShell: %v", err)
	}
}
