package report

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// blown are exchanges of targets that send too much.
var blown = map[string]func() []cors.Exchange{
	"10,000 cookies": func() []cors.Exchange {
		p := &cors.Response{Status: 200, Body: sampleLoot}
		for i := range 10_000 {
			p.Headers = append(p.Headers, cors.Header{Name: "Set-Cookie", Value: fmt.Sprintf("c%d=value-%[1]d; Path=/; HttpOnly", i)})
		}
		return []cors.Exchange{{Request: cors.Request{Method: "GET", URL: sampleURL + "/me"}, Response: p}}
	},
	"20,000 lines": func() []cors.Exchange {
		p := &cors.Response{Status: 200, Body: sampleLoot}
		for i := range 20_000 {
			p.Headers = append(p.Headers, cors.Header{Name: fmt.Sprintf("X-%d", i), Value: "<&\">"})
		}
		return []cors.Exchange{{Request: cors.Request{Method: "GET", URL: sampleURL + "/me"}, Response: p}}
	},
	"20,000 lines that decide": func() []cors.Exchange {
		p := &cors.Response{Status: 200, Body: sampleLoot}
		for range 20_000 {
			p.Headers = append(p.Headers, cors.Header{Name: "Vary", Value: "\x1b"})
		}
		return []cors.Exchange{{Request: cors.Request{Method: "GET", URL: sampleURL + "/me"}, Response: p}}
	},
	"lines of 200 kB": func() []cors.Exchange {
		long := strings.Repeat("\x01<", 100_000)
		p := &cors.Response{Status: 200, Headers: cors.Headers{{Name: "X-Long", Value: long}, {Name: "Vary", Value: long}, {Name: "Location", Value: long}, {Name: long, Value: "x"}}, Body: long}
		return []cors.Exchange{{Request: cors.Request{Method: "GET", URL: sampleURL + "/" + long, Body: long}, Response: p, Fault: long}}
	},
	"a redirect loop of 100 kB bodies": func() []cors.Exchange {
		var list []cors.Exchange
		body := strings.Repeat("\U000e0041", 25_000)
		for range 41 {
			list = append(list, cors.Exchange{
				Request:  cors.Request{Method: "GET", URL: sampleURL + "/me"},
				Response: &cors.Response{Status: 302, Headers: cors.Headers{{Name: "Location", Value: "/me"}}, Body: body},
			})
		}
		return list
	},
	"a secret in every other byte": func() []cors.Exchange {
		body := strings.Repeat("abc.", 30_000)
		return []cors.Exchange{{Request: cors.Request{Method: "GET", URL: sampleURL + "/me?" + body}, Response: &cors.Response{Status: 200, Headers: cors.Headers{{Name: "X", Value: body}}, Body: body}}}
	},
}

// Whatever a target sends, no file has more than 20 MB, and what was cut is said.
func TestTargetsThatSendTooMuch(t *testing.T) {
	if testing.Short() {
		t.Skip("its inputs are huge")
	}
	const limit = 20 << 20
	for name, exchanges := range blown {
		t.Run(name, func(t *testing.T) {
			var results []engine.Result
			shared := exchanges() // as those of a session are
			for i := range 400 {
				o := read(sampleEvil, true)
				o.Exchanges = shared
				o.Loot.Excerpt = o.Exchanges[0].Response.Body
				v := scenarios.Conforms
				if i >= 200 {
					v = scenarios.Violates
				}
				results = append(results, judged("ORG-001", scenarios.Must, v, "", o))
			}
			record := of(results...)
			r := reportOf(record, Meta{Secrets: []string{"abc"}})
			for file, text := range rendered(t, r, nil) {
				if len(text) > limit {
					t.Errorf("%s has %d bytes", file, len(text))
				}
			}
			if wholly := name == "a secret in every other byte"; len(r.Notes) == 0 != wholly || strings.Contains(strings.Join(r.Notes, " "), "%!") {
				t.Errorf("the notes are %q", r.Notes)
			}
			x := r.Results[399].Proof.Exchanges
			if len(x) > exchangeLimit {
				t.Errorf("the last result has %d exchanges", len(x))
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			t.Logf("memory from the system: %d MB; %q", m.Sys>>20, r.Notes)
		})
	}
}

func TestEvidenceOfViolationsStays(t *testing.T) {
	var results []engine.Result
	for i := range 3000 {
		o := read(sampleEvil, true)
		o.Exchanges[0].Response.Body = strings.Repeat("x", bodyLimit)
		v := scenarios.Conforms
		if i%10 == 9 {
			v = scenarios.Violates
		}
		results = append(results, judged("ORG-001", scenarios.Must, v, "", o))
	}
	r := reportOf(of(results...), Meta{})
	short := 0
	for i, c := range r.Results {
		x := c.Proof.Exchanges[0]
		if x.Response.Body != "" {
			continue
		}
		short++
		if c.Verdict == scenarios.Violates {
			t.Errorf("result %d, a violation, has lost its evidence", i)
		}
		if !x.Response.Truncated || x.Response.Status != 200 || len(x.Response.Headers)+x.Response.HeadersLeftOut != 3 || len(deciding(x.Response.Headers)) != 2 {
			t.Fatalf("result %d is shortened to %+v", i, x.Response)
		}
	}
	if short == 0 || !strings.Contains(r.Notes[0], fmt.Sprintf("Of %d exchanges, of %[1]d results", short)) {
		t.Errorf("%d were shortened, and the notes are %q", short, r.Notes)
	}
}

func TestHeaderLinesAreCapped(t *testing.T) {
	var h cors.Headers
	for i := range 300 {
		h = append(h, cors.Header{Name: fmt.Sprintf("X-%d", i)})
	}
	h = append(h, cors.Header{Name: "Access-Control-Allow-Origin", Value: "*"})
	list, leftOut := newHeaders(h)
	if len(list) != headerLines || leftOut != 201 || list[0].Name != "X-0" || list[headerLines-1].Name != "Access-Control-Allow-Origin" {
		t.Errorf("%d lines, %d left out: %v", len(list), leftOut, list)
	}
	if list, leftOut := newHeaders(h[:5]); len(list) != 5 || leftOut != 0 {
		t.Errorf("%d lines, %d left out", len(list), leftOut)
	}
	if list, _ := newHeaders(nil); list == nil {
		t.Error("no lines are no list")
	}
}

func TestLongValuesAreCapped(t *testing.T) {
	x := redactorOf("s3cr3t-t0ken")
	long := strings.Repeat("x", valueLimit-6) + "s3cr3t-t0ken" + strings.Repeat("y", 1<<20)
	for how, got := range map[string]string{
		"wire": x.wire(long), "header": x.header("X-Any", long, "wire"), "cookie": x.header("Cookie", "a="+long+"; b=1", "wire"), "url": x.wireURL("https://u:p@h.test/" + long), "words": x.words(`"` + long),
	} {
		if len(got) > valueLimit+50 || strings.Contains(got, "s3cr3t") {
			t.Errorf("%s: %d bytes, ending in %s", how, len(got), got[max(0, len(got)-40):])
		}
	}
	if got := x.wire(long); !strings.HasSuffix(got, target.Redacted+" [cut]") {
		t.Errorf("it ends in %s", got[len(got)-40:])
	}
}

func TestLongListsAreCapped(t *testing.T) {
	r := Report{Withheld: make([]Withheld, listLimit+7), Cookies: make([]Cookie, listLimit)}
	r.bound()
	if len(r.Withheld) != listLimit || len(r.Cookies) != listLimit || !slices.Equal(r.Notes, []string{"Of 507 kinds of withheld requests the first 500 are here."}) {
		t.Errorf("%d, %d, %q", len(r.Withheld), len(r.Cookies), r.Notes)
	}
}

// The sizes that are reckoned with are not less than what is written.
func TestSizes(t *testing.T) {
	for name, exchanges := range blown {
		y := newExchange(exchanges()[0])
		size := y.size()
		redactor := redactorOf()
		y.Request.URL, y.Request.Body, y.Response.Body, y.Fault = redactor.wire(y.Request.URL), redactor.body(y.Request.Body), redactor.body(y.Response.Body), redactor.words(y.Fault)
		for i, h := range y.Response.Headers {
			y.Response.Headers[i] = Header{Name: redactor.wire(h.Name), Value: redactor.wire(h.Value)}
		}
		var b strings.Builder
		if err := (Report{Results: []Result{{Proof: Proof{Exchanges: []Exchange{y}}}}}).WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		var empty strings.Builder
		if err := (Report{Results: []Result{{}}}).WriteJSON(&empty); err != nil {
			t.Fatal(err)
		}
		if written := b.Len() - empty.Len(); written > size+size/2 {
			t.Errorf("%s: %d bytes are written, and %d reckoned with", name, written, size)
		}
	}
}
