package engine

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// Where a script of the front end has to send HTTP authentication, it is examined as what
// that sends, and as the browser's own everywhere else.
func TestBasicByScript(t *testing.T) {
	const front = "https://app.example.com"
	type api struct {
		asks    bool // a browser, by WWW-Authenticate
		headers string
		allows  func(origin string) bool // credentials
	}
	nobody := func(string) bool { return false }
	everybody := func(string) bool { return true }
	header, basic := []scenarios.Credential{scenarios.Header}, []scenarios.Credential{scenarios.Basic}
	for name, c := range map[string]struct {
		api    api
		change func(*target.Config)
		want   []scenarios.Credential
		fault  bool
	}{
		"scripts":                   {api: api{true, "authorization", nobody}, want: header},
		"the browser":               {api: api{true, "authorization", everybody}, want: basic},
		"no header allowed":         {api: api{true, "content-type", nobody}, want: basic},
		"any header allowed":        {api: api{true, "*", nobody}, want: header}, // as Chrome takes it
		"a foreign page's browser":  {api: api{true, "authorization", func(o string) bool { return o != front }}, want: basic},
		"never asked for":           {api: api{false, "", nobody}, want: header},
		"the operator says":         {api: api{true, "authorization", nobody}, change: func(c *target.Config) { c.Policy.Credentials = "include" }, want: basic},
		"never asked for, and said": {api: api{false, "", nobody}, change: func(c *target.Config) { c.Policy.Credentials = "include" }, fault: true},
		"another Authorization": {api: api{true, "authorization", nobody}, change: func(c *target.Config) { c.Credentials.Headers = map[string]string{"authorization": "Key k3y-k3y-k3y"} },
			want: basic},
		"nobody is trusted": {api: api{true, "authorization", nobody}, change: func(c *target.Config) { c.Trusted = []string{} }, want: basic},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if o := r.Header.Get("Origin"); o != "" {
					w.Header().Set("Access-Control-Allow-Origin", o)
					if c.api.allows(o) {
						w.Header().Set("Access-Control-Allow-Credentials", "true")
					}
				}
				user, password, _ := r.BasicAuth()
				switch {
				case r.Method == http.MethodOptions:
					w.Header().Set("Access-Control-Allow-Headers", c.api.headers)
				case user != "alice" || password != "hunter2":
					if c.api.asks {
						w.Header().Set("WWW-Authenticate", "Basic")
					}
					say(w, 401, `{}`)
				default:
					say(w, 200, `[{"text":"mine"}]`)
				}
			}))
			defer server.Close()
			config := target.Config{URL: server.URL, Trusted: []string{front}, Reads: []string{"/notes"}, Credentials: target.CredentialsConfig{Basic: "alice:hunter2"}}
			if c.change != nil {
				c.change(&config)
			}
			x, err := NewExamination(t.Context(), Request{Lab: &Lab{}, Config: config})
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			if err := x.Prepare(t.Context()); (err != nil) != c.fault {
				t.Fatal(err)
			}
			record := x.Record()
			if c.fault {
				if len(record.Diagnoses) == 0 || record.Diagnoses[0].Kind != BasicUnasked {
					t.Errorf("diagnoses %+v", record.Diagnoses)
				}
				return
			}
			if got := record.Target.Credentials; !slices.Equal(got, c.want) || len(record.Target.PrivateReads()) != 1 {
				t.Errorf("examined with %v, want %v", got, c.want)
			}
			changed := slices.Equal(c.want, header)
			if told := slices.ContainsFunc(record.Notes, func(n string) bool { return strings.Contains(n, "set by the front end's script") }); told != changed {
				t.Errorf("notes %q", record.Notes)
			}
			if secrets := x.deployment.Secrets(); changed && !slices.Contains(secrets, "hunter2") {
				t.Errorf("the password may be printed: %q", secrets)
			}
		})
	}
}

// HTTP authentication that a target never asks for is left out where another credential
// opens the same, and only there.
func TestWithoutBasic(t *testing.T) {
	me, items := scenarios.Endpoint{Method: "GET", Path: "/me", Private: true}, scenarios.Endpoint{Method: "GET", Path: "/items", Private: true}
	opens := func(e scenarios.Endpoint, c scenarios.Credential) scenarios.Premise {
		return scenarios.Premise{Endpoint: e.String(), Credential: c, Finding: scenarios.Private}
	}
	for name, c := range map[string]struct {
		premises []scenarios.Premise
		ok       bool
	}{
		"either opens":          {[]scenarios.Premise{opens(me, "basic"), opens(me, "cookie"), opens(items, "cookie")}, true},
		"alone":                 {[]scenarios.Premise{opens(me, "basic"), opens(items, "basic")}, false},
		"alone for one of them": {[]scenarios.Premise{opens(me, "basic"), opens(me, "cookie"), opens(items, "basic")}, false},
		"together":              {[]scenarios.Premise{opens(me, "basic+cookie"), opens(items, "basic+cookie")}, false},
	} {
		facts := scenarios.Target{Endpoints: []scenarios.Endpoint{me, items}, Credentials: []scenarios.Credential{"cookie", "basic"}, Premises: c.premises}
		if !opensByBasic(facts) {
			t.Errorf("%s: it opens nothing", name)
		}
		got, ok := withoutBasic(facts)
		if ok != c.ok || ok && (!slices.Equal(got.Credentials, []scenarios.Credential{"cookie"}) || opensByBasic(got)) {
			t.Errorf("%s: %v, %v, %v", name, ok, got.Credentials, got.Premises)
		}
	}
	if opensByBasic(scenarios.Target{Premises: []scenarios.Premise{{Credential: "basic", Finding: scenarios.CredentialRefused}}}) {
		t.Error("what is refused opens nothing")
	}
}
