package cors

import (
	"strings"
	"testing"
)

// What the suites of others hold browsers and servers to, restated: requests, replies
// and whether the page reads. Where ours is another answer, the case is explained in
// docs/decisions/2026-11-28-cases-of-other-suites.md.
func TestCasesOfOtherSuites(t *testing.T) {
	long := strings.Repeat("0123456789", 13)[:129] // more than 128 bytes
	const (
		wpt       = "web-platform-tests, fetch/api/cors"
		gateway   = "Gateway API conformance, httproute-cors"
		rs        = "rs/cors"
		jub0bs    = "jub0bs/cors"
		starlette = "Starlette, tests/middleware/test_cors"
	)
	type reply struct {
		status int // 200 where none is given
		h      Headers
	}
	for _, tc := range []struct {
		suite, name string
		page        string // https://www.foo.com where none is given
		credentials bool
		method      string
		sent        Headers
		// asked is the answer to the preflight, nil where there is none.
		asked    *reply
		got      Headers
		readable bool
	}{
		// cors-origin: the page's own origin is named, or another one.
		{wpt, "origin OK", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, "https://www.foo.com"), true},
		{wpt, "origin KO", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, "https://api.example"), false},
		{wpt, "origin on another port", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, "https://www.foo.com:8443"), false},
		{wpt, "origin of another scheme", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, "http://www.foo.com"), false},
		{wpt, "POST, origin OK", "", false, "POST", nil, nil, lines(HeaderAllowOrigin, "https://www.foo.com"), true},
		{wpt, "HEAD, origin KO", "", false, "HEAD", nil, nil, lines(HeaderAllowOrigin, "https://api.example"), false},
		{wpt, "PUT, origin OK", "", false, "PUT", nil, &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowMethods, "PUT")}, lines(HeaderAllowOrigin, "https://www.foo.com"), true},
		{wpt, "PUT, origin KO", "", false, "PUT", nil, &reply{h: lines(HeaderAllowOrigin, "https://api.example", HeaderAllowMethods, "PUT")}, nil, false},
		{wpt, "an empty origin", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, ""), false},
		// cors-basic and cors-cookies.
		{wpt, "no header", "", false, "GET", nil, nil, nil, false},
		{wpt, "a wildcard", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "include, and a wildcard", "", true, "GET", nil, nil, lines(HeaderAllowOrigin, "*", HeaderAllowCredentials, "true"), false},
		{wpt, "include, and the origin without credentials", "", true, "GET", nil, nil, lines(HeaderAllowOrigin, "https://www.foo.com"), false},
		{wpt, "include, and the origin with credentials", "", true, "GET", nil, nil, lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true"), true},
		// cors-multiple-origins, as it has been since lists were taken out of the standard.
		{wpt, "three origins, the third fits", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, `"", http://example.com, https://www.foo.com`), false},
		{wpt, "three origins, the third is *", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, `"", http://example.com, *`), false},
		{wpt, "twice the same", "", false, "GET", nil, nil, lines(HeaderAllowOrigin, `*, http://example.com, *`), false},
		// cors-preflight-star: succeeds, credentials, allowed, used.
		{wpt, "a method of the safelist needs no grant", "", false, "GET", lines("X-Test", "1"), &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "get", HeaderAllowHeaders, "x-test")}, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "* for any method", "", false, "SUPER", lines("X-Test", "1"), &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "*", HeaderAllowHeaders, "x-test")}, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "* for any method and header", "", false, "OK", lines("X-Test", "1"), &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "*", HeaderAllowHeaders, "*")}, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "* is a name with credentials", "", true, "OK", lines("X-Test", "1"), &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true", HeaderAllowMethods, "*", HeaderAllowHeaders, "*")}, nil, false},
		{wpt, "* is a method's name with credentials", "", true, "PUT", nil, &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true", HeaderAllowMethods, "*")}, nil, false},
		{wpt, "PUT by name with credentials", "", true, "PUT", nil, &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true", HeaderAllowMethods, "PUT", HeaderAllowHeaders, "*")}, lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true"), true},
		{wpt, "* is a header's name with credentials", "", true, "GET", lines("X-Test", "1"), &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true", HeaderAllowMethods, "get", HeaderAllowHeaders, "*")}, nil, false},
		{wpt, "the method and the header of the name *", "", true, "*", lines("*", "1"), &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true", HeaderAllowMethods, "*", HeaderAllowHeaders, "*")}, lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true"), true},
		{wpt, "methods are compared with their case", "", true, "PUT", nil, &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true", HeaderAllowMethods, "put", HeaderAllowHeaders, "*")}, nil, false},
		{wpt, "Authorization by name beside *", "", false, "GET", lines("Authorization", "123"), &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowHeaders, "*, Authorization")}, lines(HeaderAllowOrigin, "*"), true},
		// cors-preflight-response-validation.
		{wpt, "a header's name with a space", "", false, "GET", lines("X-Force", ""), &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowHeaders, "x-force,header name with space")}, nil, false},
		{wpt, "a method's name with a space", "", false, "GET", lines("X-Force", ""), &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowHeaders, "x-force", HeaderAllowMethods, "Bad method name")}, nil, false},
		// cors-preflight.
		{wpt, "PATCH allowed", "", false, "PATCH", nil, &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "PATCH")}, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "NEW refused", "", false, "NEW", nil, &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "PATCH")}, nil, false},
		{wpt, "several headers", "", false, "PUT", lines("x-test-header1", "a", "X-test-header3", "a", "Accept", "*", "Content-Language", "eu"),
			&reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "PUT", HeaderAllowHeaders, "X-Test-Header3, x-test-header1")}, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "one of several headers is missing", "", false, "PUT", lines("x-test-header1", "a", "X-test-header3", "a"),
			&reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "PUT", HeaderAllowHeaders, "x-test-header1")}, nil, false},
		// cors-no-preflight.
		{wpt, "no preflight: Accept", "", false, "GET", lines("Accept", "*/*"), nil, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "no preflight: Accept-Language", "", false, "GET", lines("Accept-Language", "fr"), nil, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "no preflight: a form", "", false, "GET", lines("Content-Type", "application/x-www-form-urlencoded"), nil, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "no preflight: a form with files", "", false, "GET", lines("Content-Type", "multipart/form-data"), nil, lines(HeaderAllowOrigin, "*"), true},
		{wpt, "no preflight: text, with its charset and another case", "", false, "GET", lines("Content-Type", "Text/Plain;charset=utf-8"), nil, lines(HeaderAllowOrigin, "*"), true},
		// resources/not-cors-safelisted: each needs a preflight.
		{wpt, `not safelisted: accept: "`, "", false, "GET", lines("Accept", `"`), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: a long accept", "", false, "GET", lines("Accept", long), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: accept-language: U+0001", "", false, "GET", lines("Accept-Language", "\x01"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: accept-language: @", "", false, "GET", lines("Accept-Language", "@"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: authorization", "", false, "GET", lines("Authorization", "basics"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: content-language: @", "", false, "GET", lines("Content-Language", "@"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: text/html", "", false, "GET", lines("Content-Type", "text/html"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: a long content-type", "", false, "GET", lines("Content-Type", "text/plain; long="+long), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: last-event-id", "", false, "GET", lines("Last-Event-Id", "1"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: range without its equals sign", "", false, "GET", lines("Range", "bytes 0-"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},
		{wpt, "not safelisted: a header of one's own", "", false, "GET", lines("Test", "hi"), &reply{h: lines(HeaderAllowOrigin, "*")}, nil, false},

		{gateway, "an exact origin", "", true, "GET", lines("X-Header-1", "a", "X-Header-2", "b"),
			&reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowMethods, "GET, OPTIONS", HeaderAllowHeaders, "x-header-1, x-header-2", HeaderMaxAge, "3600", HeaderAllowCredentials, "true")},
			lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowCredentials, "true"), true},
		{gateway, "below a wildcard, at any depth", "https://xpto.www.bar.com", true, "GET", lines("X-Header-1", "a"),
			&reply{h: lines(HeaderAllowOrigin, "https://xpto.www.bar.com", HeaderAllowMethods, "OPTIONS,GET", HeaderAllowHeaders, "x-header-2,x-header-1", HeaderAllowCredentials, "true")},
			lines(HeaderAllowOrigin, "https://xpto.www.bar.com", HeaderAllowCredentials, "true"), true},
		{gateway, "no match, answered 403", "https://foobar.com", false, "PUT", nil, &reply{status: 403}, nil, false},
		{gateway, "no match, answered 204", "https://foobar.com", false, "PUT", nil, &reply{status: 204}, nil, false},
		{gateway, "a simple request without a match", "https://foobar.com", false, "GET", nil, nil, nil, false},
		{gateway, "methods are *, without credentials", "", false, "POST", lines("X-A", "1"), &reply{h: lines(HeaderAllowOrigin, "https://www.foo.com", HeaderAllowMethods, "*", HeaderAllowHeaders, "X-A")},
			lines(HeaderAllowOrigin, "https://www.foo.com"), true},
		{gateway, "any origin, echoed with its port", "https://foobar.com:12345", false, "PUT", nil, &reply{status: 204, h: lines(HeaderAllowOrigin, "https://foobar.com:12345", HeaderAllowMethods, "PUT")},
			lines(HeaderAllowOrigin, "https://foobar.com:12345"), true},
		{gateway, "any origin, as *", "https://foobar.com:12345", false, "PUT", nil, &reply{status: 204, h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "PUT")}, lines(HeaderAllowOrigin, "*"), true},

		{rs, "any origin", "http://foobar.com", false, "GET", nil, nil, lines(HeaderAllowOrigin, "*", "Vary", "Origin"), true},
		{rs, "an origin that is not allowed", "http://barbaz.com", false, "GET", nil, nil, lines("Vary", "Origin"), false},
		{rs, "an allowed method", "http://foobar.com", false, "PUT", nil, &reply{status: 204, h: lines(HeaderAllowOrigin, "http://foobar.com", HeaderAllowMethods, "PUT")}, lines(HeaderAllowOrigin, "http://foobar.com"), true},
		{rs, "a method that is not allowed", "http://foobar.com", false, "PATCH", nil, &reply{status: 204}, nil, false},
		{rs, "allowed headers, in another order and case", "http://foobar.com", false, "GET", lines("X-Header-2", "a", "X-HEADER-1", "b"),
			&reply{status: 204, h: lines(HeaderAllowOrigin, "http://foobar.com", HeaderAllowMethods, "GET", HeaderAllowHeaders, "x-header-1,x-header-2")}, lines(HeaderAllowOrigin, "http://foobar.com"), true},
		{rs, "a header that is not allowed", "http://foobar.com", false, "GET", lines("X-Header-3", "a", "X-Header-1", "b"), &reply{status: 204}, nil, false},
		{rs, "credentials", "http://foobar.com", true, "GET", nil, nil, lines(HeaderAllowOrigin, "http://foobar.com", HeaderAllowCredentials, "true"), true},

		{jub0bs, "credentialed, from allowed", "http://localhost:9090", true, "GET", nil, nil, lines(HeaderAllowOrigin, "http://localhost:9090", HeaderAllowCredentials, "true", "Vary", "Origin"), true},
		{jub0bs, "from disallowed", "https://example.org", true, "GET", nil, nil, lines("Vary", "Origin"), false},
		{jub0bs, "PURGE from allowed, with every method", "http://localhost:9090", true, "PURGE", nil,
			&reply{status: 204, h: lines(HeaderAllowOrigin, "http://localhost:9090", HeaderAllowCredentials, "true", HeaderAllowMethods, "PURGE")}, lines(HeaderAllowOrigin, "http://localhost:9090", HeaderAllowCredentials, "true"), true},
		{jub0bs, "credentialed, without request headers", "http://localhost:9090", true, "GET", lines("Bar", "1", "Foo", "1"), &reply{status: 403}, nil, false},
		{jub0bs, "debug: the refusal is granted to the origin alone", "http://localhost:9090", true, "GET", lines("Bar", "1"),
			&reply{status: 403, h: lines(HeaderAllowOrigin, "http://localhost:9090", HeaderAllowCredentials, "true")}, nil, false},
		{jub0bs, "any request header other than Authorization", "http://localhost:9090", false, "PURGE", lines("Foo", "1"),
			&reply{status: 204, h: lines(HeaderAllowOrigin, "*", HeaderAllowMethods, "*", HeaderAllowHeaders, "*")}, lines(HeaderAllowOrigin, "*"), true},
		{jub0bs, "any request header and Authorization", "http://localhost:9090", false, "GET", lines("Foo", "1", "Authorization", "Bearer x"),
			&reply{status: 204, h: lines(HeaderAllowOrigin, "*", HeaderAllowHeaders, "*,authorization")}, lines(HeaderAllowOrigin, "*"), true},
		{jub0bs, "GHSA-vhxv-fg4m-p2w8", "https://bfoo.com", true, "GET", nil, nil, lines("Vary", "Origin"), false},

		{starlette, "any origin and credentials, without a cookie", "https://example.org", false, "GET", nil, nil, lines(HeaderAllowOrigin, "*", HeaderAllowCredentials, "true"), true},
		{starlette, "any origin and credentials, include without a cookie", "https://example.org", true, "GET", nil, nil, lines(HeaderAllowOrigin, "*", HeaderAllowCredentials, "true"), false},
		{starlette, "any origin and credentials, with a cookie", "https://example.org", true, "GET", nil, nil, lines(HeaderAllowOrigin, "https://example.org", HeaderAllowCredentials, "true"), true},
		{starlette, "any origin, preflight", "https://example.org", false, "GET", lines("X-Example", "1"), &reply{h: lines(HeaderAllowOrigin, "*", HeaderAllowHeaders, "X-Example", HeaderAllowMethods, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")}, lines(HeaderAllowOrigin, "*"), true},
		{starlette, "any origin, echoed to a cookie without credentials", "https://example.org", true, "GET", nil, nil, lines(HeaderAllowOrigin, "https://example.org", "Vary", "Origin"), false},
		{starlette, "one origin", "https://example.org", false, "GET", lines("X-Example", "1", "Content-Type", "application/json"),
			&reply{h: lines(HeaderAllowOrigin, "https://example.org", HeaderAllowHeaders, "Accept, Accept-Language, Content-Language, Content-Type, X-Example")}, lines(HeaderAllowOrigin, "https://example.org"), true},
		{starlette, "another origin, method and header", "https://another.org", false, "PUT", lines("X-Nope", "1"), &reply{status: 400}, nil, false},
		{starlette, "a header that is not allowed is answered 400 with the origin", "https://example.org", false, "GET", lines("X-Nope-1", "1"), &reply{status: 400, h: lines(HeaderAllowOrigin, "https://example.org")}, nil, false},
		{starlette, "a pattern for the whole origin", "https://subdomain.example.org.hacker.com", false, "GET", nil, nil, nil, false},
	} {
		t.Run(tc.suite+"/"+tc.name, func(t *testing.T) {
			page := tc.page
			if page == "" {
				page = "https://www.foo.com"
			}
			f := Fetch{Origin: MustParseOrigin(page), URL: api + "/", Method: tc.method, Headers: tc.sent, Credentials: tc.credentials}
			var wire []Exchange
			if tc.asked != nil {
				status := tc.asked.status
				if status == 0 {
					status = 200
				}
				e := preflight(api+"/", status)
				e.Response.Headers = tc.asked.h
				wire = append(wire, e)
			}
			if tc.asked == nil || tc.got != nil { // what a refused preflight asked for is never sent
				e := request(tc.method, api+"/", 200)
				e.Response.Headers = tc.got
				wire = append(wire, e)
			}
			got := Predict(f, wire)
			if got.Undetermined != "" || got.Readable != tc.readable || got.NeedsPreflight != (tc.asked != nil) {
				t.Errorf("it is %+v; want readable %t, with a preflight %t", got, tc.readable, tc.asked != nil)
			}
		})
	}
}

// cors-preflight-status: a preflight's status is one of 200 to 299.
func TestPreflightStatusOfWebPlatformTests(t *testing.T) {
	for _, status := range []int{
		200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 306, 307, 308,
		400, 401, 402, 403, 404, 405, 501, 502, 503, 504, 505,
	} {
		req := PreflightRequest{Origin: app, Method: "GET", UnsafeHeaders: []string{"x-force-preflight"}}
		got := CheckPreflight(req, status, lines(HeaderAllowOrigin, "*", HeaderAllowHeaders, "x-force-preflight"))
		if (got == Allowed) != (status >= 200 && status <= 299) {
			t.Errorf("%d: %q", status, got)
		}
	}
}
