package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/crossexam/crossexam/target"
)

// keysOf are the keys of crossexam.yaml, as the configuration has them: "limits.timeout".
// Those of the entries of a list are not among them.
func keysOf(path string, typ reflect.Type) []string {
	var keys []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() {
			continue
		}
		key, inner := strings.TrimPrefix(path+"."+f.Tag.Get("yaml"), "."), f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Duration]() {
			keys = append(keys, keysOf(key, inner)...)
			continue
		}
		keys = append(keys, key)
	}
	return keys
}

// fileOnly are the keys that are said in the file alone, and why. A group stands for its
// keys.
var fileOnly = map[string]string{
	"endpoints":           "several values for each",
	"errors":              "several values for each",
	"websockets":          "several values for each",
	"event_streams":       "kept with the other paths that are more than a read",
	"redirects":           "kept with the other paths that are more than a read",
	"credentials.login":   "several values",
	"credentials.network": "yes, no or unsaid, which a flag does not tell apart",
	"policy.credentials":  "goes with the rest of a policy that is checked in",
	"policy.max_age":      "goes with the rest of a policy that is checked in",
	"startup_log":         "but for its file, several values; and a preset has them",
	"launch":              "several values",
	"limits.body_bytes":   "a protection that nobody loosens for one run", "limits.header_bytes": "a protection that nobody loosens for one run",
	"limits.request_body_bytes": "a protection that nobody loosens for one run",
	"limits.connect_timeout":    "header_timeout is the one that slow APIs need", "limits.body_timeout": "header_timeout is the one that slow APIs need",
	"limits.patience": "a property of the target, which stays",
}

// flagless are keys that a flag says without being named after a setting.
var flagless = map[string]string{"target": "the argument, and CROSSEXAM_TARGET"}

// inCommand are the keys whose arguments `examine` of the MCP server has; the others are
// flags of the command that is started.
var inCommand = map[string]string{
	"target": "url", "trusted": "trusted", "read": "read", "credentials.cookies": "cookies", "credentials.basic": "basic",
	"credentials.bearer": "bearer", "credentials.headers": "headers", "credentials.query": "query_keys",
}

// inGo are the options of corstest by key; for all others there is Configure.
var inGo = map[string]string{
	"target": "At", "trusted": "Trusted", "read": "Read", "endpoints": "Endpoint", "policy": "Policy", "credentials.cookies": "Cookie",
	"credentials.basic": "Basic", "credentials.bearer": "Bearer", "credentials.headers": "Header", "credentials.query": "QueryKey", "credentials.together": "Together",
}

// notOfKeys are options of corstest that are no key: for short, for the run, or for all keys.
var notOfKeys = []string{"SameOrigin", "Open", "Configure", "Only", "Strict", "RequireBrowser"}

// notInInit are the keys that the file of init does not mention, and why.
var notInInit = map[string]string{
	"read":                           "endpoints, which can say more, has them",
	"limits":                         "those that somebody needs are there",
	"startup_log":                    "in short form",
	"launch":                         "those that are needed are there",
	"browser":                        "user_agent is there; the rest belongs to a machine, not to a deployment",
	"credentials.login.json":         "form is there",
	"credentials.client_certificate": "on its line",
	"json_rpc.call":                  "on the line of json_rpc",
}

// covered reports whether a list has a key, or the group that it is in.
func covered(list map[string]string, key string) bool {
	for k := key; k != ""; k = k[:max(strings.LastIndex(k, "."), 0)] {
		if list[k] != "" {
			return true
		}
	}
	return false
}

// Every key of a configuration is in the schema and in docs/configuration.md, can be said
// by every front door, and is in the file of init, or stands above with the reason.
func TestEveryKeyByEveryDoor(t *testing.T) {
	keys := keysOf("", reflect.TypeFor[target.Config]())
	if len(keys) < 60 || !slices.Contains(keys, "limits.timeout") {
		t.Fatalf("these are not the keys: %q", keys)
	}
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	scaffold, err := target.Scaffold(target.Config{URL: "http://127.0.0.1:1"}, target.Discovery{})
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]string{}
	for _, s := range settings() {
		if s.flag != "" {
			flags[s.entry] = s.flag
		}
		if s.entry != "" && !slices.Contains(keys, s.entry) && s.entry != "startup_log" {
			t.Errorf("--%s is about %s, which is no key", s.flag, s.entry)
		}
	}
	examine := reflect.TypeFor[examineArguments]()
	arguments := map[string]bool{}
	for i := range examine.NumField() {
		name, _, _ := strings.Cut(examine.Field(i).Tag.Get("json"), ",")
		arguments[name] = true
	}
	server := mcpCommand().Flags()
	options := optionsOfCorstest(t)
	for _, key := range keys {
		if !strings.Contains(string(page), "\n| `"+key+"` | ") {
			t.Errorf("docs/configuration.md lacks %s", key)
		}
		if !strings.Contains(string(target.Schema), `"`+key[strings.LastIndex(key, ".")+1:]+`": {`) {
			t.Errorf("the schema lacks %s", key)
		}
		switch flag := flags[key]; {
		case flag == "" && !covered(fileOnly, key) && flagless[key] == "":
			t.Errorf("%s has no flag, and no reason for that is listed", key)
		case flag != "" && covered(fileOnly, key):
			t.Errorf("%s has the flag --%s: take it from the list of those without", key, flag)
		case flag != "" && server.Lookup(flag) == nil:
			t.Errorf("crossexam mcp lacks --%s, so that nobody can say %s there", flag, key)
		case inCommand[key] != "" && !arguments[inCommand[key]]:
			t.Errorf("examine of the MCP server lacks %s, for %s", inCommand[key], key)
		case inGo[key] != "" && !options[inGo[key]]:
			t.Errorf("corstest lacks %s, for %s", inGo[key], key)
		}
		last := regexp.MustCompile(`(?m)^[# ]*` + regexp.QuoteMeta(key[strings.LastIndex(key, ".")+1:]) + `:`)
		if last.Match(scaffold) == covered(notInInit, key) && !covered(map[string]string{"limits": "x", "launch": "x", "browser": "x", "startup_log": "x"}, key) {
			t.Errorf("init mentions %s: %t, and a reason is listed: %t", key, last.Match(scaffold), covered(notInInit, key))
		}
	}
	for name := range options {
		known := slices.Contains(notOfKeys, name)
		for _, option := range inGo {
			known = known || option == name
		}
		if !known {
			t.Errorf("corstest has the option %s, which is listed with no key", name)
		}
	}
	for _, list := range []map[string]string{fileOnly, inCommand, inGo, notInInit} {
		for listed := range list {
			if !slices.ContainsFunc(keys, func(k string) bool { return k == listed || strings.HasPrefix(k, listed+".") }) {
				t.Errorf("%s is listed, and is no key", listed)
			}
		}
	}
}

// optionsOfCorstest are the functions of package corstest that return an Option.
func optionsOfCorstest(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../suite/corstest/options.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]bool{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Type.Results == nil || len(f.Type.Results.List) != 1 {
			continue
		}
		if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Option" {
			options[f.Name.Name] = true
		}
	}
	return options
}

// at is the value of a key of the configuration, and whether anything was said.
func at(t *testing.T, c target.Config, key string) (any, bool) {
	t.Helper()
	v := reflect.ValueOf(c)
	for part := range strings.SplitSeq(key, ".") {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return nil, false
			}
			v = v.Elem()
		}
		i := slices.IndexFunc(reflect.VisibleFields(v.Type()), func(f reflect.StructField) bool { return f.Tag.Get("yaml") == part })
		if i < 0 {
			t.Fatalf("there is no key %s", key)
		}
		v = v.Field(i)
	}
	return v.Interface(), !v.IsZero()
}

// saidAs are values of flags and variables as they are written; the others take any text.
var saidAs = map[string]string{
	"trusted": "https://a.example", "read": "/a", "policy.methods": "PUT", "policy.headers": "X-A", "policy.exposed": "X-A", "examine": "3",
	"credentials.headers": "X-Key: k3y", "credentials.query": "api_key=k3y", "limits.requests_per_second": "5", "limits.concurrency": "2",
	"limits.header_timeout": "5s", "limits.timeout": "5m",
}

// Each flag, each variable and each argument of the MCP server says the key that it is
// about, and what a -file flag reads is what the flag without it is given.
func TestEverySettingSaysItsKey(t *testing.T) {
	for _, s := range settings() {
		text, known := saidAs[s.entry]
		if !known {
			text = "text"
		}
		if _, yes := s.kind.(bool); yes {
			text = "true"
		}
		said := func(how string, args []string) any {
			f := pflag.NewFlagSet("test", pflag.ContinueOnError)
			addSettings(f)
			if err := f.Parse(args); err != nil {
				t.Fatalf("%s: %v", how, err)
			}
			c, err := configured(f, nil)
			value, given := at(t, c, s.entry)
			if err != nil || !given {
				t.Errorf("%s says %v of %s: %v", how, value, s.entry, err)
			}
			return value
		}
		switch {
		case s.flag == "same-origin":
			if v := said("--same-origin", []string{"--same-origin"}); !reflect.DeepEqual(v, []string{}) {
				t.Errorf("--same-origin says %v", v)
			}
		case strings.HasSuffix(s.flag, "-file"):
			file := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			v := said("--"+s.flag, []string{"--" + s.flag, file})
			if plain := strings.TrimSuffix(s.flag, "-file"); flagOf(s.entry) == "--"+plain {
				if w := said("--"+plain, []string{"--" + plain, text}); !reflect.DeepEqual(v, w) {
					t.Errorf("--%s says %v, and --%s %v", s.flag, v, plain, w)
				}
			}
		case s.flag != "":
			said("--"+s.flag, []string{"--" + s.flag + "=" + text})
		}
		if s.variable != "" {
			t.Run(s.variable, func(t *testing.T) {
				t.Setenv(s.variable, text)
				said(s.variable, nil)
			})
		}
	}
	examine := reflect.TypeFor[examineArguments]()
	for key, name := range inCommand {
		var in examineArguments
		text, known := saidAs[key]
		if !known {
			text = "http://127.0.0.1:1"
		}
		i := slices.IndexFunc(reflect.VisibleFields(examine), func(f reflect.StructField) bool { return strings.HasPrefix(f.Tag.Get("json"), name+",") })
		switch field := reflect.ValueOf(&in).Elem().Field(i); field.Kind() {
		case reflect.Slice:
			field.Set(reflect.ValueOf([]string{text}))
		default:
			field.SetString(text)
		}
		a := newAssistant(target.Config{URL: "http://127.0.0.1:2"}, reach{})
		c, err := a.config(in)
		if v, given := at(t, c, key); err != nil || !given || key == "target" && v != text {
			t.Errorf("%s of the MCP server says %v of %s: %v", name, v, key, err)
		}
	}
}
