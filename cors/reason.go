package cors

// Reason names why a browser refuses to let a page read a response, in Chrome's
// own words (DevTools protocol, Network.CorsError). The empty reason means that
// nothing was refused.
type Reason string

// The reasons that follow from the CORS protocol itself.
const (
	Allowed Reason = ""

	WildcardOriginNotAllowed  Reason = "WildcardOriginNotAllowed"
	MissingAllowOriginHeader  Reason = "MissingAllowOriginHeader"
	MultipleAllowOriginValues Reason = "MultipleAllowOriginValues"
	InvalidAllowOriginValue   Reason = "InvalidAllowOriginValue"
	AllowOriginMismatch       Reason = "AllowOriginMismatch"
	InvalidAllowCredentials   Reason = "InvalidAllowCredentials"

	PreflightInvalidStatus             Reason = "PreflightInvalidStatus"
	PreflightDisallowedRedirect        Reason = "PreflightDisallowedRedirect"
	PreflightWildcardOriginNotAllowed  Reason = "PreflightWildcardOriginNotAllowed"
	PreflightMissingAllowOriginHeader  Reason = "PreflightMissingAllowOriginHeader"
	PreflightMultipleAllowOriginValues Reason = "PreflightMultipleAllowOriginValues"
	PreflightInvalidAllowOriginValue   Reason = "PreflightInvalidAllowOriginValue"
	PreflightAllowOriginMismatch       Reason = "PreflightAllowOriginMismatch"
	PreflightInvalidAllowCredentials   Reason = "PreflightInvalidAllowCredentials"

	InvalidAllowMethodsPreflightResponse Reason = "InvalidAllowMethodsPreflightResponse"
	InvalidAllowHeadersPreflightResponse Reason = "InvalidAllowHeadersPreflightResponse"
	MethodDisallowedByPreflightResponse  Reason = "MethodDisallowedByPreflightResponse"
	HeaderDisallowedByPreflightResponse  Reason = "HeaderDisallowedByPreflightResponse"

	RedirectContainsCredentials Reason = "RedirectContainsCredentials"
)

// The reasons that Chrome reports in the same place and that say nothing about
// the server's CORS policy.
const (
	DisallowedByMode                   Reason = "DisallowedByMode"
	InvalidResponse                    Reason = "InvalidResponse"
	CorsDisabledScheme                 Reason = "CorsDisabledScheme"
	PreflightMissingAllowExternal      Reason = "PreflightMissingAllowExternal"
	PreflightInvalidAllowExternal      Reason = "PreflightInvalidAllowExternal"
	InsecureLocalNetwork               Reason = "InsecureLocalNetwork"
	InvalidLocalNetworkAccess          Reason = "InvalidLocalNetworkAccess"
	NoCorsRedirectModeNotFollow        Reason = "NoCorsRedirectModeNotFollow"
	LocalNetworkAccessPermissionDenied Reason = "LocalNetworkAccessPermissionDenied"
)

// IsPolicy reports whether the reason is a decision of the CORS protocol about
// what the server answered. Any other reason (a local-network block, a mode, one
// that a later browser brings) proves nothing about the server.
func (r Reason) IsPolicy() bool {
	switch r {
	case WildcardOriginNotAllowed, MissingAllowOriginHeader, MultipleAllowOriginValues,
		InvalidAllowOriginValue, AllowOriginMismatch, InvalidAllowCredentials,
		RedirectContainsCredentials:
		return true
	}
	return r.IsPreflight()
}

// IsPreflight reports whether CORS refused the preflight, so that the request
// itself never left the browser.
func (r Reason) IsPreflight() bool {
	switch r {
	case PreflightInvalidStatus, PreflightDisallowedRedirect,
		PreflightWildcardOriginNotAllowed, PreflightMissingAllowOriginHeader,
		PreflightMultipleAllowOriginValues, PreflightInvalidAllowOriginValue,
		PreflightAllowOriginMismatch, PreflightInvalidAllowCredentials,
		InvalidAllowMethodsPreflightResponse, InvalidAllowHeadersPreflightResponse,
		MethodDisallowedByPreflightResponse, HeaderDisallowedByPreflightResponse:
		return true
	}
	return false
}
