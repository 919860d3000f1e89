package target

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
)

const (
	warningLine = "2026-11-23 16:00:00.000 | WARNING  | api.main:<module>:93 - CORS_ORIGINS is not set — API accepts cross-origin requests from any origin (default: '*'). Set it.\n"
	listLine    = "2026-11-23 16:00:00.000 | INFO     | api.main:<module>:97 - CORS allowed origins: ['https://app.example', 'https://admin.example']\n"
	otherLine   = "INFO:     Uvicorn running on http://127.0.0.1:5055 (Press CTRL+C to quit)\n"
)

func TestReadStartupLog(t *testing.T) {
	for name, c := range map[string]struct {
		log        string
		said       string // begins with it
		warned     bool
		origins    []string
		unreadable bool
		lines      int
	}{
		"nothing":                 {"", "", false, nil, false, 0},
		"something else":          {otherLine, "", false, nil, false, 1},
		"a warning":               {otherLine + warningLine + otherLine, "CORS_ORIGINS is not set — API", true, nil, false, 3},
		"a list":                  {listLine + otherLine, "CORS allowed origins: ['https://app", false, []string{"https://app.example", "https://admin.example"}, false, 2},
		"mended and restarted":    {warningLine + listLine, "CORS allowed", false, []string{"https://app.example", "https://admin.example"}, false, 2},
		"broken and restarted":    {listLine + warningLine, "CORS_ORIGINS", true, nil, false, 2},
		"an empty value":          {"- CORS allowed origins: ['*']\n", "CORS allowed", false, []string{"*"}, false, 1},
		"no items":                {"- CORS allowed origins: []\n", "CORS allowed", false, nil, false, 1},
		"no line end":             {strings.TrimSuffix(listLine, "\n"), "CORS allowed", false, []string{"https://app.example", "https://admin.example"}, false, 1},
		"CRLF":                    {strings.ReplaceAll(listLine, "\n", "\r\n"), "CORS allowed", false, []string{"https://app.example", "https://admin.example"}, false, 1},
		"colours":                 {"\x1b[32mCORS allowed origins: ['https://a']\x1b[0m\n", "CORS allowed", false, []string{"https://a"}, false, 1},
		"JSON lines":              {`{"log":"CORS allowed origins: ['https://a']\n","stream":"stderr"}` + "\n", "CORS allowed", false, []string{"https://a"}, false, 1},
		"a list in tatters":       {"CORS allowed origins: [https://a]\n", "CORS allowed", false, nil, true, 1},
		"a long line before":      {strings.Repeat("x", 3*logLineLimit) + "\n" + listLine, "CORS allowed", false, []string{"https://app.example", "https://admin.example"}, false, 2},
		"the text past the limit": {strings.Repeat("x", logLineLimit) + listLine, "", false, nil, false, 1},
	} {
		got, err := ReadStartupLog(strings.NewReader(c.log), OpenNotebook())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(got.Said, c.said) || (got.Said == "") != (c.said == "") || got.Default != c.warned ||
			!slices.Equal(got.Origins, c.origins) || (got.Unreadable != "") != c.unreadable || got.Lines != c.lines || got.Preset != "open-notebook" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestReadStartupLogErrors(t *testing.T) {
	endless := strings.NewReader(strings.Repeat(otherLine, startupLogLimit/len(otherLine)+2))
	if _, err := ReadStartupLog(endless, OpenNotebook()); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("a log beyond the limit: %v", err)
	}
	torn := errors.New("the pipe is torn")
	if _, err := ReadStartupLog(iotest.ErrReader(torn), OpenNotebook()); !errors.Is(err, torn) {
		t.Errorf("a reader that fails: %v", err)
	}
	for _, p := range []Preset{
		{Name: "x", warningPattern: "(", originsPattern: "(.)"},
		{Name: "x", warningPattern: "a", originsPattern: "("},
		{Name: "x", warningPattern: "a", originsPattern: "b"},
	} {
		if _, err := ReadStartupLog(strings.NewReader(""), p); err == nil || !strings.Contains(err.Error(), "preset x") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestPresetNamed(t *testing.T) {
	if p, ok := presetNamed("open-notebook"); !ok || p.Variable != "CORS_ORIGINS" {
		t.Errorf("open-notebook: %+v, %t", p, ok)
	}
	if _, ok := presetNamed("nothing"); ok {
		t.Error("a preset was found that is not there")
	}
}

// What the fixture logs, which was measured on the application, is what the
// preset reads.
func TestPresetReadsTheFixture(t *testing.T) {
	for value, want := range map[string][]string{
		"https://a.example, https://b.example,": {"https://a.example", "https://b.example"},
		"":                                      {"*"},
		",":                                     nil,
		`it's "quoted" \ odd`:                   {`it's "quoted" \ odd`},
	} {
		configured := fixtures.ParseCORSOrigins(value, true)
		var log strings.Builder
		fixtures.Notebook{CORSOrigins: &configured, Log: &log}.Handler()
		got, err := ReadStartupLog(strings.NewReader(log.String()), OpenNotebook())
		if err != nil || got.Said == "" || got.Default || got.Unreadable != "" || !slices.Equal(got.Origins, want) {
			t.Errorf("%q: %+v, %v", value, got, err)
		}
	}
	unset := fixtures.ParseCORSOrigins("", false)
	var log strings.Builder
	fixtures.Notebook{CORSOrigins: &unset, Log: &log, Origins: []cors.Origin{}}.Handler()
	if got, err := ReadStartupLog(strings.NewReader(log.String()), OpenNotebook()); err != nil || !got.Default {
		t.Errorf("unset: %+v, %v", got, err)
	}
}

func TestParsePythonList(t *testing.T) {
	for list, want := range map[string][]string{
		`[]`:            nil,
		`['']`:          {""},
		`['a', "it's"]`: {"a", "it's"},
		`['\\ \' \" \n\r\t\x41\u00e9\U0001f600']`: {"\\ ' \" \n\r\tAé😀"},
		`['é']`:         {"é"},
		`['a, b', ']']`: {"a, b", "]"},
	} {
		if got, err := parsePythonList(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", list, got, err)
		}
	}
	for _, list := range []string{
		``, `[`, `]`, `a`, `['a'`, `['a]`, `['a",]`, `['a',]`, `['a','b']`, `['a' 'b']`, `[,]`, `['a'] `, `[a]`, `[1]`, `[None]`,
		`['\`, `['\q']`, `['\x4']`, `['\x`, `['\xzz']`, `['\ud800']`, `['\Uffffffff']`, `['\u12']`, `('a',)`,
	} {
		if got, err := parsePythonList(list); !errors.Is(err, errNoList) {
			t.Errorf("%s: %q, %v", list, got, err)
		}
	}
}

// Whatever is in a log, reading it ends well; and what the fixture prints of any
// items is read back.
func FuzzParsePythonList(f *testing.F) {
	for _, s := range []string{`['a', "it's"]`, `['\x41']`, `['`, "a,b", `'"\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if items, err := parsePythonList(s); err != nil && items != nil {
			t.Errorf("%q: %q with %v", s, items, err)
		}
		configured := fixtures.CORSOrigins{Items: strings.Split(s, ",")}
		_, text := configured.LogLine()
		_, list, _ := strings.Cut(text, "origins: ")
		if got, err := parsePythonList(list); err != nil || !slices.Equal(got, configured.Items) {
			t.Errorf("%s: %q, %v, want %q", list, got, err, configured.Items)
		}
	})
}
