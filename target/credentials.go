package target

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// CredentialsConfig is what the victim and the trusted front end have. The texts
// are the secrets themselves: [LoadConfig] has put them in the place of ${...}.
type CredentialsConfig struct {
	Cookies           []string                 `yaml:"cookies"` // Set-Cookie syntax
	Login             *LoginConfig             `yaml:"login"`
	StorageState      string                   `yaml:"storage_state"` // a file
	Basic             string                   `yaml:"basic"`         // "USER:PASSWORD"
	Bearer            string                   `yaml:"bearer"`        // the token alone
	Headers           map[string]string        `yaml:"headers"`       // that the trusted front end sets
	Query             map[string]string        `yaml:"query"`         // parameters that it adds
	Network           *bool                    `yaml:"network"`
	ClientCertificate *ClientCertificateConfig `yaml:"client_certificate"`
	Together          bool                     `yaml:"together"` // the target wants all of them in one request
}

// LoginConfig is a login that the victim's browser makes, with a form or JSON.
type LoginConfig struct {
	Path string            `yaml:"path"`
	Form map[string]string `yaml:"form"`
	JSON map[string]any    `yaml:"json"`

	secrets []string // what stood for ${...}
}

// ClientCertificateConfig names a PKCS#12 file.
type ClientCertificateConfig struct {
	File     string `yaml:"file"`
	Password string `yaml:"password"`
}

// assemble checks the credentials. Its errors never repeat a secret.
func (c CredentialsConfig) assemble(t scenarios.Target, fail func(entry string, err error), notes *[]string) Credentials {
	creds := Credentials{Bearer: c.Bearer}
	c.addCookies(&creds, t, fail, notes)
	if c.Basic != "" {
		basic, err := basicLogin(c.Basic)
		if err != nil {
			fail("basic", err)
		}
		creds.Basic = &basic
	}
	if strings.ContainsFunc(c.Bearer, isControl) {
		fail("bearer", errors.New("the bearer token has a blank in it: give the token alone, without the word Bearer"))
	}
	c.addKeys(&creds, fail, notes)
	if c.Login != nil {
		login, err := c.Login.login()
		if err != nil {
			fail("login", err)
		}
		creds.Login = login
	}
	if cert := c.ClientCertificate; cert != nil {
		loaded, err := cert.clientCertificate(t)
		if err != nil {
			fail("client_certificate.file", err)
		}
		creds.ClientCertificate = loaded
	}
	if err := c.checkTogether(creds); err != nil {
		fail("together", err)
	}
	return creds
}

// addCookies adds the cookies that were given by value, and those of a browser's state.
func (c CredentialsConfig) addCookies(creds *Credentials, t scenarios.Target, fail func(entry string, err error), notes *[]string) {
	for i, line := range c.Cookies {
		lines, note, err := cookieLines(line)
		if err != nil {
			fail(fmt.Sprintf("cookies[%d]", i), fmt.Errorf("cookie %d: %w", i+1, err))
		}
		for _, l := range lines {
			if err := givenTwice(l, creds.Cookies); err != nil {
				fail(fmt.Sprintf("cookies[%d]", i), err)
			}
			creds.Cookies = append(creds.Cookies, l)
		}
		if note != "" {
			*notes = append(*notes, note)
		}
	}
	if c.StorageState != "" {
		state, err := loadStorageState(c.StorageState, t.Origin())
		if err != nil {
			fail("storage_state", err)
		}
		creds.Cookies = append(creds.Cookies, state.cookies...)
		*notes = append(*notes, state.notes...)
	}
}

// BasicByScript has the login for HTTP authentication sent by the front end's own script,
// as the header Authorization, and no more by the browser. ok is false where the
// configuration leaves no place for that, or says that the browser sends it: by
// `credentials.together` or `policy.credentials`.
func (c Config) BasicByScript(login BasicLogin) (_ Config, ok bool) {
	taken := c.Credentials.Bearer != ""
	for name := range c.Credentials.Headers {
		taken = taken || strings.EqualFold(name, "Authorization")
	}
	if c.Credentials.Basic == "" || c.Credentials.Together || c.Policy.Credentials == "include" || taken {
		return c, false
	}
	headers := maps.Clone(c.Credentials.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	headers["Authorization"] = login.Header()
	c.Credentials.Basic, c.Credentials.Headers = "", headers
	return c, true
}

// basicLogin reads USER:PASSWORD.
func basicLogin(given string) (BasicLogin, error) {
	user, password, ok := strings.Cut(given, ":")
	decoded, err := base64.StdEncoding.DecodeString(given)
	login := BasicLogin{Username: user, Password: password}
	switch {
	case !ok && err == nil && bytes.ContainsRune(decoded, ':'):
		return login, errors.New("the basic credential seems to be in base64, as it is sent: write USER:PASSWORD as it was before")
	case !ok:
		return login, errors.New("the basic credential has no colon: write USER:PASSWORD")
	case user+password == "":
		return login, errors.New("the basic credential has neither a user name nor a password: write USER:PASSWORD")
	}
	return login, nil
}

// addKeys adds what only the front end sends: header lines, the bearer token among them, and
// parameters of the query.
func (c CredentialsConfig) addKeys(creds *Credentials, fail func(entry string, err error), notes *[]string) {
	lines, bearer, err := c.keys()
	if err != nil {
		fail("headers", err)
	}
	for _, h := range lines {
		if isGuessable(h) {
			creds.Wanted = append(creds.Wanted, h)
			*notes = append(*notes, fmt.Sprintf("The header %s is taken for one that the API wants of every request, and for no secret: every page can set it to this value.", h.Name))
			continue
		}
		creds.Headers = append(creds.Headers, h)
	}
	if creds.query, err = c.queryKeys(); err != nil {
		fail("query", err)
	}
	if bearer != "" {
		creds.Bearer = bearer
	}
}

func (c CredentialsConfig) checkTogether(creds Credentials) error {
	switch {
	case !c.Together:
		return nil
	case len(creds.kinds()) < 2:
		return errors.New("it is for several credentials that go together: give the others too, or leave it out")
	case creds.Basic != nil && (creds.Bearer != "" || creds.Headers.Has("Authorization")):
		return errors.New("a request has one Authorization header, so that HTTP authentication and a token in it cannot go together: leave out one of the two")
	}
	return nil
}

// kinds are the credentials that were given.
func (c Credentials) kinds() []scenarios.Credential {
	var ks []scenarios.Credential
	for _, k := range []struct {
		kind  scenarios.Credential
		given bool
	}{
		{scenarios.Cookie, len(c.Cookies) > 0 || c.Login != nil},
		{scenarios.Basic, c.Basic != nil},
		{scenarios.ClientCert, c.ClientCertificate != nil},
		{scenarios.Bearer, c.Bearer != ""},
		{scenarios.Header, len(c.Headers) > 0},
		{scenarios.Query, len(c.query) > 0},
	} {
		if k.given {
			ks = append(ks, k.kind)
		}
	}
	return ks
}

// identities are the credentials with which the target is tried: each of those that
// were given alone, or all of them together. What the front end sets in a header or in
// the query goes with every other one: a CSRF token opens nothing by itself, and beside
// another login a key does no harm.
func (c Credentials) identities(together bool) []scenarios.Credential {
	kinds := c.kinds()
	if together {
		return []scenarios.Credential{scenarios.Together(kinds...)}
	}
	isKey := func(k scenarios.Credential) bool { return k == scenarios.Header || k == scenarios.Query }
	first := slices.IndexFunc(kinds, isKey)
	if first < 0 {
		return kinds
	}
	keys := scenarios.Together(kinds[first:]...)
	if first == 0 {
		return []scenarios.Credential{keys}
	}
	var cs []scenarios.Credential
	for _, k := range kinds[:first] {
		if k == scenarios.Basic && c.Headers.Has("Authorization") {
			cs = append(cs, k, keys) // the page's own line takes the place of the browser's
			continue
		}
		cs = append(cs, scenarios.Together(k, keys))
	}
	return cs
}

func (l LoginConfig) login() (*Login, error) {
	if err := checkPath("the path of the login", l.Path); err != nil {
		return nil, err
	}
	login := &Login{Path: l.Path, secrets: slices.Clone(l.secrets)}
	switch {
	case (len(l.Form) > 0) == (len(l.JSON) > 0):
		return nil, errors.New("write either form or json, and only one of them")
	case len(l.Form) > 0:
		form := url.Values{}
		for name, value := range l.Form {
			form.Set(name, value)
			login.addSecrets(name, value)
		}
		login.ContentType, login.Body = "application/x-www-form-urlencoded", form.Encode()
	default:
		body, err := json.Marshal(l.JSON)
		if err != nil {
			return nil, fmt.Errorf("the json of the login cannot be written as JSON: %w", err)
		}
		for name, value := range l.JSON {
			login.addSecrets(name, value)
		}
		login.ContentType, login.Body = "application/json", string(body)
	}
	slices.Sort(login.secrets)
	login.secrets = slices.Compact(login.secrets)
	return login, nil
}

// addSecrets takes the values of a field for secrets, unless its name is one of
// those that say who logs in or how: "admin" or "password", the type of an OAuth
// grant, would be redacted out of everything else.
func (l *Login) addSecrets(name string, value any) {
	switch value := value.(type) {
	case string:
		if value != "" && !isNoSecret(name) {
			l.secrets = append(l.secrets, value)
		}
	case map[string]any:
		for inner, v := range value {
			l.addSecrets(inner, v)
		}
	case []any:
		for _, v := range value {
			l.addSecrets(name, v)
		}
	case nil, bool:
	default: // a number: a PIN is one
		if !isNoSecret(name) {
			l.secrets = append(l.secrets, fmt.Sprint(value))
		}
	}
}

func isNoSecret(field string) bool {
	switch strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(field)) {
	case "user", "username", "userid", "login", "email", "mail", "name", "account", "tenant", "realm", "domain",
		"granttype", "scope", "clientid", "responsetype", "remember", "rememberme", "next", "redirect", "redirecturi", "returnto", "submit", "action":
		return true
	}
	return false
}
