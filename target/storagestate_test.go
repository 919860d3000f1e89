package target

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

var now = time.Unix(1_800_000_000, 0)

func TestStorageState(t *testing.T) {
	own := cors.MustParseOrigin("https://api.example.com")
	s, err := parseStorageState([]byte(`{
		"cookies": [
			{"name": "sid", "value": "v1", "domain": "api.example.com", "path": "/", "expires": -1, "httpOnly": true, "secure": true, "sameSite": "None"},
			{"name": "all", "value": "v2", "domain": ".example.com", "path": "/x", "expires": 1900000000, "httpOnly": false, "secure": false, "sameSite": "Lax"},
			{"name": "old", "value": "v3", "domain": "api.example.com", "path": "/", "expires": 1700000000},
			{"name": "part", "value": "v4", "domain": "api.example.com", "path": "/", "secure": true, "sameSite": "None", "partitionKey": "https://example.com"},
			{"name": "host", "value": "v5", "domain": "example.com", "path": "/"},
			{"name": "evil", "value": "v6", "domain": "notapi.example.com", "path": "/"}
		],
		"origins": [{"origin": "https://app.example.com", "localStorage": []}]
	}`), own, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"sid=v1; Path=/; SameSite=None; Secure; HttpOnly",
		"all=v2; Path=/x; Domain=example.com; SameSite=Lax",
		"part=v4; Path=/; SameSite=None; Secure; Partitioned",
	}
	if !slices.Equal(s.cookies, want) {
		t.Errorf("got %q", s.cookies)
	}
	notes := strings.Join(s.notes, " ")
	for _, says := range []string{"3 cookies", "2 of other hosts", "1 expired", "localStorage"} {
		if !strings.Contains(notes, says) {
			t.Errorf("the notes do not say %q: %s", says, notes)
		}
	}
}

func TestStorageStateMistakes(t *testing.T) {
	own := cors.MustParseOrigin("https://api.example.com")
	for name, c := range map[string]struct{ text, says string }{
		"not JSON":       {`secret-value`, "is not one"},
		"a list":         {`[]`, "is not one"},
		"wrong type":     {`{"cookies": "secret-value"}`, "is not one"},
		"nothing":        {`{}`, "no cookie for api.example.com"},
		"only expired":   {`{"cookies": [{"name": "a", "value": "secret-value", "domain": "api.example.com", "expires": 1}]}`, "1 expired"},
		"attributes":     {`{"cookies": [{"name": "a", "value": "secret-value; Domain=x", "domain": "api.example.com"}]}`, "cookie 1 of the storage state"},
		"line break":     {`{"cookies": [{"name": "a", "value": "secret-value\r\nX: y", "domain": "api.example.com"}]}`, "cookie 1 of the storage state"},
		"other SameSite": {`{"cookies": [{"name": "a", "value": "secret-value", "domain": "api.example.com", "sameSite": "none"}]}`, "sameSite"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseStorageState([]byte(c.text), own, now)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret-value") {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzStorageState(f *testing.F) {
	f.Add([]byte(`{"cookies": [{"name": "a", "value": "b", "domain": ".example.com", "path": "/", "expires": -1, "sameSite": "Lax"}], "origins": []}`))
	f.Add([]byte(`{"cookies": [{"name": "a", "value": "\"b\"", "domain": "api.example.com", "path": "/; x"}]}`))
	f.Add([]byte(`{"cookies": [{"name": "a", "value": "b", "domain": ".eXample.com", "path": "/é"}]}`))
	own := cors.MustParseOrigin("https://api.example.com")
	f.Fuzz(func(t *testing.T, data []byte) {
		var s storageState
		var err error
		boundedtest.Modest(t, len(data), func() { s, err = parseStorageState(data, own, now) })
		if err == nil && len(s.cookies) == 0 {
			t.Error("no cookie and no error")
		}
		for _, line := range s.cookies {
			c, err := http.ParseSetCookie(line)
			if err != nil || len(c.Unparsed) > 0 || c.Domain != "" && !strings.HasSuffix("api.example.com", strings.ToLower(c.Domain)) {
				t.Errorf("%q: %+v, %v", line, c, err)
			}
		}
	})
}
