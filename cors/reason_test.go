package cors

import "testing"

// policyReasons are all the decisions that CORS takes about a server's answer.
var policyReasons = []Reason{
	WildcardOriginNotAllowed, MissingAllowOriginHeader, MultipleAllowOriginValues,
	InvalidAllowOriginValue, AllowOriginMismatch, InvalidAllowCredentials,
	PreflightInvalidStatus, PreflightDisallowedRedirect,
	PreflightWildcardOriginNotAllowed, PreflightMissingAllowOriginHeader,
	PreflightMultipleAllowOriginValues, PreflightInvalidAllowOriginValue,
	PreflightAllowOriginMismatch, PreflightInvalidAllowCredentials,
	InvalidAllowMethodsPreflightResponse, InvalidAllowHeadersPreflightResponse,
	MethodDisallowedByPreflightResponse, HeaderDisallowedByPreflightResponse,
	RedirectContainsCredentials,
}

var otherReasons = []Reason{
	Allowed, DisallowedByMode, InvalidResponse, CorsDisabledScheme,
	PreflightMissingAllowExternal, PreflightInvalidAllowExternal, InsecureLocalNetwork,
	InvalidLocalNetworkAccess, NoCorsRedirectModeNotFollow, LocalNetworkAccessPermissionDenied,
	"PreflightOfTomorrow", "Unheard",
}

func TestReasonIsPolicy(t *testing.T) {
	for _, r := range policyReasons {
		if !r.IsPolicy() {
			t.Errorf("%s is a decision about the server's policy", r)
		}
	}
	for _, r := range otherReasons {
		if r.IsPolicy() || r.IsPreflight() {
			t.Errorf("%q says nothing about the server's policy", r)
		}
	}
}
