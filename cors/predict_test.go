package cors

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// The scripts of TestPredict read like the wire: "PUT /a 302 b" is a request to
// the URL "a" answered with a redirect to "b".
const (
	page  = "https://app.example"
	api   = "https://api.example"
	other = "https://other.example"
)

func request(method, url string, status int, res ...string) Exchange {
	return Exchange{
		Request:  Request{Method: method, URL: url, Headers: lines(HeaderOrigin, "not looked at")},
		Response: &Response{Status: status, Headers: lines(res...)},
	}
}

func preflight(url string, status int, res ...string) Exchange {
	e := request("OPTIONS", url, status, res...)
	e.Request.Headers = append(e.Request.Headers, Header{HeaderRequestMethod, "not looked at"})
	return e
}

// grants are the headers that grant an origin with credentials.
func grants(origin string, more ...string) []string {
	return append([]string{HeaderAllowOrigin, origin, HeaderAllowCredentials, "true"}, more...)
}

func TestPredict(t *testing.T) {
	readable := Prediction{Readable: true}
	preflighted := Prediction{Readable: true, NeedsPreflight: true}
	refused := func(r Reason) Prediction { return Prediction{Reason: r} }
	undetermined := func(why string) Prediction { return Prediction{Undetermined: why} }
	needing := func(p Prediction) Prediction {
		p.NeedsPreflight = true
		return p
	}
	get := Fetch{URL: api + "/"}
	post := Fetch{URL: api + "/", Method: "post", Credentials: true}
	put := Fetch{URL: api + "/", Method: "PUT"}
	own := Fetch{URL: page + "/"}
	sandboxed := Fetch{URL: page + "/", Origin: Opaque}
	xA := Fetch{URL: api + "/", Headers: lines("X-A", "1")}
	json := Fetch{URL: api + "/", Method: "POST", Headers: lines("Content-Type", "application/json")}
	bearer := Fetch{URL: api + "/", Headers: lines("Authorization", "Bearer x")}

	ok := request("GET", api+"/", 200, grants(page)...)
	allPreflights := []string{HeaderAllowMethods, "PUT", HeaderAllowHeaders, "x-a,authorization,content-type"}
	consent := preflight(api+"/", 204, grants(page, allPreflights...)...)
	seen := map[Reason]bool{}
	for _, tc := range []struct {
		name string
		f    Fetch
		wire []Exchange
		want Prediction
	}{
		{"granted", get, []Exchange{ok}, readable},
		{"granted error", get, []Exchange{request("GET", api+"/", 500, grants(page)...)}, readable},
		{"granted with credentials", post, []Exchange{request("POST", api+"/", 200, grants(page)...)}, readable},
		{"exposed", get, []Exchange{request("GET", api+"/", 200, grants("*", "X-A", "1", "ETag", "x", HeaderExposeHeaders, "x-a")...)},
			Prediction{Readable: true, VisibleHeaders: []string{"x-a"}}},
		{"exposed to credentials", post, []Exchange{request("POST", api+"/", 200, grants(page, "X-A", "1", "Pragma", "x", HeaderExposeHeaders, "*")...)},
			Prediction{Readable: true, VisibleHeaders: []string{"pragma"}}},
		{"missing", get, []Exchange{request("GET", api+"/", 200)}, refused(MissingAllowOriginHeader)},
		{"mismatch", get, []Exchange{request("GET", api+"/", 200, grants(other)...)}, refused(AllowOriginMismatch)},
		{"multiple", get, []Exchange{request("GET", api+"/", 200, grants(page+", *")...)}, refused(MultipleAllowOriginValues)},
		{"invalid", get, []Exchange{request("GET", api+"/", 200, grants("x")...)}, refused(InvalidAllowOriginValue)},
		{"wildcard", post, []Exchange{request("POST", api+"/", 200, grants("*")...)}, refused(WildcardOriginNotAllowed)},
		{"no credentials", post, []Exchange{request("POST", api+"/", 200, HeaderAllowOrigin, page)}, refused(InvalidAllowCredentials)},

		{"same origin", own, []Exchange{request("GET", page+"/", 200, "X-A", "1", "Set-Cookie", "a=b")},
			Prediction{Readable: true, VisibleHeaders: []string{"x-a"}}},
		{"same origin needs no preflight", Fetch{URL: page + ":443/", Method: "PUT"}, []Exchange{request("PUT", page+"/", 200)}, readable},
		{"another port", Fetch{URL: page + ":8443/"}, []Exchange{request("GET", page+":8443/", 200)}, refused(MissingAllowOriginHeader)},
		{"a sandboxed frame is of no origin", sandboxed, []Exchange{request("GET", page+"/", 200, grants(page)...)}, refused(AllowOriginMismatch)},
		{"a sandboxed frame is null", sandboxed, []Exchange{request("GET", page+"/", 200, grants("null")...)}, readable},

		{"preflighted", put, []Exchange{consent, ok}, preflighted},
		{"preflighted header", xA, []Exchange{consent, ok}, preflighted},
		{"consent but no grant", put, []Exchange{consent, request("PUT", api+"/", 200)}, needing(refused(MissingAllowOriginHeader))},
		{"cached consent", put, []Exchange{ok}, preflighted},
		{"preflight of an upload", get, []Exchange{consent, ok}, readable},
		{"OPTIONS behind its preflight", Fetch{URL: api + "/", Method: "options"},
			[]Exchange{preflight(api+"/", 200, grants(page, HeaderAllowMethods, "OPTIONS")...), request("OPTIONS", api+"/", 200, grants(page)...)}, preflighted},
		{"status", put, []Exchange{preflight(api+"/", 401, grants(page)...)}, needing(refused(PreflightInvalidStatus))},
		{"preflight redirect", put, []Exchange{preflight(api+"/", 302, grants(page, "Location", "/x")...)}, needing(refused(PreflightDisallowedRedirect))},
		{"method", put, []Exchange{preflight(api+"/", 200, grants(page)...)}, needing(refused(MethodDisallowedByPreflightResponse))},
		{"header", xA, []Exchange{preflight(api+"/", 200, grants(page)...)}, needing(refused(HeaderDisallowedByPreflightResponse))},
		{"bad methods", put, []Exchange{preflight(api+"/", 200, grants(page, HeaderAllowMethods, "(")...)}, needing(refused(InvalidAllowMethodsPreflightResponse))},
		{"bad headers", put, []Exchange{preflight(api+"/", 200, grants(page, HeaderAllowHeaders, "(")...)}, needing(refused(InvalidAllowHeadersPreflightResponse))},
		{"preflight missing", put, []Exchange{preflight(api+"/", 200)}, needing(refused(PreflightMissingAllowOriginHeader))},
		{"preflight mismatch", put, []Exchange{preflight(api+"/", 200, grants("null")...)}, needing(refused(PreflightAllowOriginMismatch))},
		{"preflight multiple", put, []Exchange{preflight(api+"/", 200, grants("a b")...)}, needing(refused(PreflightMultipleAllowOriginValues))},
		{"preflight invalid", put, []Exchange{preflight(api+"/", 200, grants("a")...)}, needing(refused(PreflightInvalidAllowOriginValue))},
		{"preflight wildcard", Fetch{URL: api, Method: "PUT", Credentials: true},
			[]Exchange{preflight(api+"/", 200, grants("*")...)}, needing(refused(PreflightWildcardOriginNotAllowed))},
		{"preflight no credentials", Fetch{URL: api, Method: "PUT", Credentials: true},
			[]Exchange{preflight(api+"/", 200, HeaderAllowOrigin, page)}, needing(refused(PreflightInvalidAllowCredentials))},

		{"redirect there", get, []Exchange{request("GET", api+"/", 301, grants(page, "Location", "x")...), ok}, readable},
		{"redirect without a grant", get, []Exchange{request("GET", api+"/", 301, "Location", "x")}, refused(MissingAllowOriginHeader)},
		{"no Location is no redirect", get, []Exchange{request("GET", api+"/", 302, grants(page)...)}, readable},
		{"status 300 is no redirect", get, []Exchange{request("GET", api+"/", 300, grants(page, "Location", "x")...)}, readable},
		{"redirect elsewhere taints", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", other)...), request("GET", other+"/", 200, grants(page)...)},
			refused(AllowOriginMismatch)},
		{"tainted and granted", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", other)...), request("GET", other+"/", 200, grants("null")...)}, readable},
		{"tainted for good", get, []Exchange{request("GET", api+"/", 307, grants(page, "Location", `\\other.example`)...),
			request("GET", other+"/", 307, grants("null", "Location", "//api.example")...), ok}, refused(AllowOriginMismatch)},
		{"back to the page taints", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", page)...), request("GET", page+"/", 200)},
			refused(MissingAllowOriginHeader)},
		{"the page's own origin does not clear the taint", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", page)...),
			request("GET", page+"/", 302, grants("null", "Location", api)...), ok}, refused(AllowOriginMismatch)},
		{"from the page does not taint", own, []Exchange{request("GET", page+"/", 302, "Location", api), ok}, readable},
		{"from the page on", own, []Exchange{request("GET", page+"/", 302, "Location", api), request("GET", api+"/", 302, grants(page, "Location", page)...),
			request("GET", page+"/", 200, grants("null")...)}, readable},
		{"within the page's origin", own, []Exchange{request("GET", page+"/", 302, "Location", "https:x"), request("GET", page+"/x", 200)}, readable},
		{"another port of the API taints", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", api+":444/")...), ok}, refused(AllowOriginMismatch)},
		{"the same port of the API", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", "HTTPS://API.example:443/")...), ok}, readable},
		{"credentials in the URL", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", "https://u:p@api.example/")...)}, refused(RedirectContainsCredentials)},
		{"a user name in the URL", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", "//u@api.example/")...)}, refused(RedirectContainsCredentials)},
		{"credentials out of the page", own, []Exchange{request("GET", page+"/", 302, "Location", "https://u:p@api.example/")}, refused(RedirectContainsCredentials)},
		{"credentials within the page", own, []Exchange{request("GET", page+"/", 302, "Location", "https://u:p@app.example/"), request("GET", page+"/", 200)}, readable},
		{"empty credentials", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", "https://:@api.example/")...), ok}, readable},
		{"credentials, but no grant", get, []Exchange{request("GET", api+"/", 302, "Location", "https://u:p@api.example/")}, refused(MissingAllowOriginHeader)},

		{"redirect of a preflighted request", put, []Exchange{consent, request("PUT", api+"/", 307, grants(page, "Location", other)...),
			preflight(other+"/", 200, grants("null", allPreflights...)...), request("PUT", other+"/", 200, grants("null")...)}, preflighted},
		{"redirect to a refused preflight", put, []Exchange{consent, request("PUT", api+"/", 307, grants(page, "Location", other)...),
			preflight(other+"/", 200, grants(page, allPreflights...)...)}, needing(refused(PreflightAllowOriginMismatch))},
		{"303 makes it GET", put, []Exchange{consent, request("PUT", api+"/", 303, grants(page, "Location", "/")...),
			preflight(api+"/", 200, grants(page)...), ok}, preflighted},
		{"302 leaves PUT", put, []Exchange{consent, request("PUT", api+"/", 302, grants(page, "Location", "/")...),
			preflight(api+"/", 200, grants(page)...)}, needing(refused(MethodDisallowedByPreflightResponse))},
		{"302 makes POST a GET without a body", json, []Exchange{consent, request("POST", api+"/", 302, grants(page, "Location", "/")...),
			preflight(api+"/", 200, grants(page)...), ok}, preflighted},
		{"307 leaves POST and its body", json, []Exchange{consent, request("POST", api+"/", 307, grants(page, "Location", "/")...),
			preflight(api+"/", 200, grants(page)...)}, needing(refused(HeaderDisallowedByPreflightResponse))},
		{"303 leaves GET its headers", Fetch{URL: api, Headers: json.Headers}, []Exchange{consent, request("GET", api+"/", 303, grants(page, "Location", "/")...),
			preflight(api+"/", 200, grants(page)...)}, needing(refused(HeaderDisallowedByPreflightResponse))},
		{"Authorization stays on its origin", bearer, []Exchange{consent, request("GET", api+"/", 302, grants(page, "Location", "/")...),
			preflight(api+"/", 200, grants(page)...)}, needing(refused(HeaderDisallowedByPreflightResponse))},
		{"Authorization does not leave it", bearer, []Exchange{consent, request("GET", api+"/", 302, grants(page, "Location", other)...),
			preflight(other+"/", 200, grants("null")...), request("GET", other+"/", 200, grants("null")...)}, preflighted},

		{"answered authentication challenge", post, []Exchange{request("POST", api+"/", 401), request("POST", api+"/", 200, grants(page)...)}, readable},
		{"a request the server was slow to wait for", get, []Exchange{request("GET", api+"/", 408), request("GET", api+"/", 421), ok}, readable},
		{"a connection that broke", get, []Exchange{{Request: ok.Request}, ok}, readable},
		{"unanswered authentication challenge", post, []Exchange{request("POST", api+"/", 401)}, refused(MissingAllowOriginHeader)},

		{"another method after 401", post, []Exchange{request("POST", api+"/", 401, grants(page)...), ok},
			undetermined("an exchange of https://api.example/ follows the last response")},
		{"another URL after 401", get, []Exchange{request("GET", api+"/", 401, grants(page)...), request("GET", api+"/x", 200, grants(page)...)},
			undetermined("an exchange of https://api.example/x follows the last response")},
		{"a request is no second try of its preflight", Fetch{URL: api, Method: "OPTIONS"},
			[]Exchange{{Request: consent.Request}, request("OPTIONS", api+"/", 200, grants(page)...)},
			needing(undetermined("the preflight got no response"))},

		{"nothing", get, nil, undetermined("there is no exchange of the request")},
		{"preflight only", put, []Exchange{consent}, needing(undetermined("there is no exchange of the request"))},
		{"no response", get, []Exchange{{Request: ok.Request, Fault: "connection refused"}}, undetermined("the request got no response: connection refused")},
		{"no response to the preflight", put, []Exchange{{Request: consent.Request}}, needing(undetermined("the preflight got no response"))},
		{"withheld", put, []Exchange{consent, {Request: ok.Request, Withheld: true, Fault: "PUT is not safe"}},
			needing(undetermined("the request was withheld from the server: PUT is not safe"))},
		{"withheld, then sent", get, []Exchange{{Request: ok.Request, Withheld: true}, ok}, undetermined("the request was withheld from the server")},
		{"redirect and nothing", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", "x")...)}, undetermined("there is no exchange of the request")},
		{"one too many", get, []Exchange{ok, ok}, undetermined("an exchange of https://api.example/ follows the last response")},
		{"a request after its refused preflight", put, []Exchange{preflight(api+"/", 403, grants(page)...), ok},
			needing(undetermined("an exchange of https://api.example/ follows PreflightInvalidStatus"))},
		{"a hop after a refusal", get, []Exchange{request("GET", api+"/", 302, "Location", "/"), ok},
			undetermined("an exchange of https://api.example/ follows MissingAllowOriginHeader")},
		{"a hop after URL credentials", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", "//u@api.example/")...), ok},
			undetermined("an exchange of https://api.example/ follows RedirectContainsCredentials")},
		{"another scheme", get, []Exchange{request("GET", api+"/", 302, grants(page, "Location", "data:,x")...)},
			undetermined(`the redirect to "data:,x" leaves http and https`)},
		{"bad Location", get, []Exchange{request("GET", api+"/", 302, "Location", "https://")},
			undetermined(`the browser drops the response to the request: it redirects to "https://": it has no host`)},
		{"bad Location of a preflight", put, []Exchange{preflight(api+"/", 302, "Location", "https://x:y")},
			needing(undetermined(`the browser drops the response to the preflight: it redirects to "https://x:y": "y" is not a port`))},
		{"two Locations", get, []Exchange{request("GET", api+"/", 200, grants(page, "Location", "x", "Location", "y")...)},
			undetermined("the browser drops the response to the request: its Location values differ")},
		{"two lengths", get, []Exchange{request("GET", api+"/", 200, grants(page, "Content-Length", "1", "Content-Length", "2")...)},
			undetermined("the browser drops the response to the request: its Content-Length values differ")},
		{"two dispositions", put, []Exchange{preflight(api+"/", 200, grants(page, "Content-Disposition", "a", "Content-Disposition", "b")...)},
			needing(undetermined("the browser drops the response to the preflight: its Content-Disposition values differ"))},
		{"two dispositions in a line", get, []Exchange{request("GET", api+"/", 200, grants(page, "Content-Disposition", `a; b="c, d", e`)...)},
			undetermined("the browser drops the response to the request: its Content-Disposition values differ")},
		{"a comma in quotes", get, []Exchange{request("GET", api+"/", 200, grants(page, "Content-Disposition", `a; b="c, \", d"`)...)}, readable},
		{"the same length twice", get, []Exchange{request("GET", api+"/", 200, grants(page, "Content-Length", "1,1", "Content-Length", "1")...)},
			Prediction{Readable: true, VisibleHeaders: []string{"content-length"}}},
		{"the same Location twice", get, []Exchange{request("GET", api+"/", 200, grants(page, "Location", "x", "location", "x ")...)}, readable},
		{"NUL", get, []Exchange{request("GET", api+"/", 200, grants(page, "X", "\x00")...)},
			undetermined("the browser drops the response to the request: its headers have a NUL")},
		{"407", get, []Exchange{request("GET", api+"/", 407, grants(page)...)},
			undetermined("the browser drops the response to the request: status 407 is for proxies")},
		{"a relative URL", Fetch{URL: "/x"}, nil, undetermined(`"/x" cannot be fetched: it has no scheme`)},
		{"another scheme to begin with", Fetch{URL: "file:///x"}, nil, undetermined(`"file:///x" cannot be fetched: its scheme must be https or http`)},
	} {
		f := tc.f
		if !strings.Contains(tc.name, "sandboxed") {
			f.Origin = MustParseOrigin(page)
		}
		got := Predict(f, tc.wire)
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", tc.name, got, tc.want)
		}
		seen[got.Reason] = true
	}
	for _, r := range policyReasons {
		if !seen[r] {
			t.Errorf("no case ends in %s", r)
		}
	}
}

func TestPredictRedirectLimit(t *testing.T) {
	f := Fetch{Origin: MustParseOrigin(page), URL: api}
	hop := request("GET", api+"/", 302, grants(page, "Location", "/")...)
	var wire []Exchange
	for range 20 {
		wire = append(wire, hop)
	}
	if got := Predict(f, append(wire, request("GET", api+"/", 200, grants(page)...))); !got.Readable {
		t.Errorf("20 redirects: %+v", got)
	}
	// Chrome counts before it checks, so that it names no block of a grant that is missing.
	for _, last := range []Exchange{hop, request("GET", api+"/", 302, "Location", "/")} {
		if got, want := Predict(f, append(wire, last)), "there are too many redirects"; got.Undetermined != want || got.Reason != Allowed {
			t.Errorf("21 redirects: %q, want %q", got.Undetermined, want)
		}
	}
}

func FuzzPredict(f *testing.F) {
	for _, wire := range [][]Exchange{
		{request("GET", api+"/", 302, grants(page, "Location", "//u@x")...)},
		{preflight(api+"/", 200, grants(page)...), request("PUT", api+"/", 401), request("PUT", api+"/", 200, grants("*")...)},
	} {
		b, err := json.Marshal(wire)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(api, "PUT", "X-A", true, b)
	}
	f.Fuzz(func(t *testing.T, url, method, header string, credentials bool, wire []byte) {
		var exchanges []Exchange
		if json.Unmarshal(wire, &exchanges) != nil {
			t.Skip()
		}
		p := Predict(Fetch{MustParseOrigin(page), url, method, lines(header, "1"), credentials}, exchanges)
		outcomes := 0
		for _, is := range []bool{p.Readable, p.Reason != Allowed, p.Undetermined != ""} {
			if is {
				outcomes++
			}
		}
		if outcomes != 1 || !p.Readable && p.VisibleHeaders != nil || p.Reason != Allowed && !p.Reason.IsPolicy() {
			t.Errorf("not one clear outcome: %+v", p)
		}
	})
}

func ExamplePredict() {
	f := Fetch{Origin: MustParseOrigin("https://evil.example"), URL: "https://api.example/me", Credentials: true}
	p := Predict(f, []Exchange{{
		Request:  Request{Method: "GET", URL: f.URL},
		Response: &Response{Status: 200, Headers: Headers{{"Access-Control-Allow-Origin", "*"}}},
	}})
	fmt.Println(p.Readable, p.Reason)
	// Output: false WildcardOriginNotAllowed
}
