package target

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// A key that the front end adds to its URLs becomes a credential, and what it opens is
// read; what is drawn anew for each request is left out, as before.
func TestRecordedKeyInTheQuery(t *testing.T) {
	const page = ` -H 'Origin: https://app.example.com'` + "\n"
	text, d := written(t, Config{}, commands(t, ""+
		`curl 'https://api.example.com/me?lang=en&api_key=s3same%2Fopens'`+page+
		`curl 'https://api.example.com/notebooks?api_key=s3same%2Fopens&q=a%20b'`+page+
		`curl 'https://api.example.com/file?signature=abc'`+page+
		`curl 'https://api.example.com/download?token=first'`+page+
		`curl 'https://api.example.com/download?token=second'`+page+
		`curl 'https://api.example.com/health'`+page))
	var names []string
	for _, e := range d.Facts.Endpoints {
		names = append(names, e.String()+map[bool]string{false: " open"}[e.Private])
	}
	if got, want := strings.Join(names, ", "), "GET /me?lang=en, GET /notebooks?q=a%20b, GET /health open"; got != want {
		t.Errorf("endpoints %s, want %s", got, want)
	}
	if keys := d.Credentials.query; len(keys) != 1 || keys[0] != (queryKey{"api_key", "victim:of-QUERY_API_KEY"}) {
		t.Errorf("keys %v", keys)
	}
	if at := d.Credentials.At("https://api.example.com/me?lang=en", scenarios.Query); !strings.HasSuffix(at, "&api_key=victim%3Aof-QUERY_API_KEY") {
		t.Errorf("the front end asks for %s", at)
	}
	if strings.Contains(text, "s3same") || strings.Contains(text, "signature") || strings.Contains(text, "token=") {
		t.Errorf("a secret is written\n%s", text)
	}
}

// A parameter that many could carry is a key where it opens more than one path.
func TestRecordedParametersThatAreNoKey(t *testing.T) {
	for command, want := range map[string]int{
		`curl 'https://api.example.com/me?token=abc'`:                                                           0,
		"curl 'https://api.example.com/me?token=abc'\ncurl 'https://api.example.com/b?token=abc'":               1,
		"curl 'https://api.example.com/me?access_token=a'\ncurl 'https://api.example.com/b?access_token=b'":     0,
		"curl 'https://api.example.com/me?api_key='":                                                            0,
		"curl 'https://api.example.com/me?api_key=a&api_key=b'\ncurl 'https://api.example.com/me?api_key=a'":    0,
		"curl 'https://api.example.com/me?lang=abc'\ncurl 'https://api.example.com/b?lang=abc'":                 0,
		"curl 'https://api.example.com/me?code=abc&state=1'\ncurl 'https://api.example.com/b?code=abc&state=1'": 0,
	} {
		_, found, err := Config{URL: "https://api.example.com", Trusted: []string{"https://app.example.com"}}.Recorded(commands(t, command))
		if err != nil {
			t.Fatal(err)
		}
		keys := 0
		for _, r := range found.References {
			if r.Key == "query" {
				keys += len(r.Value.(map[string]string))
			}
		}
		if keys != want {
			t.Errorf("%s: %d keys, want %d", command, keys, want)
		}
	}
}

func TestKeyInTheQueryByReference(t *testing.T) {
	t.Setenv("SECRET_KEY", "s3same")
	name := filepath.Join(t.TempDir(), "crossexam.yaml")
	if err := os.WriteFile(name, []byte("target: https://api.example.com\ncredentials: {query: {api_key: \"${SECRET_KEY}\"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Credentials.Query["api_key"]; got != "s3same" {
		t.Errorf("the key is %q", got)
	}
}

// Where nothing went with a credential, what is about the service is open all the same.
func TestRecordedWordOfHealth(t *testing.T) {
	_, d := written(t, Config{}, commands(t, "curl 'http://127.0.0.1:8080/health'\ncurl 'http://127.0.0.1:8080/api/notes'\n"))
	var names []string
	for _, e := range d.Facts.Endpoints {
		names = append(names, e.String()+map[bool]string{false: " open"}[e.Private])
	}
	if got, want := strings.Join(names, ", "), "GET /health open, GET /api/notes"; got != want {
		t.Errorf("endpoints %s, want %s", got, want)
	}
}
