package target

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// fleetFiles makes files in a temporary folder, and gives the path of the first.
func fleetFiles(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, files[0])
}

func TestLoadFleet(t *testing.T) {
	path := fleetFiles(t, "fleet.yaml", `
defaults:
  trusted: [https://app.example.com]
  credentials:
    bearer: ${API_TOKEN}
  limits: {requests_per_second: 5}
targets:
  - https://a.example.com/
  - target: https://b.example.com
    name: b
    owner: team-b
    credentials: {basic: "${file:b.secret}"}
    limits: {concurrency: 2}
  - apis/*/crossexam.yaml
  - file: more.csv
    owner: everybody
`, "apis/c/crossexam.yaml", `
target: https://c.example.com
credentials:
  cookies: ["s=${file:c.secret}; Secure"]
  storage_state: state.json
openapi: openapi.json
`, "apis/c/openapi.json", "{}", "more.csv", "target,name,owner,read\nhttps://d.example.com,d,,/me /you\nhttps://e.example.com,,team-e,\n")
	list, err := LoadFleet(path)
	if err != nil {
		t.Fatal(err)
	}
	type want struct{ url, name, owner, config string }
	var got []want
	for _, l := range list {
		got = append(got, want{l.URL, l.Name, l.Owner, string(l.Config)})
		if len(l.Hash) != 32 {
			t.Errorf("%s has the hash %q", l.URL, l.Hash)
		}
	}
	shared := `"credentials":{"bearer":"${API_TOKEN}"},"limits":{"requests_per_second":5}`
	if wanted := []want{
		{"https://a.example.com", "", "", `{` + shared + `,"target":"https://a.example.com/","trusted":["https://app.example.com"]}`},
		{"https://b.example.com", "b", "team-b", `{"credentials":{"basic":"${file:b.secret}"},"limits":{"concurrency":2,"requests_per_second":5},"target":"https://b.example.com","trusted":["https://app.example.com"]}`},
		{"https://c.example.com", "", "", `{"credentials":{"cookies":["s=${file:apis/c/c.secret}; Secure"],"storage_state":"apis/c/state.json"},"limits":{"requests_per_second":5},"openapi":"apis/c/openapi.json","target":"https://c.example.com","trusted":["https://app.example.com"]}`},
		{"https://d.example.com", "d", "everybody", `{` + shared + `,"read":["/me","/you"],"target":"https://d.example.com","trusted":["https://app.example.com"]}`},
		{"https://e.example.com", "", "team-e", `{` + shared + `,"target":"https://e.example.com","trusted":["https://app.example.com"]}`},
	}; !reflect.DeepEqual(got, wanted) {
		t.Errorf("got  %q\nwant %q", got, wanted)
	}
	// Whoever mends a target is nothing to its examination; what is in its files is.
	hashes := func(change func(dir string)) (all []string) {
		change(filepath.Dir(path))
		list, err := LoadFleet(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			all = append(all, l.Hash)
		}
		return all
	}
	first := hashes(func(string) {})
	if same := hashes(func(dir string) {
		replaceIn(t, filepath.Join(dir, "more.csv"), "team-e", "team-f")
	}); !reflect.DeepEqual(first, same) {
		t.Errorf("another owner changes %q to %q", first, same)
	}
	other := hashes(func(dir string) { replaceIn(t, filepath.Join(dir, "apis/c/openapi.json"), "{}", "{ }") })
	if first[2] == other[2] || first[1] != other[1] {
		t.Errorf("another document changes %q to %q", first, other)
	}
}

func replaceIn(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), old, new)), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestFleetProblems(t *testing.T) {
	const secret = "hunter2-5f1e"
	for name, c := range map[string]struct {
		yaml  string
		files []string
		want  []string // each is in the error
	}{
		"no targets":       {"defaults: {}\n", nil, []string{"fleet.yaml:1:", "targets is missing"}},
		"unknown key":      {"targets:\n  - target: https://a.test\n    trust: [https://b.test]\n", nil, []string{"fleet.yaml:3:", `did you mean "trusted"?`}},
		"another word":     {"targets:\n  - url: https://a.test\n", nil, []string{"fleet.yaml:2:", `did you mean "target"?`}},
		"unknown default":  {"defaults:\n  reads: [/me]\ntargets: [https://a.test]\n", nil, []string{"fleet.yaml:2:", `did you mean "read"?`}},
		"no URL":           {"targets:\n  - name: a\n", nil, []string{"fleet.yaml:2:", "it has no URL"}},
		"wrong URL":        {"targets:\n  - https://a.test\n  - https://b.test?x\n", nil, []string{"fleet.yaml:3:5", "query or fragment"}},
		"no such file":     {"targets:\n  - api.example.com\n", nil, []string{"fleet.yaml:2:", "no file is called", "http://"}},
		"wrong default":    {"defaults:\n  trusted: [app.example.com]\ntargets: [https://a.test]\n", nil, []string{"fleet.yaml:2:", "defaults.trusted[0]"}},
		"twice":            {"targets:\n  - https://a.test\n  - https://a.test\n", nil, []string{"fleet.yaml:3:", "is listed with the same configuration at ", "fleet.yaml:2"}},
		"written secret":   {"targets:\n  - target: https://a.test\n    credentials:\n      bearer: " + secret + "\n", nil, []string{"fleet.yaml:4:", "credentials.bearer", "${NAME}"}},
		"written password": {"targets:\n  - target: https://a.test\n    credentials:\n      login:\n        path: /login\n        form: {user: me, password: " + secret + ", csrf: \"${X}\"}\n", nil, []string{"fleet.yaml:6:", "login.form.password"}},
		"no secret at all": {"targets:\n  - target: https://a.test\n    credentials:\n      login: {path: /login, json: {user: " + secret + "}}\n", nil, []string{"fleet.yaml:4:", "login.json"}},
		"written key":      {"targets:\n  - target: https://a.test\n    credentials:\n      query: {key: " + secret + "}\n", nil, []string{"fleet.yaml:4:", "credentials.query.key", "${NAME}"}},
		"written header":   {"targets:\n  - target: https://a.test\n    credentials:\n      headers: {X-Key: " + secret + "}\n", nil, []string{"fleet.yaml:4:", "credentials.headers.X-Key"}},
		"written cookie":   {"defaults:\n  credentials:\n    cookies:\n      - s=" + secret + "\ntargets: [https://a.test]\n", nil, []string{"fleet.yaml:4:", "credentials.cookies[0]"}},
		"launch":           {"targets: [a.yaml]\n", []string{"a.yaml", "target: http://127.0.0.1:1\nlaunch: {command: [a]}\n"}, []string{"a.yaml:2:", "start no program"}},
		"browser":          {"targets:\n  - target: https://a.test\n    browser: {path: /bin/sh}\n", nil, []string{"fleet.yaml:3:", "no such key"}},
		"browser of file":  {"targets: [a.yaml]\n", []string{"a.yaml", "target: https://a.test\nbrowser: {path: /bin/sh}\n"}, []string{"a.yaml:2:", "CROSSEXAM_BROWSER"}},
		"file outside":     {"targets:\n  - target: https://a.test\n    credentials: {bearer: \"${file:../token}\"}\n", nil, []string{"fleet.yaml:3:", "outside of the folder"}},
		"file and keys":    {"targets:\n  - file: a.yaml\n    read: [/me]\n", []string{"a.yaml", "target: https://a.test\n"}, []string{"fleet.yaml:3:", "takes `owner` alone"}},
		"problem in file":  {"targets: [a.yaml]\n", []string{"a.yaml", "target: https://a.test\n\nred: []\n"}, []string{"a.yaml:3:", "no such key"}},
		"CSV column":       {"targets: [a.csv]\n", []string{"a.csv", "url,name\n"}, []string{"a.csv:1:", `no column "url"`}},
		"CSV URL":          {"targets: [a.csv]\n", []string{"a.csv", "name,target\na,https://a.test\nb,ftp://b.test\n"}, []string{"a.csv:3:", "ftp://b.test"}},
		"CSV fields":       {"targets: [a.csv]\n", []string{"a.csv", "name,target\na,https://a.test,x\n"}, []string{"a.csv:2:", "wrong number of fields"}},
		"CSV twice":        {"targets: [a.csv]\n", []string{"a.csv", "target\nhttps://a.test\nhttps://a.test\n"}, []string{"a.csv:3:", "a.csv:2"}},
		"empty CSV":        {"targets: [a.csv]\n", []string{"a.csv", "target\n"}, []string{"there is no target"}},
	} {
		_, err := LoadFleet(fleetFiles(t, append([]string{"fleet.yaml", c.yaml}, c.files...)...))
		if err == nil {
			t.Errorf("%s: it is taken", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not in: %v", name, want, err)
			}
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the secret is in: %v", name, err)
		}
	}
}

// A worker looks up what is named, below its folder and nowhere else, and starts nothing.
func TestParseConfig(t *testing.T) {
	folder := filepath.Dir(fleetFiles(t, "token", "from-a-file\n", "../outside", "x"))
	t.Setenv("FLEET_PASSWORD", "from-the-environment")
	c, err := ParseConfig([]byte(`{"target":"https://a.test","limits":{"header_timeout":"3s"},"credentials":{"bearer":"${file:token}","basic":"me:${FLEET_PASSWORD}"}}`), folder)
	if err != nil {
		t.Fatal(err)
	}
	if c.Credentials.Bearer != "from-a-file" || c.Credentials.Basic != "me:from-the-environment" || c.Limits.Header.Seconds() != 3 {
		t.Errorf("%+v", c)
	}
	for name, keys := range map[string]map[string]any{
		"outside":   {"credentials": map[string]any{"bearer": "${file:../outside}"}},
		"absolute":  {"credentials": map[string]any{"bearer": "${file:/etc/passwd}"}},
		"state":     {"credentials": map[string]any{"storage_state": "/etc/passwd"}},
		"openapi":   {"openapi": "../outside"},
		"launch":    {"launch": map[string]any{"command": []any{"true"}}},
		"log":       {"startup_log": map[string]any{"command": []any{"true"}}},
		"browser":   {"browser": map[string]any{"path": "/bin/true"}},
		"unknown":   {"nonsense": true},
		"not there": {"credentials": map[string]any{"bearer": "${FLEET_NOT_SET}"}},
	} {
		keys["target"] = "https://a.test"
		data, _ := json.Marshal(keys)
		_, err := ParseConfig(data, folder)
		var ps Problems
		if !errors.As(err, &ps) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where a secret may stand, all of the text may be one, as a crossexam.yaml has it.
func TestWholeSecretsOfAFleet(t *testing.T) {
	for _, credentials := range []string{
		`cookies: ["${A}"]`, `cookies: ["${file:a}", "s=${A}; Secure"]`, `basic: "${A}"`, `basic: "me:${file:a}"`, `bearer: "${A}"`, `headers: {X-Api-Key: "${A}"}`,
		`query: {key: "${A}"}`, `login: {path: /login, form: {user: me, password: "${A}"}}`, `login: {path: /login, json: {a: "${file:a}"}}`,
	} {
		path := fleetFiles(t, "fleet.yaml", "targets:\n  - target: https://a.test\n    trusted: []\n    read: [/me]\n    credentials: {"+credentials+"}\n")
		if _, err := LoadFleet(path); err != nil {
			t.Errorf("%s: %v", credentials, err)
		}
	}
}

// No key under credentials takes a secret that is written out: one that is added to them
// is refused there too, or named here as none.
func TestNoSecretIsWrittenInAFleet(t *testing.T) {
	none := []string{"storage_state", "network", "together"}
	nested := map[string]string{"login": `{path: /login, form: {password: hunter2}}`, "client_certificate": `{file: a.p12, password: hunter2}`}
	fields := reflect.TypeFor[CredentialsConfig]()
	for i := range fields.NumField() {
		key := fields.Field(i).Tag.Get("yaml")
		value := nested[key]
		switch kind := fields.Field(i).Type.Kind(); {
		case slices.Contains(none, key):
			continue
		case value != "":
		case kind == reflect.Slice:
			value = `["s=hunter2"]`
		case kind == reflect.Map:
			value = `{a: hunter2}`
		default:
			value = `me:hunter2`
		}
		path := fleetFiles(t, "fleet.yaml", "targets:\n  - target: https://a.test\n    trusted: []\n    read: [/me]\n    credentials: {"+key+": "+value+"}\n")
		if _, err := LoadFleet(path); err == nil || !strings.Contains(err.Error(), "credentials."+key) || !strings.Contains(err.Error(), "${NAME}") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// A spreadsheet writes semicolons or tabs where the decimal mark is a comma, a mark before
// the first line, and lines of nothing.
func TestFleetOfASpreadsheet(t *testing.T) {
	want := "https://a.test billing Team Ölförderung; https://b.test crm Sales, EMEA; https://c.test  "
	for name, text := range map[string]string{
		"commas":     "target,name,owner\nhttps://a.test,billing,Team Ölförderung\nhttps://b.test,crm,\"Sales, EMEA\"\n,,\nhttps://c.test,,\n",
		"semicolons": "\ufeffTarget;Name;Owner\r\n\r\nhttps://a.test;billing;Team Ölförderung\r\nhttps://b.test;crm;Sales, EMEA\r\n;;\r\n ; ;\r\nhttps://c.test;;\r\n",
		"tabs":       "\ufeff\r\ntarget\tname\towner\r\nhttps://a.test\tbilling\tTeam Ölförderung\r\nhttps://b.test\tcrm\tSales, EMEA\r\n\t\t\r\nhttps://c.test\t\t\r\n",
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{"fleet.yaml": "targets: [a.csv]\n", "a.csv": text} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		listed, err := LoadFleet(filepath.Join(dir, "fleet.yaml"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, l := range listed {
			got = append(got, l.URL+" "+l.Name+" "+l.Owner)
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s: %s", name, s)
		}
	}
}
