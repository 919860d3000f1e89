package cors

import (
	"slices"
	"strings"
)

// NeedsPreflight reports whether the browser must ask the server with a preflight
// before a page's cross-origin request with this method and these headers, set
// by the page (Fetch standard, #cors-preflight-fetch and #main-fetch).
func NeedsPreflight(method string, h Headers) bool {
	return !isSafelistedMethod(NormalizeMethod(method)) || len(UnsafeHeaders(h)) > 0
}

// PreflightRequest is what a preflight asks consent for.
type PreflightRequest struct {
	Origin string // as sent
	Method string // of the request to come
	// UnsafeHeaders are the names of the headers to come, in lower case; see
	// [UnsafeHeaders].
	UnsafeHeaders []string
	Credentials   bool // the request to come has credentials mode "include"
}

// CheckPreflight reports whether the answer to a preflight lets the request go out
// (Fetch standard, #cors-preflight-fetch, in Chrome's order).
func CheckPreflight(req PreflightRequest, status int, h Headers) Reason {
	if _, ok := (Response{Status: status, Headers: h}).location(); ok {
		return PreflightDisallowedRedirect
	}
	if r := Check(req.Origin, req.Credentials, h); r != Allowed {
		return "Preflight" + r
	}
	if status/100 != 2 {
		return PreflightInvalidStatus
	}
	methods, headers := h.List(HeaderAllowMethods), h.List(HeaderAllowHeaders)
	switch {
	case !allTokens(methods):
		return InvalidAllowMethodsPreflightResponse
	case !allTokens(headers):
		return InvalidAllowHeadersPreflightResponse
	case !req.allowsMethod(methods):
		return MethodDisallowedByPreflightResponse
	case !req.allowsHeaders(headers):
		return HeaderDisallowedByPreflightResponse
	}
	return Allowed
}

// allowsMethod compares methods as bytes: "put" does not allow PUT.
func (req PreflightRequest) allowsMethod(methods []string) bool {
	return isSafelistedMethod(req.Method) || slices.Contains(methods, req.Method) ||
		!req.Credentials && slices.Contains(methods, "*")
}

// allowsHeaders compares names regardless of case. With credentials "*" is a
// name like any other; without, it covers every header. The standard excepts
// Authorization (#cors-non-wildcard-request-header-name); Chrome 156 does so only
// with its feature CorsNonWildcardRequestHeadersSupport, which is off (measured).
func (req PreflightRequest) allowsHeaders(allowed []string) bool {
	if !req.Credentials && slices.Contains(allowed, "*") {
		return true
	}
	for _, name := range req.UnsafeHeaders {
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, name) }) {
			return false
		}
	}
	return true
}

// allTokens reports whether the items are what #http-new-header-syntax allows.
func allTokens(items []string) bool {
	return !slices.ContainsFunc(items, func(s string) bool { return !isToken(s) })
}

// isToken follows RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
