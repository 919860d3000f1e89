package cors

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// webURL is what CORS needs to know of a URL.
type webURL struct {
	origin   Origin // [Opaque] unless the scheme is http or https
	userinfo bool   // it carries a user name or a password
}

// parseWebURL reads an absolute URL as browsers do (URL standard,
// #concept-basic-url-parser). net/url follows RFC 3986 instead and differs in
// just the cases that matter here: "https:evil.test", backslashes, "0x7f.1".
//
// It is the standard without IDNA: a host of letters beyond ASCII is taken as
// it stands, and an "xn--" label is not decoded to see whether it is valid.
func parseWebURL(s string) (webURL, error) {
	scheme, rest, ok := cutScheme(cleanURL(s))
	if !ok {
		return webURL{}, errors.New("it has no scheme")
	}
	switch scheme {
	case "http", "https", "ws", "wss", "ftp":
		return parseAuthority(scheme, cutAt(strings.TrimLeft(rest, `/\`), `/\?#`))
	case "file":
		return webURL{}, checkFileHost(rest)
	}
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		return webURL{}, checkOpaqueAuthority(cutAt(authority, "/?#"))
	}
	return webURL{}, nil
}

// resolve reads a URL reference, such as the value of a Location header, against
// an http or https URL.
func (base webURL) resolve(ref string) (webURL, error) {
	ref = cleanURL(ref)
	scheme, rest, absolute := cutScheme(ref)
	if !absolute {
		scheme, rest = base.origin.Scheme(), ref
	}
	// "https:path" is relative too, where the base is https.
	slashes := len(rest) - len(strings.TrimLeft(rest, `/\`))
	if scheme == base.origin.Scheme() && slashes < 2 {
		return webURL{origin: base.origin}, nil
	}
	return parseWebURL(scheme + ":" + rest)
}

// cleanURL drops what the URL parser ignores: controls and blanks around the
// string, tabs and line ends anywhere.
func cleanURL(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	return ignored.Replace(s)
}

// These are made once, as origins are read by the thousand: a sweep of one target reads
// some hundred.
var (
	ignored = strings.NewReplacer("\t", "", "\n", "", "\r", "")
	escaped = strings.NewReplacer(" ", "%20", "*", "%2A")
)

func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	if !ok || scheme == "" || !isAlpha(scheme[0]) {
		return "", s, false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isAlpha(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return "", s, false
		}
	}
	return strings.ToLower(scheme), rest, true
}

// cutAt returns what stands before the first of the characters.
func cutAt(s, chars string) string {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i]
	}
	return s
}

func parseAuthority(scheme, authority string) (webURL, error) {
	// The last "@" ends the user information; before it, a colon alone leaves user
	// name and password empty.
	at := strings.LastIndexByte(authority, '@')
	userinfo := at > 0 && authority[:at] != ":"
	host, port, err := cutPort(authority[at+1:])
	if err != nil {
		return webURL{}, err
	}
	if host == "" {
		return webURL{}, errors.New("it has no host")
	}
	host, ok := canonicalHost(host)
	if !ok {
		return webURL{}, fmt.Errorf("no browser takes %q for a host", host)
	}
	return webURL{tupleOrigin(scheme, host, port), userinfo}, nil
}

// cutPort splits at the first colon outside brackets; the port comes without
// leading zeros.
func cutPort(s string) (host, port string, err error) {
	bracket := strings.IndexByte(s, ']') + 1
	if strings.HasPrefix(s, "[") && bracket == 0 {
		return s, "", nil
	}
	host, port, _ = strings.Cut(s[bracket:], ":")
	host = s[:bracket] + host
	if port == "" {
		return host, "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return host, port, fmt.Errorf("%q is not a port", port)
	}
	return host, strconv.FormatUint(n, 10), nil
}

// canonicalHost returns the host as browsers write it in an origin (URL standard,
// #concept-host-parser), an IPv6 address in its brackets.
func canonicalHost(host string) (canonical string, ok bool) {
	if strings.HasPrefix(host, "[") {
		return canonicalIPv6(host)
	}
	host, err := url.PathUnescape(host)
	if err != nil || host == "" {
		return host, false
	}
	host = strings.ToLower(host)
	for _, r := range host {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`#%/:<>?@[\]^|`, r) {
			return host, false
		}
		if r > 0x7f && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			return host, false
		}
	}
	if endsInNumber(host) {
		return canonicalIPv4(host)
	}
	// The standard forbids the blank and keeps the star; Chrome escapes both.
	return escaped.Replace(host), true
}

func canonicalIPv6(host string) (string, bool) {
	literal, ok := strings.CutSuffix(host[1:], "]")
	a, err := netip.ParseAddr(literal)
	if !ok || err != nil || !a.Is6() || a.Zone() != "" {
		return host, false
	}
	if a.Is4In6() { // netip writes the dotted form, browsers do not
		b := a.As16()
		return fmt.Sprintf("[::ffff:%x:%x]", uint16(b[12])<<8|uint16(b[13]), uint16(b[14])<<8|uint16(b[15])), true
	}
	return "[" + a.String() + "]", true
}

// endsInNumber reports whether a host can only be an IPv4 address (URL standard,
// #ends-in-a-number-checker).
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	_, ok := parseIPv4Number(last)
	return ok || last != "" && strings.Trim(last, "0123456789") == ""
}

// canonicalIPv4 reads one to four numbers, decimal, octal or hexadecimal, the
// last of which fills the bytes that are left (URL standard,
// #concept-ipv4-parser).
func canonicalIPv4(host string) (string, bool) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return host, false
	}
	var address uint64
	for i, p := range parts {
		n, ok := parseIPv4Number(p)
		free := 1 // bytes this part may fill
		if i == len(parts)-1 {
			free = 4 - i
		}
		if !ok || n >= 1<<(8*free) {
			return host, false
		}
		address = address<<(8*free) | n
	}
	return fmt.Sprintf("%d.%d.%d.%d", address>>24, address>>16&255, address>>8&255, address&255), true
}

// parseIPv4Number reads a decimal, octal or hexadecimal number (URL standard,
// #ipv4-number-parser). One that no address can hold is the largest there is.
func parseIPv4Number(s string) (n uint64, ok bool) {
	digits, base := "0123456789", 10
	switch {
	case s == "":
		return 0, false
	case strings.HasPrefix(s, "0x"):
		s, digits, base = s[2:], "0123456789abcdef", 16
	case len(s) > 1 && s[0] == '0':
		digits, base = "01234567", 8
	}
	if strings.Trim(s, digits) != "" {
		return 0, false
	}
	if s != "" { // "0x" alone is zero
		n, _ = strconv.ParseUint(s, base, 64)
	}
	return n, true
}

// checkFileHost checks the part of a file: URL behind the scheme. It has no user
// information and no port.
func checkFileHost(rest string) error {
	if len(rest) < 2 || strings.Trim(rest[:2], `/\`) != "" {
		return nil
	}
	host := cutAt(rest[2:], `/\`) // Chrome takes "?" and "#" for a part of it
	if _, ok := canonicalHost(host); !ok && host != "" {
		return fmt.Errorf("no browser takes %q for a host", host)
	}
	return nil
}

// checkOpaqueAuthority checks the authority of a URL whose scheme means nothing
// to browsers (URL standard, #concept-opaque-host-parser).
func checkOpaqueAuthority(authority string) error {
	host, _, err := cutPort(authority[strings.LastIndexByte(authority, '@')+1:])
	if err != nil {
		return err
	}
	if host == "" && authority != "" {
		return errors.New("it has no host")
	}
	ok := !strings.ContainsAny(host, " #/:<>?@[\\]^|\x00")
	if strings.HasPrefix(host, "[") {
		_, ok = canonicalIPv6(host)
	}
	if !ok {
		return fmt.Errorf("no browser takes %q for a host", host)
	}
	return nil
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
