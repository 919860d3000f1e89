package engine

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A trial is a fetch and what the server answers to it.
type trial struct {
	number  int
	attempt scenarios.Attempt
	script  script
}

// The origins of the trials. All but the page's are foreign to it.
const (
	trialPage = "https://page.test"
	trialAPI  = "https://api.test"
)

var trialOrigins = []string{trialPage, trialAPI, "https://api.test:8443", "https://other.test", "http://api.test"}

// A dice draws a trial: all of it follows from the seed and the number.
type dice struct{ *rand.Rand }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

// words draws one of the words between bars.
func (d dice) words(bars string) string { return pick(d, strings.Split(bars, "|")...) }

// oneIn is true every so often.
func (d dice) oneIn(n int) bool { return d.IntN(n) == 0 }

// newTrial draws the trial of a number.
func newTrial(seed uint64, number int) trial {
	d := dice{rand.New(rand.NewPCG(seed, uint64(number)))}
	t := trial{number: number, attempt: scenarios.Attempt{
		Page: cors.MustParseOrigin(trialPage),
		Vector: pick(d, scenarios.Fetch, scenarios.Fetch, scenarios.Fetch, scenarios.Fetch, scenarios.SandboxedFrame, scenarios.DataFrame,
			scenarios.SandboxedPageFrame, scenarios.SandboxedPage, scenarios.DataWorker, scenarios.FilePage),
		Method:  d.words("GET|GET|GET|get|HEAD|POST|post"),
		URL:     trialAPI + trialPath(number, 0),
		Omit:    d.oneIn(2),
		Trusted: true, // so that nothing goes to the collector
	}}
	if d.oneIn(12) {
		t.attempt.URL = trialPage + trialPath(number, 0)
	}
	pick(d, t.simple, t.simple, t.preflighted, t.preflighted, t.redirected, t.redirected, t.exposed, t.asking)(d)
	return t
}

// origin is the Origin header of the trial's first request.
func (t *trial) origin() string { return t.attempt.Origin().String() }

// simple is about the CORS check and the status.
func (t *trial) simple(d dice) {
	t.script.responses = []reply{{d.status(), d.grant(t.origin())}}
}

// preflighted is about the preflight check.
func (t *trial) preflighted(d dice) {
	t.demand(d)
	grant := granted(t.origin())
	if d.oneIn(3) {
		grant = d.grant(t.origin())
	}
	t.script.preflights = []reply{{pick(d, 200, 200, 204, 204, d.status()), append(grant, d.consent()...)}}
	t.script.responses = []reply{{200, granted(t.origin())}}
	if d.oneIn(8) {
		t.simple(d)
	}
}

// exposed is about the headers that the page may see.
func (t *trial) exposed(d dice) {
	h := granted(t.origin())
	for _, name := range strings.Split("X-A|x-b|X-C|X-a|Set-Cookie|Set-Cookie2|ETag|Content-Type|Cache-Control|Content-Language|"+
		"Expires|Last-Modified|Pragma|Date|X Y|*|**|X-Empty|Server|Link|Vary|Clear-Site-Data|Content-Disposition|"+
		"Timing-Allow-Origin|X-\xff|Retry-After|Access-Control-Max-Age|Keep-Alive", "|") {
		if d.oneIn(3) {
			h = append(h, cors.Header{Name: name, Value: d.words("1|text/plain|a=b||x, y|x,x|\"x, y\"|'x, y'|\"x\\\", y|\\\"x, y\", \"")})
		}
	}
	for range d.IntN(3) {
		list := d.list("X-A|x-a|X-B|x-b|X-C|*|Set-Cookie|set-cookie2|Content-Type|ETag|X A|\"X-A\"|x-a;||\xff|(|**|Location|Access-Control-Allow-Origin|x-empty|Date")
		if d.oneIn(3) {
			list = d.words("*|x-a, x-b|X-A , X-B|,x-a,|*, x-a|x-a,,x-b|set-cookie, x-a")
		}
		h = append(h, d.line(cors.HeaderExposeHeaders, list))
	}
	d.shuffle(h)
	t.script.responses = []reply{{pick(d, 200, 200, 404, 500), h}}
}

// asking is about which requests need consent, and for what.
func (t *trial) asking(d dice) {
	t.attempt.Method = d.words("GET|GET|GET|POST|HEAD|get|PATCH|patch|delete|pUt|QUERY|G-T|*")
	for range 1 + d.IntN(4) {
		t.attempt.Headers = append(t.attempt.Headers, d.requestHeader())
	}
	all := append(granted(t.origin()),
		cors.Header{Name: cors.HeaderAllowMethods, Value: "PATCH, patch, DELETE, PUT, QUERY, G-T, *"},
		cors.Header{Name: cors.HeaderAllowHeaders, Value: strings.Join(cors.UnsafeHeaders(t.attempt.Headers), ",")})
	t.script = script{[]reply{{204, all}}, []reply{{200, all}}}
}

// redirected is about chains of redirects.
func (t *trial) redirected(d dice) {
	switch d.IntN(4) {
	case 0, 1:
		t.demand(d)
	case 2: // with headers that some redirects take away
		t.attempt.Method = d.words("POST|POST|PUT")
		t.attempt.Headers = cors.Headers{{Name: "X-A", Value: "1"}, {Name: "Authorization", Value: "1"}, {Name: "Content-Type", Value: "a/b"}}
	}
	switch strings.ToUpper(t.attempt.Method) {
	case "GET", "HEAD":
	default:
		t.attempt.Body = d.words("|a body")
		if t.attempt.Body != "" && t.attempt.Vector == scenarios.Fetch {
			t.attempt.Vector = pick(d, scenarios.Fetch, scenarios.UntypedFetch)
		}
	}
	at, origin := strings.TrimSuffix(t.attempt.URL, trialPath(t.number, 0)), t.origin()
	hops := pick(d, 1, 2, 2, 2, 3, 4)
	if d.oneIn(50) {
		hops = pick(d, 20, 21, 22) // the limit
	}
	for i := range hops {
		grant := granted(origin)
		if d.oneIn(6) {
			grant = granted(d.words("null|" + trialPage))
		}
		if d.oneIn(15) {
			grant = d.grant(origin)
		}
		names := "x-a, x-b, authorization, content-type"
		if i > 0 {
			names = d.words(names + "|x-a, x-b, content-type|x-a, x-b, authorization")
		}
		t.script.preflights = append(t.script.preflights, reply{204, append(slices.Clone(grant),
			cors.Header{Name: cors.HeaderAllowMethods, Value: "PUT, PATCH, patch, DELETE, QUERY, OPTIONS"},
			cors.Header{Name: cors.HeaderAllowHeaders, Value: names})})
		if i == hops-1 {
			t.script.responses = append(t.script.responses, reply{pick(d, 200, 404, 302), grant})
			return
		}
		location, to := d.location(at, trialPath(t.number, i+1), hops > 4)
		t.script.responses = append(t.script.responses, reply{pick(d, 301, 302, 303, 307, 308),
			append(grant, cors.Header{Name: "Location", Value: location})})
		if to != at && at != trialPage {
			origin = "null"
		}
		at = to
	}
}

// location draws where a redirect leads to, from an origin, in one of the ways of
// writing it.
func (d dice) location(from, path string, stay bool) (location, to string) {
	if stay {
		return path, from
	}
	to = pick(d, trialAPI, trialAPI, trialPage, "https://api.test:8443", "https://other.test")
	if d.oneIn(40) {
		to = "http://api.test"
	}
	scheme, authority, _ := strings.Cut(to, "://")
	switch d.IntN(16) {
	case 0:
		return path, from
	case 1:
		return pick(d, "//", `\\`, `/\`, "\t//") + authority + path, "https://" + authority
	case 2:
		return strings.ToUpper(scheme) + "://" + strings.ToUpper(authority) + path, to
	case 3, 4:
		return scheme + "://" + d.words("u:p@|u@|:p@|@|:@|::@") + authority + path, to
	case 5:
		return pick(d, " ", "\t") + to + path + d.words(" |#fragment|?query"), to
	case 6:
		if to == trialAPI || to == trialPage {
			return to + ":443" + path, to
		}
	case 7:
		return d.words("http://[|foo:bar|data:,x|ws://api.test/x||https://|javascript:0|file:///x|about:blank|https://api.test:99999/"), from
	case 8:
		return scheme + `:\\` + authority + path, to
	}
	return to + path, to
}

// demand makes the trial's request one that needs consent.
func (t *trial) demand(d dice) {
	t.attempt.Method = d.words("PUT|PUT|put|PATCH|patch|DELETE|QUERY|GET|POST|OPTIONS")
	for range d.IntN(4) {
		t.attempt.Headers = append(t.attempt.Headers, cors.Header{
			Name:  d.words("X-A|x-a|X-B|Authorization|Content-Type|Accept|Content-Language"),
			Value: d.words("1|application/json|text/plain"),
		})
	}
}

// status draws any status, 200 most often. A proxy's 407 is as good as none.
func (d dice) status() int {
	if d.oneIn(2) {
		return 200
	}
	return 200 + d.IntN(400)
}

// granted are the headers that grant an origin with credentials.
func granted(origin string) cors.Headers {
	return cors.Headers{
		{Name: cors.HeaderAllowOrigin, Value: origin},
		{Name: cors.HeaderAllowCredentials, Value: "true"},
	}
}

// grant draws headers that may or may not grant an origin.
func (d dice) grant(origin string) cors.Headers {
	if d.oneIn(4) {
		return granted(origin)
	}
	var h cors.Headers
	for range pick(d, 0, 1, 1, 1, 1, 1, 1, 1, 2, 3) {
		h = append(h, d.line(cors.HeaderAllowOrigin, d.allowOrigin(origin)))
	}
	for range pick(d, 0, 1, 1, 1, 1, 1, 2) {
		h = append(h, d.line(cors.HeaderAllowCredentials,
			d.words("true|true|true|true|true||TRUE|True|true,|true, true|,true|\"true\"|1|yes|false|true;|tru|truee|true true|tr\x01ue")))
	}
	d.shuffle(h)
	return h
}

// oddOrigins are values of Access-Control-Allow-Origin that are not the page's
// origin, or almost.
const oddOrigins = "*|*|null|null||" + trialPage + "/|HTTPS://page.test|https://Page.test|https://page.test:443|https://page.test:8443|" +
	"http://page.test|page.test|//page.test|https://other.test|" + trialPage + ",|," + trialPage + "|" + trialPage + ", " + trialPage +
	"|" + trialPage + " https://other.test|*, *|*,|**|* *|*.test|https://*.test|https://*|\"https://page.test\"|\"*\"|'*'|<*>|NULL|Null|" +
	"null, null|\"null\"|null/|true|undefined|https://pa\tge.test|https:page.test|https:/page.test|https:\\\\page.test|https://|http:///|" +
	"http://[::1]|http://[::1|http://1.2.3.4.5|http://256.256.256.256|http://a.test:99999|http://a.test:|http://:80|https://u:p@page.test|" +
	"foo:bar|foo://|localhost:3000|localhost|a:b:c|http://%zz|http://%41.test|https://page.test?x|https://page.test#x|http://a%20b.test|" +
	"https://page.test\x01|\x01https://page.test|\x7f|https://page.test;|,|, ,|;|file://|file:///x|data:,|javascript:0|about:blank|blob:x|" +
	"mailto:x|0|-|.|http://.|http://-|http://_|http://a..b|\xff|http://\xff.test"

func (d dice) allowOrigin(origin string) string {
	v := d.words(oddOrigins)
	switch d.IntN(12) {
	case 0, 1, 2, 3:
		v = origin
	case 4:
		v = "*"
	case 5: // two together
		v += pick(d, ",", ", ", " ", "\t", ";") + d.words(oddOrigins)
	case 6: // one that is almost right
		i := d.IntN(len(origin))
		v = origin[:i] + string(rune(' '+d.IntN(95))) + origin[i+d.IntN(2):]
	}
	return v
}

// consent draws what a preflight is answered besides the grant.
func (d dice) consent() cors.Headers {
	var h cors.Headers
	for range pick(d, 0, 1, 1, 1, 1, 2) {
		v := d.words("PUT, PATCH, patch, DELETE, QUERY, OPTIONS|*|PUT,DELETE")
		if d.oneIn(2) {
			v = d.list("GET|POST|PUT|put|Put|DELETE|PATCH|patch|*|QUERY|P UT|\"PUT\"|PUT;|(||\x01|\xff|PU\tT|**")
		}
		h = append(h, d.line(cors.HeaderAllowMethods, v))
	}
	for range pick(d, 0, 1, 1, 1, 1, 2) {
		v := d.words("x-a, x-b, authorization, content-type|*|*,Authorization|X-A,X-B,Content-Type")
		if d.oneIn(2) {
			v = d.list("x-a|X-A|X-B|Authorization|AUTHORIZATION|content-type|Content-Type|*|X A|\"x-a\"|x-a;|:|accept||\x7f|\xff")
		}
		h = append(h, d.line(cors.HeaderAllowHeaders, v))
	}
	if d.oneIn(3) {
		h = append(h, d.line(cors.HeaderMaxAge, d.words("600|0|-1|x||86400000000000000000|1.5|\"1\"")))
	}
	if d.oneIn(30) {
		h = append(h, cors.Header{Name: "Location", Value: d.words("/x|https://other.test/||http://[|foo:bar")})
	}
	return h
}

// list draws a list of words, in one of the ways of writing it.
func (d dice) list(bars string) string {
	var items []string
	for range d.IntN(5) {
		items = append(items, d.words(bars))
	}
	return strings.Join(items, pick(d, ",", ", ", " ,", "\t,\t", ",,", ", ,"))
}

// line writes a header in one of the ways of writing it.
func (d dice) line(name, value string) cors.Header {
	name = pick(d, name, name, strings.ToLower(name), strings.ToUpper(name))
	if d.oneIn(4) {
		value = pick(d, " ", "\t", " \t ") + value + pick(d, "", " ", "\t")
	}
	return cors.Header{Name: name, Value: value}
}

func (d dice) shuffle(h cors.Headers) { d.Shuffle(len(h), func(i, j int) { h[i], h[j] = h[j], h[i] }) }

// requestHeader draws a header as a page may try to set it.
func (d dice) requestHeader() cors.Header {
	name := d.words("Accept|Accept-Language|Content-Language|Content-Type|Range|" +
		"Accept|Accept-Language|Content-Language|Content-Type|Range|" +
		"X-A|X-B|Authorization|DPR|Width|Viewport-Width|Device-Memory|Downlink|RTT|ECT|Save-Data|Intervention|" +
		"If-None-Match|Cache-Control|Pragma|User-Agent|Upgrade-Insecure-Requests|Last-Event-ID|Sec-X|Proxy-X|Cookie|Origin|" +
		"Referer|Host|Date|DNT|Via|TE|Expect|Accept-Charset|X-HTTP-Method-Override|X-HTTP-Method|Priority|Early-Data")
	v := d.words("|x|1|1.5|TRACE|a(b|a:b|a\tb|\u00fc|a@b|a=b;c,d|*/*|on|4g|2g|en-US,en;q=0.5|en_US")
	switch {
	case d.oneIn(8): // around the limit of one header
		v = strings.Repeat("1", 126+d.IntN(4))
	case d.oneIn(12): // any byte that net/http lets through
		v = "a" + pick(d, "\t", string(rune(' '+d.IntN(0x5f))), string(rune(0x80+d.IntN(0x80)))) + "b"
	case d.oneIn(4):
	case name == "Content-Type":
		v = d.words("text/plain|TEXT/Plain|text/plain;charset=UTF-8|text/plain ; x|text/plain; x=\"y\"|application/json|" +
			"text/plain,application/json|multipart/form-data; boundary=x|application/x-www-form-urlencoded|text/plain\t;x|text /plain|" +
			"text/plain x|text/plain;|;text/plain|text/plain; a:b|text/html|text/plain/x|text|*/*|text/pl\u00e4in")
	case name == "Range":
		v = d.words("bytes=0-|bytes=0-9|bytes=-9|bytes=9-0|bytes=0-9,10-|bytes= 0-9|Bytes=0-|bytes=|bytes=-|bytes=a-|items=0-|" +
			"bytes=99999999999999999999-|bytes=00-01|bytes=+1-2|bytes=0--1|bytes=0|bytes=5-5|bytes=9223372036854775807-|" +
			"bytes=9223372036854775806-|bytes=0-9223372036854775806|bytes=0-9223372036854775807")
	}
	return cors.Header{Name: pick(d, name, strings.ToLower(name), strings.ToUpper(name)), Value: v}
}

// smaller gives the trials that lack one thing of this one.
func (t trial) smaller() []trial {
	var ts []trial
	for i := range t.attempt.Headers {
		s := t
		s.attempt.Headers = slices.Delete(slices.Clone(t.attempt.Headers), i, i+1)
		ts = append(ts, s)
	}
	if t.attempt.Body != "" {
		s := t
		s.attempt.Body = ""
		ts = append(ts, s)
	}
	less := func(replies []reply, keep func(*script, []reply)) {
		for i, p := range replies {
			for j := range p.headers {
				s, fewer := t, slices.Clone(replies)
				fewer[i].headers = slices.Delete(slices.Clone(p.headers), j, j+1)
				keep(&s.script, fewer)
				ts = append(ts, s)
			}
		}
	}
	less(t.script.preflights, func(s *script, p []reply) { s.preflights = p })
	less(t.script.responses, func(s *script, p []reply) { s.responses = p })
	return ts
}
