package cors

import "strings"

// Check is the CORS check (Fetch standard, #cors-check): may a page whose
// requests carry this Origin value read a response with these headers?
// credentials says that the request's credentials mode is "include".
//
// The standard only knows success and failure; which failure it is follows
// Chrome.
func Check(origin string, credentials bool, h Headers) Reason {
	allow, ok := h.Get(HeaderAllowOrigin)
	switch {
	case !ok:
		return MissingAllowOriginHeader
	case allow == "*" && credentials:
		return WildcardOriginNotAllowed
	case allow == "*":
		return Allowed
	case allow != origin:
		return mismatch(allow)
	}
	// The value is compared as bytes: "True" and "true, true" are not "true".
	if v, _ := h.Get(HeaderAllowCredentials); credentials && v != "true" {
		return InvalidAllowCredentials
	}
	return Allowed
}

// mismatch names what is wrong with an Access-Control-Allow-Origin value that is
// not the origin.
func mismatch(allow string) Reason {
	if strings.ContainsAny(allow, " ,") {
		return MultipleAllowOriginValues
	}
	if _, err := parseWebURL(allow); err != nil && allow != "null" {
		return InvalidAllowOriginValue
	}
	return AllowOriginMismatch
}
