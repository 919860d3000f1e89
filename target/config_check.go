package target

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

func (b BrowserConfig) check() error {
	if strings.TrimSpace(b.UserAgent) != b.UserAgent || strings.ContainsFunc(b.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the user agent %q cannot be sent: write one line of ASCII characters, as a browser sends it", b.UserAgent)
	}
	return nil
}

// checkHeaders checks lines that an attacker's page sets as well as the front end.
func checkHeaders(lines cors.Headers) error {
	for i, h := range lines {
		switch {
		case !httpguts.ValidHeaderFieldName(h.Name) || !httpguts.ValidHeaderFieldValue(h.Value):
			return fmt.Errorf("the header %q cannot be sent: write a name of letters and dashes, and a value on one line", h.Name)
		case cors.IsForbiddenHeader(h.Name, h.Value):
			return fmt.Errorf("no page can set the header %s, which is the browser's own: leave it out", h.Name)
		case lines[:i].Has(h.Name):
			return fmt.Errorf("the header %s is given twice: give it once", h.Name)
		}
	}
	return nil
}

func checkMethod(name string) error {
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Errorf("%q is no method: write methods in capitals, such as PUT, or an empty list for none", name)
	}
	if cors.IsForbiddenMethod(name) {
		return fmt.Errorf("no page can send a %s: leave it out", name)
	}
	return nil
}

func checkHeaderName(name string) error {
	if name == "none" || !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("%q is no name of a header: write names such as X-Request-Id, or an empty list for none", name)
	}
	if name == "*" {
		return errors.New("* is what an API answers, and the policy is what the front end needs: name the headers, or leave the list out where nobody knows them")
	}
	return nil
}

func checkRequestHeaderName(name string) error {
	if err := checkHeaderName(name); err != nil {
		return err
	}
	if cors.IsForbiddenHeader(name, "") {
		return fmt.Errorf("no page can set the header %s, which is the browser's own: leave it out", name)
	}
	return nil
}

func checkExposedName(name string) error {
	if err := checkHeaderName(name); err != nil {
		return err
	}
	if strings.EqualFold(name, "Set-Cookie") || strings.EqualFold(name, "Set-Cookie2") {
		return fmt.Errorf("no page can read %s, whatever is exposed (Fetch standard, forbidden response-header name): leave it out", name)
	}
	return nil
}

// checkNoHeaders says what contradicts a policy that has no request header.
func (c Config) checkNoHeaders(d Deployment) error {
	if c.Policy.Headers == nil || len(c.Policy.Headers) > 0 {
		return nil
	}
	for _, h := range append(d.Credentials.FrontEnd(scenarios.Bearer), d.Credentials.Headers...) {
		if h.Name != "Authorization" || d.Credentials.Bearer != "" || d.Credentials.Headers.Has(h.Name) {
			return fmt.Errorf("the policy has no request header, and the front end sends its credential in %s: name that one", h.Name)
		}
	}
	for _, e := range d.Facts.Endpoints {
		if unsafe := cors.UnsafeHeaders(e.Headers); len(unsafe) > 0 {
			return fmt.Errorf("the policy has no request header, and %s needs %s: name that one", e, unsafe[0])
		}
	}
	return nil
}

func (e EndpointConfig) check() error {
	reads := e.endpoint(false).Safe()
	lines := sortedHeaders(e.Headers)
	switch {
	case reads && e.Reads:
		return fmt.Errorf("a %s only reads, and goes through anyway: leave reads out, or name the method that reads", orGET(e.Method))
	case e.Reads && e.SafeToWrite:
		return errors.New("what only reads is sent anyway: leave safe_to_write out")
	case lines.Has("Authorization") || lines.Has("Cookie"):
		return errors.New("an attacker's page would know this header too: give what is secret under credentials")
	case reads && e.Body != "":
		return fmt.Errorf("a %s has no body: leave it out, or name the method that the body is for", orGET(e.Method))
	case reads && e.SafeToWrite:
		return fmt.Errorf("a %s only reads, and goes through anyway: leave safe_to_write out, or name the method that writes", orGET(e.Method))
	}
	return checkHeaders(lines)
}

// baseURL reads the URL of a target. An address that servers listen on, and that no page has,
// is that of this machine ([visited]).
func baseURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, errors.New("no target: give the URL of the API, such as http://127.0.0.1:5055")
	}
	const write = "write it like http://127.0.0.1:5055 or https://api.example.com"
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the target %q is not a URL (%w): %s", s, errors.Unwrap(err), write)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("the target %q is not a URL: %s", s, write)
	case u.User != nil:
		return nil, fmt.Errorf("the target %q has a user name in it: use `credentials.basic`", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the target %q has a query or fragment: give the base URL of the API, such as %s, and endpoints with `read`, such as %s", s, cors.OriginOf(u), u.RequestURI())
	}
	return visited(u), nil
}

// visited is a URL as people open it in a browser: where it names every address of the
// machine, as servers print them that listen on all (0.0.0.0, [::]), that of loopback.
func visited(u *url.URL) *url.URL {
	a, err := netip.ParseAddr(u.Hostname())
	if err != nil || !a.IsUnspecified() {
		return u
	}
	loopback := "127.0.0.1"
	if a.Is6() {
		loopback = "[::1]"
	}
	v := *u
	v.Host = loopback
	if port := u.Port(); port != "" {
		v.Host += ":" + port
	}
	return &v
}

// isOtherOrigin reports whether a text is an origin of another scheme than http and
// https, as those of browser extensions and of desktop and mobile applications are.
func isOtherOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.Scheme != "http" && u.Scheme != "https" && s == u.Scheme+"://"+u.Host
}

// checkOtherOrigin checks an origin of another scheme.
func checkOtherOrigin(s string) error {
	if scheme, _, _ := strings.Cut(s, "://"); strings.Contains(s, "*") {
		return fmt.Errorf("trusted origin: %q stands for everybody's: any page of %s would be trusted; name your own, such as %s://ID", s, scheme, scheme)
	}
	if id, ok := strings.CutPrefix(s, "chrome-extension://"); ok && !chromeID.MatchString(id) {
		return fmt.Errorf("trusted origin: no extension can have the id in %q: write the 32 letters from a to p that chrome://extensions shows with its developer mode", s)
	}
	if id, ok := strings.CutPrefix(s, "moz-extension://"); ok && !mozillaID.MatchString(id) {
		return fmt.Errorf("trusted origin: no extension can have the id in %q: write the Internal UUID that about:debugging shows, such as moz-extension://0f9dd9a2-4b1c-4e0a-9b1e-2d6c0c3a7e55", s)
	}
	return nil
}

// The ids of extensions in origins: Chrome's is made of the public key of its author, 16
// bytes of which each half is a letter; Firefox's is a UUID of its own in each profile.
var (
	chromeID  = regexp.MustCompile(`^[a-p]{32}$`)
	mozillaID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// otherOriginMeant says what to write in the place of a text that is meant as an origin of
// another scheme than http and https. It is empty for a text that is not.
func otherOriginMeant(s string) string {
	u, err := url.Parse(s)
	switch {
	case strings.EqualFold(s, "null"):
		return "write null"
	case err != nil || !strings.Contains(s, "://") || u.Scheme == "http" || u.Scheme == "https":
		return ""
	case u.Scheme == "file":
		return "a page of a file has the origin null: write that, which every sandboxed frame has too"
	case u.Host == "":
		return "there is nothing behind its scheme: write it as the application sends it in Origin, such as " + u.Scheme + "://localhost"
	}
	return "write " + u.Scheme + "://" + strings.ToLower(u.Host)
}

// nullOpens is what the operator should know who trusts the opaque origin.
const nullOpens = "`trusted` has null, which is the origin of every sandboxed frame: any page on the web can have it, and what that opens is shown by the family NUL, as if nobody had declared it."

// trustedPattern reads a pattern. A program that is started here is given a list of
// exact origins, in which a pattern would be a mistake.
func trustedPattern(s string, starts bool) (cors.Pattern, error) {
	p, err := cors.ParsePattern(s)
	switch {
	case err != nil:
		return p, fmt.Errorf("trusted origin: %w", err)
	case starts:
		return p, fmt.Errorf("trusted origin: %s is a pattern, and the program of `launch` is given exact origins: name one of them, such as %s", p, scenarios.MemberOf(p))
	}
	return p, nil
}

func trustedOrigin(s string, own cors.Origin) (cors.Origin, error) {
	o, err := cors.ParseOrigin(s)
	switch several := inOne(s); {
	case len(several) > 1 && !slices.ContainsFunc(several, func(s string) bool { return !strings.Contains(s, "://") }):
		return o, fmt.Errorf("trusted origin: %q is several in one: give each by itself, %s", s, strings.Join(several, " and "))
	case err != nil && otherOriginMeant(s) != "":
		return o, fmt.Errorf("trusted origin: %q is not an origin: %s", s, otherOriginMeant(s))
	case err != nil:
		return o, fmt.Errorf("trusted origin: %w", err)
	case o == own:
		return o, fmt.Errorf("trusted origin: %s is the target's own origin, which needs no CORS: leave it out; where no other is trusted, write `trusted: []`", o)
	}
	return o, nil
}

func checkPath(what, p string) error {
	if several := inOne(p); len(several) > 1 && !slices.ContainsFunc(several, func(s string) bool { return !isPath(s) }) {
		return fmt.Errorf("%s %q is several in one: give each by itself, %s; a comma that belongs to it is %%2C", what, p, strings.Join(several, " and "))
	}
	if p == "" {
		return fmt.Errorf("%s is missing: write it like %s", what, asPath(p))
	}
	if !isPath(p) {
		err := fmt.Errorf("%s %q is not a path: write it like %s", what, p, asPath(p))
		if method, path, ok := strings.Cut(p, " "); ok && method != "GET" && methodName.MatchString(method) && isPath(strings.TrimSpace(path)) {
			err = fmt.Errorf("%w; what is read by %s stands among the `endpoints` of a configuration: {method: %s, path: %s, reads: true}", err, method, method, strings.TrimSpace(path))
		}
		return err
	}
	return nil
}

// inOne are the texts of a list that was given as one, with commas or blanks between.
func inOne(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || isControl(r) })
}

func isPath(p string) bool {
	u, err := url.Parse(p)
	return err == nil && u.Host == "" && u.Scheme == "" && strings.HasPrefix(p, "/") && u.Fragment == "" && !strings.ContainsFunc(p, isControl)
}

// asPath is the path that was meant with a text that is none, such as a URL or a method
// with its path, or an example where that is not clear.
func asPath(p string) string {
	if method, path, ok := strings.Cut(p, " "); ok && !strings.Contains(method, "/") {
		p = strings.TrimSpace(path)
	}
	if u, err := url.Parse(p); err == nil && u.Host != "" {
		p = u.EscapedPath()
	}
	if p = "/" + strings.TrimPrefix(p, "/"); p == "/" || !isPath(p) {
		return "/api/notebooks"
	}
	return p
}

func isControl(r rune) bool { return r <= ' ' || r == 0x7f }
