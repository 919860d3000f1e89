package target

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// said is a configuration that says a little more than the least.
func said(more func(*Config)) Config {
	c := Config{URL: "https://api.example.com", Trusted: []string{"https://app.example.com"}, Reads: []string{"/me"}}
	more(&c)
	return c
}

func TestDeclaredReads(t *testing.T) {
	d, err := said(func(c *Config) {
		c.Reads = nil
		c.GraphQL = GraphQLConfig{Path: "/graphql", Query: `{ me { name(as: "x") } }`}
		c.Endpoints = []EndpointConfig{{Path: "/bff", Headers: map[string]string{"X-CSRF": "1"}}}
	}).Deployment(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	reads := d.Facts.PrivateReads()
	if len(reads) != 2 || reads[1].Body != `{"query":"{ me { name(as: \"x\") } }"}` || !reads[1].Headers.Has("Content-Type") || !reads[0].Headers.Has("X-CSRF") {
		t.Errorf("reads %+v", reads)
	}
	if !d.Facts.AllowsWrite("POST", d.Facts.At("/graphql")) || d.Facts.AllowsWrite("PUT", d.Facts.At("/graphql")) || d.Facts.AllowsWrite("POST", d.Facts.At("/bff")) {
		t.Error("what is let through is not what is declared as a read")
	}
	if slices.ContainsFunc(d.Facts.Errors, func(r scenarios.ErrorRecipe) bool { return r.Path == "/graphql" }) {
		t.Errorf("a GraphQL server answers strangers with 200: %+v", d.Facts.Errors)
	}
}

func TestInputsThatMakeNoSense(t *testing.T) {
	for name, tt := range map[string]struct {
		more func(*Config)
		says string
	}{
		"query without path": {func(c *Config) { c.GraphQL.Query = "{me}" }, "give the path of the GraphQL endpoint"},
		"call without path":  {func(c *Config) { c.JSONRPC.Call = "eth_accounts" }, "give the path of the JSON-RPC endpoint"},
		"call that writes":   {func(c *Config) { c.JSONRPC = JSONRPCConfig{"/", "eth_sendTransaction"} }, "only reads"},
		"call that is none":  {func(c *Config) { c.JSONRPC = JSONRPCConfig{"/", "a b"} }, "is no method"},
		"request of no call": {func(c *Config) { c.JSONRPC = JSONRPCConfig{"/", `{"params":[]}`} }, "names no method"},
		"request cut off":    {func(c *Config) { c.JSONRPC = JSONRPCConfig{"/", `{"method":`} }, "no request of JSON-RPC"},
		"path of no call":    {func(c *Config) { c.JSONRPC = JSONRPCConfig{"mcp", ""} }, "is not a path"},
		"mutation":           {func(c *Config) { c.GraphQL = GraphQLConfig{"/g", "mutation { drop }"} }, "only reads"},
		"a GET that reads":   {func(c *Config) { c.Endpoints = []EndpointConfig{{Path: "/a", Reads: true}} }, "leave reads out"},
		"reads and writes": {func(c *Config) {
			c.Endpoints = []EndpointConfig{{Method: "POST", Path: "/a", Reads: true, SafeToWrite: true}}
		}, "leave safe_to_write out"},
		"secret for all": {func(c *Config) {
			c.Endpoints = []EndpointConfig{{Path: "/a", Headers: map[string]string{"authorization": "x"}}}
		}, "under credentials"},
		"bad header":            {func(c *Config) { c.Endpoints = []EndpointConfig{{Path: "/a", Headers: map[string]string{"a b": "x"}}} }, "cannot be sent"},
		"key on two lines":      {func(c *Config) { c.Credentials.Headers = map[string]string{"X-Key": "a\nb"} }, "on one line"},
		"key that is a cookie":  {func(c *Config) { c.Credentials.Headers = map[string]string{"cookie": "a=b"} }, "give it as a cookie"},
		"key that all may send": {func(c *Config) { c.Credentials.Headers = map[string]string{"Accept": "x"} }, "no credential"},
		"key that none may":     {func(c *Config) { c.Credentials.Headers = map[string]string{"Host": "x"} }, "the name in the URL"},
		"empty key":             {func(c *Config) { c.Credentials.Headers = map[string]string{"X-Key": " "} }, "is empty"},
		"two tokens": {func(c *Config) {
			c.Credentials.Bearer, c.Credentials.Headers = "t", map[string]string{"Authorization": "Token x"}
		}, "leave out one of the two"},
		"together alone": {func(c *Config) { c.Credentials.Bearer, c.Credentials.Together = "t", true }, "give the others too"},
		"together twice": {func(c *Config) {
			c.Credentials.Bearer, c.Credentials.Basic, c.Credentials.Together = "t", "a:b", true
		}, "one Authorization header"},
	} {
		_, err := said(tt.more).Deployment(context.Background())
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCredentialsThatGoTogether(t *testing.T) {
	key := map[string]string{"X-API-Key": "k3y"}
	for want, credentials := range map[string]CredentialsConfig{
		"header":               {Headers: key},
		"cookie basic":         {Cookies: []string{"a=1"}, Basic: "u:p"},
		"basic+cookie":         {Cookies: []string{"a=1"}, Basic: "u:p", Together: true},
		"cookie+header":        {Cookies: []string{"a=1"}, Headers: key},
		"bearer":               {Headers: map[string]string{"authorization": "bearer tok"}},
		"basic header":         {Basic: "u:p", Headers: map[string]string{"Authorization": "Token x"}},
		"bearer+header":        {Bearer: "t", Headers: key},
		"cookie+bearer+header": {Cookies: []string{"a=1"}, Bearer: "t", Headers: key, Together: true},
	} {
		d, err := said(func(c *Config) { c.Credentials = credentials }).Deployment(context.Background())
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		var got []string
		for _, c := range d.Facts.Credentials {
			got = append(got, string(c))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, not %s", got, want)
		}
	}
	d, err := said(func(c *Config) { c.Credentials.Headers = map[string]string{"Authorization": "Token s3cret"} }).Deployment(context.Background())
	if err != nil || !slices.Contains(d.Secrets(), "s3cret") {
		t.Errorf("%v, secrets %v", err, d.Secrets())
	}
}

func TestParseHeaders(t *testing.T) {
	if got, err := ParseHeaders([]string{"X-API-Key: a:b "}); err != nil || got["X-API-Key"] != "a:b" {
		t.Errorf("%v, %v", got, err)
	}
	for _, lines := range [][]string{{"k3y"}, {": x"}, {"X-Key: a", "x-key: b"}} {
		if _, err := ParseHeaders(lines); err == nil || strings.Contains(err.Error(), "k3y") {
			t.Errorf("%q: %v", lines, err)
		}
	}
}

func TestGraphQLIsFound(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		header [2]string
		body   string
		found  bool
	}{
		"answers":        {200, [2]string{"Content-Type", "application/json"}, `{ "data": { "__typename": "Query" } }`, true},
		"wants POST":     {405, [2]string{"Allow", "POST"}, "", true},
		"wants a header": {400, [2]string{"Content-Type", "application/json"}, `{"errors":[{"message":"CSRF"}]}`, true},
		"something else": {200, [2]string{"Content-Type", "application/json"}, `{"data":[]}`, false},
		"nothing":        {404, [2]string{"Content-Type", "application/json"}, `{"errors":[{"message":"x"}]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method != http.MethodGet:
					t.Errorf("discovery sent a %s", r.Method)
				case r.URL.Path == "/api/graphql":
					w.Header().Set(tt.header[0], tt.header[1])
					w.WriteHeader(tt.status)
					_, _ = w.Write([]byte(tt.body))
					return
				}
				http.NotFound(w, r)
			}))
			defer s.Close()
			_, found, err := Config{URL: s.URL, Trusted: []string{"https://app.example.com"}}.discover(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.ContainsFunc(found.Notes, func(n string) bool { return strings.Contains(n, "name /api/graphql as `graphql`") }); got != tt.found {
				t.Errorf("found %t: %v", got, found.Notes)
			}
		})
	}
}

func TestCookieLines(t *testing.T) {
	for line, want := range map[string]string{
		"a=1":                               "a=1",
		"a=1; SameSite=None; Secure":        "a=1; SameSite=None; Secure",
		"a=1; b=2; c=x=y":                   "a=1|b=2|c=x=y note",
		"a=1; b=2;":                         "a=1|b=2 note",
		"a=1; Priority=High; Partitioned":   "a=1; Priority=High; Partitioned",
		"a=1; Secure; b=s3cret":             "error",
		"a=1; s3cret":                       "error",
		"s3cret":                            "error",
		"a=1; expires=Thu, 01 Jan 2099":     "a=1; expires=Thu, 01 Jan 2099",
		"__Host-a=1; Path=/; Secure; Bogus": "error",
		"a=1; SameSite=Nome; Secure":        "error",
		"a=1; SameSite":                     "error",
		"a=1; samesite=none; Secure":        "a=1; samesite=none; Secure",
		"a=1; Max-Age=never":                "error",
		"a=1; Max-Age=-5":                   "a=1; Max-Age=-5",
	} {
		lines, note, err := cookieLines(line)
		got := strings.Join(lines, "|")
		if note != "" {
			got += " note"
		}
		if err != nil {
			got = "error"
			if strings.Contains(err.Error(), "=s3cret") || strings.Contains(err.Error(), "1") {
				t.Errorf("%s: the error repeats a value: %v", line, err)
			}
		}
		if got != want {
			t.Errorf("%s: %s, not %s (%v)", line, got, want, err)
		}
	}
}

func TestEntriesWithoutEffect(t *testing.T) {
	d, err := said(func(c *Config) {
		c.URL, c.InsecureSkipVerify, c.Exclude, c.AllowWrites = "http://127.0.0.1:1", true, []string{"/admin/*"}, true
	}).Deployment(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range []string{"`insecure_skip_verify`", "`exclude`", "`allow_writes`"} {
		if !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.HasPrefix(n, entry+" has no effect") }) {
			t.Errorf("nothing is said of %s: %v", entry, d.Notes)
		}
	}
}

func TestListsThatAreEmpty(t *testing.T) {
	none, err := parseConfig("x.yaml", []byte("target: https://api.example.com\ntrusted: []\npolicy: {headers: [], methods: []}\nread: [/me]\n"), surroundings{})
	if err != nil || none.Trusted == nil || none.Policy.Headers == nil || none.Policy.Methods == nil || none.Policy.Exposed != nil {
		t.Fatalf("%v, %+v", err, none.Policy)
	}
	for name, more := range map[string]func(*Config){
		"token": func(c *Config) { c.Credentials.Bearer = "t" },
		"key":   func(c *Config) { c.Credentials.Headers = map[string]string{"X-Key": "k"} },
		"header": func(c *Config) {
			c.Endpoints = []EndpointConfig{{Path: "/a", Headers: map[string]string{"X-CSRF": "1"}}}
		},
		"JSON": func(c *Config) { c.GraphQL.Path = "/graphql" },
	} {
		c := none
		more(&c)
		if _, err := c.Deployment(context.Background()); err == nil || !strings.Contains(err.Error(), "no request header") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of a cookie without attributes nothing is known but its value.
func TestBareCookies(t *testing.T) {
	for line, want := range map[string][]string{
		"session=x":                           {"session"},
		"session=x; ":                         {"session"},
		"a=1; b=2":                            {"a", "b"},
		"session=x; HttpOnly":                 nil,
		"session=x=; SameSite=None; Secure":   nil,
		"__Host-session=x; Path=/; Secure":    nil,
		"session=x; expires=Wed, 01 Jan 2099": nil,
	} {
		d, err := said(func(c *Config) { c.Credentials.Cookies = []string{line} }).Deployment(context.Background())
		if err != nil || !slices.Equal(d.Facts.BareCookies, want) {
			t.Errorf("%q: %q, %v", line, d.Facts.BareCookies, err)
		}
	}
}

// A header whose value anybody can guess is no credential: every page sets it.
func TestHeadersThatAreNoSecret(t *testing.T) {
	t.Parallel()
	d, err := said(func(c *Config) {
		c.Credentials = CredentialsConfig{Cookies: []string{"session=x; Secure"}, Headers: map[string]string{"X-Requested-With": "XMLHttpRequest", "OCS-APIRequest": "true"}}
	}).Deployment(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Facts.Credentials, []scenarios.Credential{scenarios.Cookie}) || len(d.Credentials.Headers) > 0 || len(d.Notes) != 2 {
		t.Errorf("credentials %v, headers %v, notes %q", d.Facts.Credentials, d.Credentials.Headers, d.Notes)
	}
	for _, e := range d.Facts.Endpoints {
		if !e.Headers.Has("X-Requested-With") || !e.Headers.Has("OCS-APIRequest") {
			t.Errorf("%s: %v", e, e.Headers)
		}
	}
	for _, r := range d.Facts.Errors {
		if len(r.Headers) != 2 {
			t.Errorf("%s %s: %v", r.Method, r.Path, r.Headers)
		}
	}
	for _, name := range []string{"tenant", "X-Tenant", "X-Tenant-ID", "X-Acme-Tenant-Id", "X-Org-Id", "x_organization", "Workspace-Slug", "Api-Version", "X-App-Version", "X-Language", "X-Timezone"} {
		d, err := said(func(c *Config) { c.Credentials.Headers = map[string]string{name: "acme"} }).Deployment(context.Background())
		if err != nil || len(d.Credentials.Headers) > 0 || !d.Facts.Endpoints[0].Headers.Has(name) || len(d.Notes) != 1 {
			t.Errorf("%s: %v, %q, %v", name, d.Credentials.Headers, d.Notes, err)
		}
	}
	for name, value := range map[string]string{"X-CSRF-Token": "tok3n", "X-Key": "12", "Authorization": "true", "X-Tenant-Key": "acme", "X-Tenant-Token": "acme", "X-Org-Secret": "acme", "X-Site-Auth": "acme", "X-Client-Id": "acme"} {
		d, err := said(func(c *Config) { c.Credentials.Headers = map[string]string{name: value} }).Deployment(context.Background())
		if err != nil || !d.Credentials.Headers.Has(name) || d.Facts.Endpoints[0].Headers.Has(name) {
			t.Errorf("%s: %v, %v", name, d.Credentials.Headers, err)
		}
	}
}

// What servers print that listen on all addresses is examined as people open it.
func TestListeningAddressIsThisMachine(t *testing.T) {
	for given, want := range map[string]string{
		"http://0.0.0.0:8000":       "http://127.0.0.1:8000",
		"http://0.0.0.0":            "http://127.0.0.1",
		"https://[::]:8443/v1":      "https://[::1]:8443/v1",
		"http://127.0.0.1:8000":     "http://127.0.0.1:8000",
		"http://localhost:8000/api": "http://localhost:8000/api",
	} {
		d, err := Config{URL: given}.Deployment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told := slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, "is what servers listen on") })
		if d.Facts.URL != want || told != (given != want) {
			t.Errorf("%s is examined as %s, told: %t", given, d.Facts.URL, told)
		}
	}
}
