package cors

import (
	"slices"
	"strings"
	"testing"
)

func TestNormalizeMethod(t *testing.T) {
	for in, want := range map[string]string{
		"get": "GET", "Head": "HEAD", "pOST": "POST", "put": "PUT", "delete": "DELETE", "Options": "OPTIONS",
		"patch": "patch", "PATCH": "PATCH", "query": "query", "gett": "gett", "": "",
	} {
		if got := NormalizeMethod(in); got != want {
			t.Errorf("NormalizeMethod(%q) = %q, want %q", in, got, want)
		}
	}
}

// Every row was seen in Chrome 156.
func TestCheckPreflight(t *testing.T) {
	ask := func(method string, unsafe ...string) PreflightRequest {
		return PreflightRequest{Origin: app, Method: method, UnsafeHeaders: unsafe}
	}
	include := func(req PreflightRequest) PreflightRequest {
		req.Credentials = true
		return req
	}
	// grant is a reply that grants the origin and, credentials.
	grant := func(nameValue ...string) Headers {
		return append(lines(HeaderAllowOrigin, app, HeaderAllowCredentials, "true"), lines(nameValue...)...)
	}
	const methods, headers = HeaderAllowMethods, HeaderAllowHeaders
	for _, tc := range []struct {
		req    PreflightRequest
		status int
		h      Headers
		want   Reason
	}{
		// The CORS check comes first, then the status, then the lists.
		{ask("PUT"), 404, lines(methods, "("), PreflightMissingAllowOriginHeader},
		{ask("PUT"), 200, lines(HeaderAllowOrigin, "app.example", methods, "PUT"), PreflightInvalidAllowOriginValue},
		{ask("PUT"), 200, lines(HeaderAllowOrigin, "https://other.example", methods, "PUT"), PreflightAllowOriginMismatch},
		{ask("PUT"), 200, lines(HeaderAllowOrigin, app+", "+app, methods, "PUT"), PreflightMultipleAllowOriginValues},
		{include(ask("PUT")), 200, lines(HeaderAllowOrigin, "*", methods, "PUT"), PreflightWildcardOriginNotAllowed},
		{include(ask("PUT")), 200, lines(HeaderAllowOrigin, app, methods, "PUT"), PreflightInvalidAllowCredentials},
		{ask("PUT"), 404, grant(methods, "("), PreflightInvalidStatus},
		{ask("PUT"), 200, grant(methods, "(", headers, "("), InvalidAllowMethodsPreflightResponse},
		{ask("PUT"), 200, grant(headers, "("), InvalidAllowHeadersPreflightResponse},
		{ask("PUT", "x"), 200, grant(), MethodDisallowedByPreflightResponse},
		{ask("PUT", "x"), 200, grant(methods, "PUT"), HeaderDisallowedByPreflightResponse},

		{ask("PUT"), 200, grant(methods, "PUT"), Allowed},
		{ask("PUT"), 204, grant(methods, "PUT"), Allowed},
		{ask("PUT"), 299, grant(methods, "PUT"), Allowed},
		{ask("PUT"), 300, grant(methods, "PUT"), PreflightInvalidStatus},
		{ask("PUT"), 304, grant(methods, "PUT"), PreflightInvalidStatus},
		{ask("PUT"), 401, grant(methods, "PUT"), PreflightInvalidStatus},

		// A redirect is one with a Location, and refused before the CORS check.
		{ask("PUT"), 302, lines("Location", "/"), PreflightDisallowedRedirect},
		{ask("PUT"), 307, grant(methods, "PUT", "Location", "https://other.example/"), PreflightDisallowedRedirect},
		{ask("PUT"), 302, grant(methods, "PUT"), PreflightInvalidStatus},
		{ask("PUT"), 302, grant(methods, "PUT", "Location", ""), PreflightInvalidStatus},
		{ask("PUT"), 304, grant(methods, "PUT", "Location", "/"), PreflightInvalidStatus},
		{ask("PUT"), 201, grant(methods, "PUT", "Location", "/"), Allowed},

		{ask("PUT"), 200, grant(methods, "DELETE", "access-control-allow-methods", " ,\tPUT ,"), Allowed},
		{ask("PUT"), 200, grant(methods, "put"), MethodDisallowedByPreflightResponse},
		{ask("patch"), 200, grant(methods, "PATCH"), MethodDisallowedByPreflightResponse},
		{ask("patch"), 200, grant(methods, "patch"), Allowed},
		{ask("PUT"), 200, grant(methods, ""), MethodDisallowedByPreflightResponse},
		{ask("PUT"), 200, grant(methods, "*"), Allowed},
		{include(ask("PUT")), 200, grant(methods, "*"), MethodDisallowedByPreflightResponse},
		{include(ask("PUT")), 200, grant(methods, "*, PUT"), Allowed},
		{include(ask("POST", "x")), 200, grant(headers, "x"), Allowed}, // POST needs no listing
		{ask("PUT"), 200, grant(methods, "PUT, P UT"), InvalidAllowMethodsPreflightResponse},
		{ask("PUT"), 200, grant(methods, `PUT, "a, b"`), InvalidAllowMethodsPreflightResponse},
		{ask("PUT"), 200, grant(methods, "PUT;"), InvalidAllowMethodsPreflightResponse},
		{ask("PUT"), 200, grant(methods, "PUT, \xc3\xbc"), InvalidAllowMethodsPreflightResponse},
		{ask("POST", "x"), 200, grant(methods, "(", headers, "x"), InvalidAllowMethodsPreflightResponse},

		{ask("GET", "x-a", "x-b"), 200, grant(headers, "X-B", "access-control-allow-headers", ",x-A"), Allowed},
		{ask("GET", "x-a", "x-b"), 200, grant(headers, "x-b"), HeaderDisallowedByPreflightResponse},
		{ask("GET", "x-a"), 200, grant(headers, "x-a, X A"), InvalidAllowHeadersPreflightResponse},
		{ask("GET", "x-a"), 200, grant(headers, "x-a:"), InvalidAllowHeadersPreflightResponse},
		{ask("GET", "x-a"), 200, grant(headers, "*"), Allowed},
		{include(ask("GET", "x-a")), 200, grant(headers, "*"), HeaderDisallowedByPreflightResponse},
		{include(ask("GET", "x-a")), 200, grant(headers, "*,X-A"), Allowed},
		{ask("GET", "authorization"), 200, grant(headers, "x-a"), HeaderDisallowedByPreflightResponse},
		{ask("GET", "authorization"), 200, grant(headers, "AUTHORIZATION"), Allowed},
		{ask("GET", "authorization", "x-a"), 200, grant(headers, "*"), Allowed}, // against the standard
		{include(ask("GET", "authorization")), 200, grant(headers, "*"), HeaderDisallowedByPreflightResponse},
	} {
		if got := CheckPreflight(tc.req, tc.status, tc.h); got != tc.want {
			t.Errorf("%+v, %d %q: %q, want %q", tc.req, tc.status, tc.h, got, tc.want)
		}
	}
}

func TestIsToken(t *testing.T) {
	for b := range 256 {
		c := string([]byte{byte(b)})
		want := strings.Contains("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", c)
		if isToken("a"+c) != want {
			t.Errorf("byte %#x: token %v", b, !want)
		}
	}
	if isToken("") {
		t.Error("a token is not empty")
	}
}

func FuzzCheckPreflight(f *testing.F) {
	f.Add("PUT", "x-a,authorization", 200, app, "PUT, *", "X-A,*")
	f.Add("patch", "", 302, "*", "patch", `"`)
	f.Fuzz(func(t *testing.T, method, unsafe string, status int, allowOrigin, allowMethods, allowHeaders string) {
		h := lines(HeaderAllowOrigin, allowOrigin, HeaderAllowCredentials, "true",
			HeaderAllowMethods, allowMethods, HeaderAllowHeaders, allowHeaders)
		req := PreflightRequest{Origin: app, Method: method, UnsafeHeaders: lines("X", unsafe).List("X")}
		if !allTokens(req.UnsafeHeaders) {
			t.Skip("no browser sends such names")
		}
		without := CheckPreflight(req, status, h)
		req.Credentials = true
		with := CheckPreflight(req, status, h)
		for _, r := range []Reason{without, with} {
			if r != Allowed && !r.IsPreflight() {
				t.Errorf("CheckPreflight gives %q", r)
			}
		}
		if with != Allowed {
			return
		}
		if without != Allowed {
			t.Error("credentials must not widen a grant")
		}
		if status/100 != 2 || Check(app, true, h) != Allowed {
			t.Errorf("status %d, Allow-Origin %q is granted", status, allowOrigin)
		}
		if !isSafelistedMethod(method) && !slices.Contains(h.List(HeaderAllowMethods), method) {
			t.Errorf("method %q is granted by %q", method, allowMethods)
		}
		for _, u := range req.UnsafeHeaders {
			if !strings.Contains(strings.ToLower(allowHeaders), strings.ToLower(u)) {
				t.Errorf("header %q is granted by %q", u, allowHeaders)
			}
		}
	})
}
