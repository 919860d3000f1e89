package cors

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// UnsafeHeaders returns the names of the request headers for which a page needs
// the server's consent, in lower case and sorted: what the browser lists in
// Access-Control-Request-Headers (Fetch standard,
// #cors-unsafe-request-header-names). The headers are those the page set; ones
// that only the browser can set are passed over.
func UnsafeHeaders(h Headers) []string {
	var unsafe, safe []string
	size := 0
	h = slices.DeleteFunc(slices.Clone(h), func(l Header) bool { return IsForbiddenHeader(l.Name, l.Value) })
	if !h.Has("Accept") { // the browser's own is added before the count
		h = append(h, Header{"Accept", "*/*"})
	}
	for _, name := range h.names() {
		// A page's Headers object joins lines of one name before they are judged, and
		// an empty one at the end leaves its comma alone.
		value, _ := h.Get(name)
		value = strings.TrimRight(value, " ")
		switch {
		case isSafelisted(name, value):
			safe = append(safe, name)
			size += len(value)
		default:
			unsafe = append(unsafe, name)
		}
	}
	if size > 1024 {
		unsafe = append(unsafe, safe...)
	}
	slices.Sort(unsafe)
	return unsafe
}

// isSafelisted reports whether a request header, its name in lower case, may be
// sent without asking (Fetch standard, #cors-safelisted-request-header).
func isSafelisted(name, value string) bool {
	if len(value) > 128 {
		return false
	}
	switch name {
	case "accept":
		return !strings.ContainsFunc(value, isUnsafeByte)
	case "accept-language", "content-language":
		return !strings.ContainsFunc(value, func(r rune) bool { return !isLanguageByte(r) })
	case "content-type":
		return !strings.ContainsFunc(value, isUnsafeByte) && isFormType(value)
	case "range":
		return isSimpleRange(value)
	// What follows is Chrome's alone: client hints, which say something of the
	// device and nothing of the page.
	case "device-memory", "downlink", "dpr":
		whole, fraction, dot := strings.Cut(value, ".")
		return isDigits(whole) && (!dot || isDigits(fraction))
	case "rtt", "viewport-width", "width":
		return isDigits(value)
	case "ect":
		return value == "slow-2g" || value == "2g" || value == "3g" || value == "4g"
	case "save-data":
		return strings.EqualFold(value, "on")
	case "intervention":
		return true
	}
	return false
}

// isUnsafeByte follows #cors-unsafe-request-header-byte.
func isUnsafeByte(r rune) bool {
	return r < ' ' && r != '\t' || strings.ContainsRune("\"():<>?@[\\]{}\x7f", r)
}

func isLanguageByte(r rune) bool {
	return r < 0x80 && (isAlpha(byte(r)) || isDigit(byte(r)) || strings.ContainsRune(" *,-.;=", r))
}

// isFormType reports whether a Content-Type is one that a form could send.
func isFormType(value string) bool {
	essence, _, _ := strings.Cut(value, ";")
	switch strings.ToLower(strings.Trim(essence, " \t")) {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return true
	}
	return false
}

// isSimpleRange reports whether the value is one range with a start, such as
// "bytes=0-" or "bytes=0-99" (#simple-range-header-value). Chrome cannot hold
// positions from 2^63-1 on.
func isSimpleRange(value string) bool {
	r, ok := strings.CutPrefix(value, "bytes=")
	first, last, dash := strings.Cut(r, "-")
	if last == "" {
		last = first
	}
	if !ok || !dash || !isDigits(first) || !isDigits(last) {
		return false
	}
	from, _ := strconv.ParseInt(first, 10, 64) // too large gives the largest
	to, _ := strconv.ParseInt(last, 10, 64)
	return from <= to && to < math.MaxInt64
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// IsForbiddenHeader reports whether a request header is the browser's own, so that a
// page's attempt to set it is ignored (Fetch standard, #forbidden-request-header). The
// standard allows User-Agent; Chrome takes it for its own and does not ask for it.
func IsForbiddenHeader(name, value string) bool {
	name = strings.ToLower(name)
	switch name {
	case "accept-charset", "accept-encoding", "access-control-request-headers",
		"access-control-request-method", "connection", "content-length", "cookie",
		"cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer",
		"set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via":
		return true
	case "x-http-method", "x-http-method-override", "x-method-override":
		for m := range strings.SplitSeq(strings.ToUpper(value), ",") {
			if IsForbiddenMethod(trim(m)) {
				return true
			}
		}
	}
	return strings.HasPrefix(name, "proxy-") || strings.HasPrefix(name, "sec-")
}

// IsForbiddenMethod reports whether no page can send a request of this method, whatever
// its case (Fetch standard, #forbidden-method).
func IsForbiddenMethod(method string) bool {
	switch strings.ToUpper(method) {
	case "CONNECT", "TRACE", "TRACK":
		return true
	}
	return false
}
