package target

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/recording"
)

// Variables to which the references of a recorded configuration lead, besides those
// of cookies.
const (
	tokenVariable    = "API_TOKEN"
	basicVariable    = "API_LOGIN"
	usernameVariable = "VICTIM_USERNAME"
	passwordVariable = "VICTIM_PASSWORD"
)

// A Reference is an entry under credentials with references to variables in the
// place of secrets.
type Reference struct {
	Key   string
	Value any
	// Spare says that another entry does the same, and this one only stands by.
	Spare bool
}

// variables are the names to which a reference leads, in order.
func (r Reference) variables() []string {
	var names []string
	for _, m := range reference.FindAllStringSubmatch(quoted(r.Value), -1) {
		if m[1] != "" && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// credentials finds out what the front end proves itself with.
func (s *seen) credentials() {
	p := s.proofs()
	if len(p.schemes) == 0 && p.asked {
		p.schemes["bearer"] = true
		s.note("The recording has been cleared of credentials. The browser asked for leave to send Authorization, which is taken for a token: write basic in the place of bearer if it is a password.")
	}
	made := s.referToLogin(p)
	s.referToCookies(p, made)
	c := s.config.Credentials
	if p.schemes["bearer"] && c.Bearer == "" {
		s.refer(Reference{Key: "bearer", Value: "${" + tokenVariable + "}"})
	}
	if p.schemes["basic"] && c.Basic == "" {
		s.refer(Reference{Key: "basic", Value: "${" + basicVariable + "}"})
	}
	if c.Headers == nil {
		s.referToKeys(p)
	}
	if len(p.cookies) == 0 && len(p.schemes) == 0 && !made && len(s.found.References) == 0 {
		s.noteNone(p)
	}
}

// proofs are what requests have with which a front end or its user proves itself.
type proofs struct {
	schemes map[string]bool            // of Authorization
	cookies map[string]bool            // by name
	keys    map[string]map[string]bool // values of other headers that hold a secret, by name
	// asked says that a preflight asked for leave to send Authorization, hidden that a
	// request had no cookie and an answer that is for credentials: the recording was
	// cleared of them.
	asked, hidden bool
}

func (s *seen) proofs() proofs {
	p := proofs{schemes: map[string]bool{}, cookies: map[string]bool{}, keys: map[string]map[string]bool{}}
	for _, q := range s.requests {
		for _, line := range q.Headers.Values("Authorization") {
			scheme, _, _ := strings.Cut(line, " ")
			p.schemes[strings.ToLower(scheme)] = true
		}
		p.asked = p.asked || q.Kind == recording.Preflight && q.Headers.ListHas(cors.HeaderRequestHeaders, "authorization")
		p.hidden = p.hidden || len(q.Cookies) == 0 && q.Kind != recording.Preflight && q.Answer.ListHas(cors.HeaderAllowCredentials, "true")
		for _, name := range q.Cookies {
			if !aside.MatchString(name) && cookieName.MatchString(name) {
				p.cookies[name] = true
			}
		}
		for _, h := range q.Headers {
			if isKey(h) {
				name := http.CanonicalHeaderKey(h.Name)
				if p.keys[name] == nil {
					p.keys[name] = map[string]bool{}
				}
				p.keys[name][h.Value] = true
			}
		}
	}
	return p
}

// isKey reports whether a header line holds a secret by its name, Authorization apart.
func isKey(h cors.Header) bool {
	name := strings.NewReplacer("_", "", "-", "").Replace(h.Name)
	return !strings.EqualFold(name, "authorization") && keyHeader.MatchString(name) && !isGuessable(h) && cookieName.MatchString(h.Name)
}

// referToLogin refers to the login that was seen, unless what it gives is a token, and
// reports whether there was one.
func (s *seen) referToLogin(p proofs) bool {
	login, made := s.seenLogin()
	switch {
	case !made || s.config.Credentials.Login != nil:
	case p.schemes["bearer"] && len(p.cookies) == 0 && !p.hidden && len(s.setCookies()) == 0:
		s.note("The front end logs in at %s, and sends the token that it gets there: get one so, and give it as bearer.", s.login)
	default:
		s.refer(Reference{Key: "login", Value: login})
	}
	return made
}

// referToCookies refers to the cookies, which are spare where a login sets them.
func (s *seen) referToCookies(p proofs, spare bool) {
	c := s.config.Credentials
	if len(p.cookies) > 0 && c.StorageState != "" {
		s.refer(Reference{Key: "storage_state", Value: c.StorageState})
	}
	if len(p.cookies) > 0 && len(c.Cookies) == 0 && c.StorageState == "" {
		set := s.setCookies()
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(p.cookies)) {
			lines = append(lines, name+"=${"+variableFor(name)+"}"+s.attributes(name, set))
		}
		s.refer(Reference{Key: "cookies", Value: lines, Spare: spare})
	}
}

// referToKeys refers to the secrets in other headers.
func (s *seen) referToKeys(p proofs) {
	headers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.keys)) {
		if len(p.keys[name]) > 1 {
			s.note("The front end sends %s, which looks like a secret and is another one each time; it is not written.", name)
			continue
		}
		headers[name] = "${HEADER_" + variableFor(name) + "}"
	}
	if len(headers) > 0 {
		s.refer(Reference{Key: "headers", Value: headers})
	}
}

// noteNone says why there may be no credential in the recording.
func (s *seen) noteNone(p proofs) {
	if s.found.Watched {
		s.note("None of the requests had a cookie or an Authorization header: the front end was not logged in, or the API asks for no login.")
		return
	}
	why := "None of the requests has a cookie or an Authorization header."
	if p.hidden || slices.Contains(s.config.Policy.Headers, "Authorization") {
		why = "The recording has been cleared of credentials, which the API asks for."
	}
	s.note("%s Chrome leaves both out unless \"Allow to generate HAR with sensitive data\" is set in its developer tools; say below what the victim has.", why)
}

func (s *seen) refer(r Reference) { s.found.References = append(s.found.References, r) }

// aside are names of cookies that count visitors.
var aside = regexp.MustCompile(`^(_ga|_gid|_gat|_gcl|_fbp|_fbc|_hj|_pk_|_clck|_clsk|ajs_|amplitude|mp_|intercom-|OptanonConsent|__cf_bm)`)

// cookieName is what RFC 6265 has as one, section 4.1.1, and is no hostile length.
var cookieName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")

var keyHeader = regexp.MustCompile(`(?i)(apikey|authtoken|accesstoken|secret|csrf|xsrf)`)

// setCookies are the answers' Set-Cookie lines by the name of the cookie, the last
// counts.
func (s *seen) setCookies() map[string]*http.Cookie {
	set := map[string]*http.Cookie{}
	for _, q := range s.requests {
		for _, value := range q.Answer.Values("Set-Cookie") {
			for line := range strings.SplitSeq(value, "\n") { // Chrome joins them
				if c, err := ParseSetCookie(line); err == nil && c.MaxAge >= 0 {
					set[c.Name] = c
				}
			}
		}
	}
	return set
}

// attributes are those with which the API set a cookie or, where that is not in the
// recording, those that it needs for the front end to work.
func (s *seen) attributes(name string, set map[string]*http.Cookie) string {
	c := set[name]
	if c == nil {
		across := slices.ContainsFunc(s.config.Trusted, func(o string) bool {
			front, err := cors.ParseOrigin(o)
			return err == nil && !front.SameSite(s.own)
		})
		if across || strings.HasPrefix(name, "__") {
			return "; Path=/; Secure; SameSite=None"
		}
		return "; Path=/"
	}
	text := "; Path=/"
	if strings.HasPrefix(c.Path, "/") && !strings.ContainsAny(c.Path, "\";\r\n") {
		text = "; Path=" + c.Path
	}
	if c.Domain != "" && (&http.Cookie{Name: "a", Domain: c.Domain}).Valid() == nil {
		text += "; Domain=" + c.Domain
	}
	for _, a := range []struct {
		on   bool
		text string
	}{
		{c.Secure, "; Secure"}, {c.HttpOnly, "; HttpOnly"}, {c.Partitioned, "; Partitioned"},
		{c.SameSite == http.SameSiteNoneMode, "; SameSite=None"}, {c.SameSite == http.SameSiteLaxMode, "; SameSite=Lax"}, {c.SameSite == http.SameSiteStrictMode, "; SameSite=Strict"},
	} {
		if a.on {
			text += a.text
		}
	}
	return text
}

// variableFor names a variable after something.
func variableFor(name string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(name) {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "_") {
			b.WriteByte('_')
		}
	}
	text := strings.TrimSuffix(b.String(), "_")
	if text == "" || text[0] <= '9' {
		text = "COOKIE_" + text
	}
	return text
}

// seenLogin finds the request with which the front end logged in: a POST of a
// password, as a form or as JSON.
func (s *seen) seenLogin() (map[string]any, bool) {
	for _, q := range s.requests {
		path := s.path(q.URL)
		if q.Method != http.MethodPost || q.Status >= 400 || checkPath("", path) != nil || holdsSecret(q.URL) {
			continue
		}
		key, fields := "form", map[string]any{}
		if hasJSON(q.Headers) {
			key = "json"
			if json.Unmarshal([]byte(q.Body), &fields) != nil {
				continue
			}
		} else if form, err := url.ParseQuery(q.Body); err == nil {
			for name := range form {
				fields[name] = form.Get(name)
			}
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(fields)), isPassword) || len(fields) > 20 {
			continue
		}
		replaced := map[string]any{}
		for name, value := range fields {
			replaced[name] = withoutSecret(name, value)
		}
		s.login = path
		return map[string]any{"path": path, key: replaced}, true
	}
	return nil, false
}

var passwords = regexp.MustCompile(`(?i)(password|passwd|passphrase|^pwd$|^pass$)`)

func isPassword(field string) bool { return passwords.MatchString(field) }

// withoutSecret puts a reference in the place of what a field says, unless it is one
// of those that say how to log in and not who.
func withoutSecret(name string, value any) any {
	text, isText := value.(string)
	_, flag := value.(bool)
	switch {
	case value == nil || flag:
		return value
	case isPassword(name):
		return "${" + passwordVariable + "}"
	case isWho(name):
		return "${" + usernameVariable + "}"
	case isText && isNoSecret(name) && len(text) < 64 && !isRandom(text) && !strings.Contains(text, "${"):
		return text
	}
	return "${LOGIN_" + variableFor(name) + "}"
}

func isWho(field string) bool {
	switch strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(field)) {
	case "user", "username", "userid", "login", "email", "mail", "name", "account", "identifier":
		return true
	}
	return false
}
