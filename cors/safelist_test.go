package cors

import (
	"slices"
	"strings"
	"testing"
)

// Every row was seen in Chrome 156: whether a preflight came, and the
// Access-Control-Request-Headers it had.
func TestUnsafeHeaders(t *testing.T) {
	const none = ""
	n := strings.Repeat
	for _, tc := range []struct {
		h    Headers
		want string // joined by commas
	}{
		{nil, none},
		{lines("X-B", "1", "x-a", "", "X-A", "2"), "x-a,x-b"},
		{lines("Authorization", "Bearer x"), "authorization"},
		{lines("If-None-Match", "x", "Cache-Control", "no-cache", "Pragma", "x"), "cache-control,if-none-match,pragma"},

		{lines("Accept", ""), none},
		{lines("ACCEPT", "a\tb/c;d=e,'f'"), none},
		{lines("Accept", "a(b"), "accept"},
		{lines("Accept", `a"b`), "accept"},
		{lines("Accept", "a:b"), "accept"},
		{lines("Accept", "a\x01b"), "accept"},
		{lines("Accept", "a\x7fb"), "accept"},
		{lines("Accept", "a\x80b"), none},
		{lines("Accept", n("a", 128)), none},
		{lines("Accept", n("a", 129)), "accept"},
		{lines("Accept", "  "+n("a", 128)+"\t"), none}, // blanks around do not count
		{lines("Accept", n("a", 63), "Accept", n("a", 63)), none},
		{lines("Accept", n("a", 63), "Accept", n("a", 64)), "accept"}, // joined: 129

		{lines("Accept-Language", "en-US,en;q=0.5, *"), none},
		{lines("Content-Language", ""), none},
		{lines("Accept-Language", "en_US"), "accept-language"},
		{lines("Content-Language", "e\tn"), "content-language"},
		{lines("Content-Language", "\xfc"), "content-language"},

		{lines("Content-Type", "text/plain"), none},
		{lines("Content-Type", "TEXT/Plain ; charset=utf-8"), none},
		{lines("Content-Type", "text/plain\t;x"), none},
		{lines("Content-Type", "multipart/form-data; boundary=x"), none},
		{lines("Content-Type", "application/x-www-form-urlencoded;"), none},
		{lines("Content-Type", "application/json"), "content-type"},
		{lines("Content-Type", ""), "content-type"},
		{lines("Content-Type", "text/plain x"), "content-type"},
		{lines("Content-Type", "text /plain"), "content-type"},
		{lines("Content-Type", ";text/plain"), "content-type"},
		{lines("Content-Type", "text/plain,application/json"), "content-type"},
		{lines("Content-Type", "text/plain", "Content-Type", "text/plain"), "content-type"},
		{lines("Content-Type", "text/plain;a", "Content-Type", "application/json"), none}, // all one parameter
		{lines("Content-Type", `text/plain; charset="utf-8"`), "content-type"},
		{lines("Content-Type", "text/plain;"+n("a", 118)), "content-type"},

		{lines("Range", "bytes=0-"), none},
		{lines("Range", "bytes=00-09"), none},
		{lines("Range", "bytes=5-5"), none},
		{lines("Range", "bytes=9-5"), "range"},
		{lines("Range", "bytes=-9"), "range"},
		{lines("Range", "bytes=0-1,5-"), "range"},
		{lines("Range", "bytes=0-1", "Range", "bytes=5-"), "range"},
		{lines("Range", "Bytes=0-"), "range"},
		{lines("Range", "bytes=+1-2"), "range"},
		{lines("Range", "bytes=1--2"), "range"},
		{lines("Range", "bytes= 0-"), "range"},
		{lines("Range", "bytes=0"), "range"},
		{lines("Range", ""), "range"},
		{lines("Range", "items=0-"), "range"},
		{lines("Range", "bytes=9223372036854775806-"), none},
		{lines("Range", "bytes=0-9223372036854775807"), "range"},
		{lines("Range", "bytes=99999999999999999999-"), "range"},

		{lines("DPR", "1.5", "Device-Memory", "0", "Downlink", "1", "RTT", "10", "ECT", "4g", "Save-Data", "ON"), none},
		{lines("ECT", "slow-2g"), none},
		{lines("DPR", "1.", "Width", "1.5", "ECT", "4G", "Save-Data", "off", "RTT", "", "Downlink", "x"), "downlink,dpr,ect,rtt,save-data,width"},
		{lines("Intervention", "any thing"), none},
		{lines("Content-Language", n("1", 127), "content-language", ""), none}, // "1...1," without the blank
		{lines("Content-Language", n("1", 128), "content-language", ""), "content-language"},
		{lines("Width", n("1", 128), "Viewport-Width", n("1", 129)), "viewport-width"},

		// Headers of the browser's own.
		{lines("Cookie", "a=b", "User-Agent", "x", "Sec-Fetch-Mode", "x", "Proxy-X", "x", "Origin", app, "Host", "x"), none},
		{lines("X-HTTP-Method", "GET"), "x-http-method"},
		{lines("X-HTTP-Method-Override", "get, Trace"), none},
		{lines("X-Method-Override", "track"), none},
		{lines("X-Method-Override", "TRACE", "X-Method-Override", "PUT"), "x-method-override"}, // the page keeps the second

		// The safelisted ones together may have 1024 bytes, an Accept among them.
		{sized(128, 128, 128, 128, 128, 128, 128, 128), none},
		{sized(128, 128, 128, 128, 128, 128, 128, 128, 1),
			"accept,accept-language,content-language,device-memory,downlink,dpr,rtt,viewport-width,width"},
		{sized(0, 128, 128, 128, 128, 128, 128, 128, 128), none},
		{sized(0, 128, 128, 128, 128, 128, 128, 128, 125)[1:], none},
		{sized(0, 128, 128, 128, 128, 128, 128, 128, 126)[1:],
			"accept,accept-language,content-language,device-memory,downlink,dpr,rtt,viewport-width,width"},
		{append(sized(128, 128, 128, 128, 128, 128, 128, 128), Header{"X", "1"}), "x"},
	} {
		before := slices.Clone(tc.h)
		if got := strings.Join(UnsafeHeaders(tc.h), ","); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.h, got, tc.want)
		}
		if NeedsPreflight("GET", tc.h) != (tc.want != none) {
			t.Errorf("%q: NeedsPreflight is %v", tc.h, tc.want == none)
		}
		if !slices.Equal(before, tc.h) {
			t.Errorf("%q has become %q", before, tc.h)
		}
	}
}

// sized returns safelisted headers with values of these lengths.
func sized(lengths ...int) Headers {
	names := []string{"Accept", "Accept-Language", "Content-Language", "DPR", "Width", "Viewport-Width", "RTT", "Downlink", "Device-Memory"}
	var h Headers
	for i, n := range lengths {
		h = append(h, Header{names[i], strings.Repeat("1", n)})
	}
	return h
}

// Chrome 156 agreed for each of these headers and each byte but 0, CR and LF.
func TestSafelistBytes(t *testing.T) {
	for b := range 256 {
		c := string([]byte{byte(b)})
		unsafe := b < ' ' && b != '\t' || b == 0x7f || strings.Contains(`"():<>?@[\]{}`, c)
		language := strings.Contains("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 *,-.;=", c)
		for name, want := range map[string]bool{
			"accept": !unsafe, "content-type": !unsafe, "accept-language": language, "content-language": language,
		} {
			prefix := ""
			if name == "content-type" {
				prefix = "text/plain;"
			}
			if isSafelisted(name, prefix+"a"+c+"b") != want {
				t.Errorf("%s with byte %#x: safe %v", name, b, !want)
			}
		}
	}
}

func TestNeedsPreflightMethod(t *testing.T) {
	for method, want := range map[string]bool{
		"GET": false, "get": false, "HEAD": false, "hEAD": false, "POST": false, "post": false,
		"PUT": true, "DELETE": true, "OPTIONS": true, "PATCH": true, "QUERY": true, "*": true,
	} {
		if NeedsPreflight(method, nil) != want {
			t.Errorf("%s: needs a preflight: %v", method, !want)
		}
	}
}

func FuzzUnsafeHeaders(f *testing.F) {
	f.Add("Accept", "*/*", "Content-Type", "text/plain; x")
	f.Add("Range", "bytes=0-1", "range", "bytes=2-")
	f.Add("X-HTTP-Method", "a,trace", "ECT", "4g")
	f.Fuzz(func(t *testing.T, name, value, name2, value2 string) {
		h := lines(name, value, name2, value2)
		unsafe := UnsafeHeaders(h)
		if !slices.IsSorted(unsafe) || len(slices.Compact(slices.Clone(unsafe))) != len(unsafe) {
			t.Errorf("%q is not a sorted set", unsafe)
		}
		for _, u := range unsafe {
			if u != strings.ToLower(u) || !h.Has(u) {
				t.Errorf("%q is none of %q", u, h)
			}
		}
		for _, n := range h.names() {
			v, _ := h.Get(n)
			if len(v) > 128 && !slices.Contains(unsafe, n) && !IsForbiddenHeader(n, v) {
				t.Errorf("%s with %d bytes is safe", n, len(v))
			}
		}
		if NeedsPreflight("GET", h) != (len(unsafe) > 0) || !NeedsPreflight("PUT", h) {
			t.Errorf("NeedsPreflight disagrees with %q", unsafe)
		}
	})
}
