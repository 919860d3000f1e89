package cors

import (
	"strings"
)

// NormalizeMethod returns the method as the browser sends it: six well-known ones
// in upper case, any other as the page wrote it, so that "patch" is not PATCH
// (Fetch standard, #concept-method-normalize).
func NormalizeMethod(method string) string {
	switch upper := strings.ToUpper(method); upper {
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
		return upper
	}
	return method
}

// isSafelistedMethod follows #cors-safelisted-method.
func isSafelistedMethod(method string) bool {
	return method == "GET" || method == "HEAD" || method == "POST"
}

// IsSafeMethod reports whether a request with this method asks the server to change nothing
// (RFC 9110, section 9.2.1). TRACE, which no page can send, is not among them.
func IsSafeMethod(method string) bool {
	return method == "GET" || method == "HEAD" || method == "OPTIONS"
}
