package recording

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

// shownAs is a request on one line.
func shownAs(q Request) string {
	var lines []string
	for _, h := range q.Headers {
		lines = append(lines, h.Name+": "+h.Value)
	}
	return fmt.Sprintf("%s %s [%s] %q", q.Method, q.URL, strings.Join(lines, "; "), q.Body)
}

func TestReadCurl(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"Chrome, bash": {
			`curl 'https://api.example.com/me?a=1&b=2' \
  -H 'accept: */*' \
  -H 'accept-language: en-US,en;q=0.9' \
  -b 'session=abc; theme=dark' \
  -H 'origin: https://app.example.com' \
  -H 'x-requested-with: fetch'`,
			[]string{`GET https://api.example.com/me?a=1&b=2 [accept: */*; accept-language: en-US,en;q=0.9; Cookie: session=abc; theme=dark; origin: https://app.example.com; x-requested-with: fetch] ""`},
		},
		"Chrome, bash, ANSI-C quotes": {
			"curl 'https://api.example.com/n' -X 'PUT' \\\n  -H 'content-type: application/json' \\\n  --data-raw $'{\"name\":\"it\\'s \\u0021 \\n\\x41\"}' ;\ncurl 'https://api.example.com/two' --compressed",
			[]string{`PUT https://api.example.com/n [content-type: application/json] "{\"name\":\"it's ! \nA\"}"`, `GET https://api.example.com/two [] ""`},
		},
		"Chrome, cmd": {
			"curl ^\"https://api.example.com/search?q=^%^20a^&b=1^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  -H ^\"sec-ch-ua: ^\\^\"Chromium^\\^\";v=^\\^\"156^\\^\"^\" ^\r\n  --data-raw ^\"^{^\\^\"q^\\^\":^\\^\"a^\n\nb^\\^\"^}^\" &\r\ncurl ^\"https://api.example.com/two^\"",
			[]string{`POST https://api.example.com/search?q=%20a&b=1 [accept: */*; sec-ch-ua: "Chromium";v="156"; Content-Type: application/x-www-form-urlencoded] "{\"q\":\"a\nb\"}"`, `GET https://api.example.com/two [] ""`},
		},
		"an older Chrome, cmd": {
			"curl \"https://api.example.com/n\" ^\r\n  -H \"Content-Type: application/json\" ^\r\n  --data-binary \"{\"\"a\"\":\"\"b^c\"\"}\"",
			[]string{`POST https://api.example.com/n [Content-Type: application/json] "{\"a\":\"b^c\"}"`},
		},
		"Firefox": {
			`curl 'https://api.example.com/n' --compressed -X POST -H 'User-Agent: Mozilla/5.0' -H 'Content-Type: application/json' -H 'Cookie: session=abc' --data-raw '{"a":1}'`,
			[]string{`POST https://api.example.com/n [User-Agent: Mozilla/5.0; Content-Type: application/json; Cookie: session=abc] "{\"a\":1}"`},
		},
		"Safari": {
			"curl 'https://api.example.com/n' \\\n-X 'POST' \\\n-H 'Accept: application/json' \\\n-H 'Content-Length: 7' \\\n--data-binary '{\"a\":1}'",
			[]string{`POST https://api.example.com/n [Accept: application/json; Content-Length: 7; Content-Type: application/x-www-form-urlencoded] "{\"a\":1}"`},
		},
		"by hand": {
			"# who am I\n/usr/bin/curl -sSL -XPOST -u \"victim:$PASSWORD\" --json '{}' api.example.com/login -H 'Empty;' -o out.json | jq . > x\ncurl -G -d a=1 -d b=2 https://api.example.com/s?c=3 -A me -e https://app.example.com/; curl -I \"https://api.example.com/\\$x\"",
			[]string{
				`POST http://api.example.com/login [Authorization: Basic victim:${PASSWORD}; Content-Type: application/json] "{}"`,
				`GET https://api.example.com/s?c=3&a=1&b=2 [User-Agent: me; Referer: https://app.example.com/] ""`, `HEAD https://api.example.com/$x [] ""`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ReadCurl(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, q := range r.Requests {
				got = append(got, shownAs(q))
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestReadCurlErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":            {" \n# nothing\n", "there is no command in it"},
		"another program":  {"fetch('https://api.example.com')", "it begins with"},
		"wget":             {"wget https://api.example.com", `"wget" and not with curl`},
		"PowerShell":       {"$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession", "Copy as cURL (bash)"},
		"PowerShell, one":  {"Invoke-WebRequest -UseBasicParsing -Uri \"https://api.example.com\" `\n-Headers @{\n\"accept\"=\"*/*\"\n}", "Copy as cURL (bash)"},
		"open quote":       {"curl 'https://api.example.com", "a quote is not closed"},
		"open in cmd":      {"curl ^\"https://api.example.com", "a quote is not closed"},
		"substitution":     {"curl https://api.example.com -H \"Authorization: $(cat token)\"", "a shell would compute"},
		"backticks":        {"curl `cat url`", "a shell would compute"},
		"default value":    {"curl ${URL:-x}", "a shell would compute"},
		"no URL":           {"curl -H 'a: b'", `"" is not the URL`},
		"two URLs":         {"curl https://a.example https://b.example", "it has two URLs"},
		"no value":         {"curl https://a.example -H", "has no value"},
		"no server":        {"curl file:///etc/passwd", "is not the URL of a request"},
		"not UTF-8":        {"curl https://a.example -H 'a: \xff'", "UTF-8"},
		"the second":       {"curl https://a.example\nwget x", "command 2: "},
		"deep, which none": {strings.Repeat("$(", 1<<20), "a shell would compute"},
		"too large":        {strings.Repeat(" ", commandLimit+1), "larger than"},
	} {
		if _, err := ReadCurl(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCurl(f *testing.F) {
	for _, text := range []string{
		`curl 'https://api.example.com/me' -H 'accept: */*' -b 'session=abc' --data-raw $'{\'a\u0021'`, "curl ^\"https://a.example/^%^20^\" ^\r\n -H ^\"a: ^\\^\"b^\\^\"^\"",
		`curl "https://a.example/$X" -XPOST -d a=1 -G | jq`, "curl \"a\" \\\n -u a:b", `curl 'http://a' $'\x4\777\U110000'`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r Recording
		var err error
		boundedtest.Modest(t, len(text), func() { r, err = ReadCurl(strings.NewReader(text)) })
		check(t, r, err)
	})
}
