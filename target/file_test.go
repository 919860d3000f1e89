package target

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

// around are surroundings for tests.
func around() surroundings {
	return surroundings{
		lookup: func(name string) (string, bool) {
			v, ok := map[string]string{"TOKEN": "tok-1", "PASSWORD": "pass-word", "EMPTY": ""}[name]
			return v, ok
		},
		read: func(path string) ([]byte, error) {
			if path == "conf/secret.txt" {
				return []byte("from-file\n"), nil
			}
			return nil, fs.ErrNotExist
		},
	}
}

func TestConfigFile(t *testing.T) {
	c, err := parseConfig("conf/crossexam.yaml", []byte(`
target: https://api.example.com/v1
trusted: [https://app.example.com]
policy: {credentials: include, methods: [GET, PUT], headers: [X-Csrf], exposed: [X-Id], max_age: 60}
read: [/me]
endpoints:
  - path: /open
    open: true
  - {method: PUT, path: /items/1, safe_to_write: true, body: '{"a": 1}'}
errors:
  - {status: 413, method: POST, path: /upload, body_bytes: 100, proxy: true, safe_to_write: true, headers: {X-B: b, X-A: a}}
credentials:
  cookies: ["s=${TOKEN}; Secure"]
  bearer: ${file:secret.txt}
  login: {path: /login, json: {user: me, nested: [{pin: "${PASSWORD}"}], literal: "$${x}"}}
  network: true
limits: {requests_per_second: 2.5, concurrency: 3, body_timeout: 2s}
browser: {path: /usr/bin/x, block_third_party_cookies: true}
exclude: ["/admin/*"]
startup_log: api.log
openapi: api.yaml
preset: open-notebook
allow_writes: false
accepted: accepted.yaml
insecure_skip_verify: true
`), around())
	if err != nil {
		t.Fatal(err)
	}
	if c.StartupLog.File != "conf/api.log" || c.OpenAPI != "conf/api.yaml" || c.Accepted != "conf/accepted.yaml" {
		t.Errorf("paths %q %q %q", c.StartupLog.File, c.OpenAPI, c.Accepted)
	}
	c.OpenAPI = ""
	d, err := c.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Credentials.Login.Body; got != `{"literal":"${x}","nested":[{"pin":"pass-word"}],"user":"me"}` {
		t.Errorf("login %s", got)
	}
	if d.Credentials.Bearer != "from-file" || d.Credentials.Cookies[0] != "s=tok-1; Secure" {
		t.Errorf("%+v", d.Credentials)
	}
	if h := d.Facts.Errors[0].Headers; len(h) != 2 || h[0].Name != "X-A" {
		t.Errorf("headers %v", h)
	}
	if l := d.Limits; l.RequestsPerSecond != 2.5 || l.Concurrency != 3 || l.Body.Seconds() != 2 || l.Connect.Seconds() != 5 {
		t.Errorf("limits %+v", l)
	}
	for _, w := range []struct {
		method, path string
		want         bool
	}{
		{"PUT", "/v1/items/1", true}, {"PUT", "/items/1", false}, {"POST", "/v1/login", true}, {"POST", "/login", false},
		{"POST", "/v1/upload", true}, {"DELETE", "/v1/items/1", false}, {"POST", "/v1/me", false},
	} {
		if got := d.Facts.AllowsWrite(w.method, d.Facts.Origin().String()+w.path); got != w.want {
			t.Errorf("%s %s is let through: %t", w.method, w.path, got)
		}
	}
	secrets := strings.Join(d.Credentials.secrets(), "\n")
	for _, s := range []string{"tok-1", "from-file", "pass-word"} {
		if !strings.Contains(secrets, s) {
			t.Errorf("%s is not among the secrets", s)
		}
	}
}

// Every mistake is told with its place and what to write instead, and without a
// secret.
func TestConfigFileMistakes(t *testing.T) {
	const target = "target: https://api.example.com\n"
	for name, c := range map[string]struct {
		text string
		says []string
	}{
		"empty":              {"", []string{"c.yaml: the file is empty", "crossexam init"}},
		"only a comment":     {"# nothing\n", []string{"the file is empty"}},
		"not YAML":           {"target: [\n", []string{"c.yaml:1:"}},
		"tab":                {"policy:\n\tmethods: []\n", []string{"c.yaml:2:1"}},
		"a list":             {"- a\n", []string{"c.yaml:1:", "a group of keys"}},
		"two documents":      {target + "---\n" + target, []string{"more than one document"}},
		"twice":              {target + target, []string{"c.yaml:2:1", "target"}},
		"unknown key":        {target + "tursted: []\n", []string{"c.yaml:2:", "tursted", `did you mean "trusted"`}},
		"another word":       {target + "origins: [\"https://a.test\"]\n", []string{"c.yaml:2:", "origins", `did you mean "trusted"`}},
		"a part of another":  {target + "cookies: [\"a=b\"]\n", []string{"c.yaml:2:", "cookies", `did you mean "credentials"`}},
		"unknown inner key":  {target + "limits:\n  zzz: 1\n", []string{"c.yaml:3:8: limits.zzz", "body_bytes, body_timeout"}},
		"two mistakes":       {"targt: 1\npreset: 2\n", []string{"c.yaml:1:", "c.yaml:2:9: preset"}},
		"wrong type":         {target + "trusted: https://app.example.com\n", []string{"c.yaml:2:10: trusted", "write a list", `["https://app.example.com"]`}},
		"number for text":    {target + "read: [1]\n", []string{"c.yaml:2:8: read[0]", "in quotes"}},
		"nothing":            {target + "read:\n", []string{"read", "this is empty"}},
		"alias":              {"target: &a https://api.example.com\npreset: *a\n", []string{"c.yaml:1:9", "anchors"}},
		"tag":                {"target: !!str x\n", []string{"anchors, aliases and tags"}},
		"bad status":         {target + "errors: [{status: 200, path: /}]\n", []string{"c.yaml:2:19: errors[0].status", "300 or more"}},
		"no path":            {target + "endpoints:\n  - method: PUT\n", []string{"c.yaml:3:5: endpoints[0]", "path is missing"}},
		"lower-case method":  {target + "endpoints: [{method: put, path: /}]\n", []string{"endpoints[0].method", `"put"`}},
		"infinity":           {target + "limits: {requests_per_second: .inf}\n", []string{"c.yaml:2:31"}},
		"no rate":            {target + "limits: {requests_per_second: 0}\n", []string{"more than 0"}},
		"duration":           {target + "limits: {body_timeout: 5 seconds}\n", []string{"limits.body_timeout", `such as "10s"`}},
		"policy word":        {target + "policy: {credentials: omit}\n", []string{"policy.credentials", "include or none"}},
		"not a target":       {"\ntarget: api.example.com\n", []string{"c.yaml:2:9: target", "is not a URL"}},
		"a host and port":    {"target: 127.0.0.1:5055\n", []string{"c.yaml:1:9: target", "is not a URL", "write it like http://"}},
		"origin with a path": {target + "trusted:\n  - https://a.example\n  - https://app.example.com/ui\n", []string{"c.yaml:4:5: trusted[1]", `"https://app.example.com"`}},
		"own origin":         {target + "trusted: [https://api.example.com]\n", []string{"c.yaml:2:11", "own origin"}},
		"body of a read":     {target + "endpoints:\n  - path: /a\n    body: x\n", []string{"c.yaml:3:5: endpoints[0]", "has no body"}},
		"two bodies":         {target + "errors:\n  - {status: 413, method: POST, path: /a, body: x, body_bytes: 1}\n", []string{"only one of them"}},
		"both logins":        {target + "credentials: {login: {path: /l, form: {a: b}, json: {a: b}}}\n", []string{"credentials.login", "form or json"}},
		"no login fields":    {target + "credentials: {login: {path: /l}}\n", []string{"form or json"}},
		"other host":         {target + "openapi: https://evil.test/openapi.json\n", []string{"c.yaml:2:10: openapi", "contacts nobody but the target"}},
		"unset variable":     {target + "credentials:\n  bearer: ${NOT_SET}\n", []string{"c.yaml:3:11: credentials.bearer", "NOT_SET is not set"}},
		"empty variable":     {target + "credentials: {basic: 'u:${EMPTY}'}\n", []string{"EMPTY is empty"}},
		"no such file":       {target + "credentials: {bearer: '${file:none}'}\n", []string{"${file:none}", "not exist"}},
		"open reference":     {target + "credentials: {bearer: 'secret-value${TOKEN'}\n", []string{"has no }"}},
		"secret number":      {target + "credentials: {bearer: 71777}\n", []string{"credentials.bearer", "in quotes"}},
		"secret, not cookie": {target + "credentials: {cookies: [secret-value]}\n", []string{"c.yaml:2:25: credentials.cookies[0]", "Set-Cookie syntax"}},
		"secret, no colon":   {target + "credentials: {basic: secret-value}\n", []string{"USER:PASSWORD"}},
		"secret in a blank":  {target + "credentials: {bearer: Bearer secret-value}\n", []string{"without the word Bearer"}},
		"secret key":         {target + "credentials: {login: {path: secret-value, form: {a: b}}}\n", []string{"credentials.login.path"}},
		"no preset":          {target + "preset: flask\n", []string{"c.yaml:2:9: preset", "open-notebook or fastapi"}},
		"two logs":           {target + "startup_log: {file: a, command: [b]}\n", []string{"c.yaml:2:", "startup_log", "both file and command"}},
		"no log":             {target + "startup_log: {timeout: 1s}\n", []string{"startup_log", "neither file nor command"}},
		"log of a number":    {target + "startup_log: 7\n", []string{"c.yaml:2:14: startup_log", "text", "a group of keys"}},
		"log of nothing":     {target + "startup_log: {}\n", []string{"startup_log", "empty"}},
		"log key":            {target + "startup_log: {comand: [a]}\n", []string{"startup_log.comand", `did you mean "command"`}},
		"log command":        {target + "startup_log: {command: docker logs api}\n", []string{"startup_log.command", "write a list", `["docker","logs","api"]`}},
		"empty command":      {target + "startup_log: {command: []}\n", []string{"startup_log.command", "empty"}},
		"expression":         {target + "startup_log: {file: a, origins: '('}\n", []string{"c.yaml:2:33: startup_log.origins", "not a regular expression"}},
		"no group":           {target + "startup_log: {file: a, origins: 'a'}\n", []string{"startup_log.origins", "has no group"}},
		"launch of nothing":  {"launch: {variable: X}\n", []string{"c.yaml:1:", "launch", "command is missing"}},
		"launch, no port":    {"launch: {command: [a], variable: X}\n", []string{"c.yaml:1:1: launch", "{port}"}},
		"launch, no name":    {"launch: {command: [a, '{port}']}\n", []string{"c.yaml:1:1: launch", "variable"}},
		"launch, secret":     {"launch: {command: [a, '{port}'], variable: X, env: {A: '${NOT_SET}'}}\n", []string{"launch.env.A", "NOT_SET is not set"}},
		"launch, number":     {"launch: {command: [a, '{port}'], variable: X, env: {A: 71777}}\n", []string{"launch.env.A", "in quotes"}},
		"launch, ready":      {"launch: {command: [a, '{port}'], variable: X, ready: health}\n", []string{"launch.ready", "not written as it should be"}},
		"no time":            {target + "limits: {body_timeout: 0s}\n", []string{"limits.body_timeout", `such as "10s"`}},
		"no concurrency":     {target + "limits: {concurrency: 0}\n", []string{"limits.concurrency", "write 1 or more"}},
		"not a stream":       {target + "event_streams: [events]\n", []string{"event_streams[0]", "/"}},
		"socket elsewhere":   {target + "websockets: ['//evil.test/x']\n", []string{"websockets[0]", "is not a path"}},
		"no certificate":     {target + "credentials: {client_certificate: {file: none.p12}}\n", []string{"credentials.client_certificate.file", "cannot be read"}},
		"no state":           {target + "credentials: {storage_state: none.json}\n", []string{"c.yaml:2:30: credentials.storage_state", "cannot be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseConfig("c.yaml", []byte(c.text), around())
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("no problems: %v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q:\n%s", want, err)
				}
			}
			if strings.Contains(err.Error(), "secret-value") || strings.Contains(err.Error(), "71777") {
				t.Errorf("it repeats a secret:\n%s", err)
			}
		})
	}
}

func TestNoConfigFile(t *testing.T) {
	if _, err := LoadConfig(t.TempDir() + "/none.yaml"); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
	if _, err := LoadConfig(t.TempDir()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
}

// What was overridden is no longer blamed on the file.
func TestOverride(t *testing.T) {
	c, err := parseConfig("c.yaml", []byte("target: https://api.example.com\ntrusted: [https://app.example.com]\n"), around())
	if err != nil {
		t.Fatal(err)
	}
	whole := c
	c.Trusted = []string{"https://x.example/"}
	c.Override("trusted", "CROSSEXAM_TRUSTED")
	whole.Trusted = c.Trusted
	if _, err := whole.Deployment(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "c.yaml:2:") {
		t.Errorf("a copy that was not overridden is not blamed on the file: %v", err)
	}
	_, err = c.Deployment(t.Context())
	if err == nil || strings.Contains(err.Error(), "c.yaml") || !strings.HasPrefix(err.Error(), "CROSSEXAM_TRUSTED: ") {
		t.Error(err)
	}
	c.URL = "nonsense"
	if _, err = c.Deployment(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "c.yaml:1:9: target") {
		t.Error(err)
	}
}

func FuzzConfigFile(f *testing.F) {
	f.Add([]byte("target: https://api.example.com\ntrusted: [https://app.example.com]\ncredentials: {login: {path: /l, json: {a: [1, {b: '${TOKEN}'}]}}}\n"))
	f.Add([]byte("target: http://h\nlimits:\n  requests_per_second: 1e400\n  body_timeout: 9999m\n"))
	f.Add([]byte("? [a]\n: b\n--- \n"))
	f.Add([]byte("a: &a [*a]\n<<: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := around()
		s.lookup = func(string) (string, bool) { return "value", true }
		var c Config
		var err error
		boundedtest.Modest(t, len(data), func() { c, err = parseConfig("f.yaml", data, s) })
		var ps Problems
		switch {
		case err == nil:
			// What loads without files and names can be made a deployment of.
			if _, ps := c.assemble(); c.URL != "" && len(ps) > 0 {
				t.Errorf("it loaded, and then: %v", ps)
			}
		case !errors.As(err, &ps):
			t.Errorf("%T: %v", err, err)
		default:
			for _, p := range ps {
				if p.file != "f.yaml" || p.Error() == "" {
					t.Errorf("a problem without its place: %#v", p)
				}
			}
		}
	})
}
