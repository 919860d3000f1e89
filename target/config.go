package target

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Config is what an operator says about a deployment, as text.
type Config struct {
	URL     string   // of the API
	Trusted []string // origins that may read it
	Reads   []string // paths of private endpoints; none means "/"
	Cookies []string // Set-Cookie syntax
	Basic   string   // "USER:PASSWORD"
	Bearer  string   // the token alone

	AllowWrites        bool
	InsecureSkipVerify bool
	RequestsPerSecond  float64 // 0 means the default
}

// Deployment checks the configuration and makes a deployment of it. The error
// says which entry is wrong and what to write instead; all that is wrong is in
// it. A name in the URL is looked up, for at most two seconds, to find out
// whether the target is in a private network.
func (c Config) Deployment(ctx context.Context) (Deployment, error) {
	base, err := baseURL(c.URL)
	if err != nil {
		return Deployment{}, err
	}
	var errs []error
	fail := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	d := Deployment{
		Upstream: Upstream{URL: base, InsecureSkipVerify: c.InsecureSkipVerify},
		Facts: scenarios.Target{
			URL:   strings.TrimSuffix(base.String(), "/"),
			Label: strings.ToLower(rand.Text()[:12]),
		},
	}
	d.Limits = DefaultLimits(d.Upstream)
	if c.RequestsPerSecond != 0 {
		d.Limits.RequestsPerSecond = c.RequestsPerSecond
	}
	d.Facts.Trusted, err = trustedOrigins(c.Trusted, d.Facts.Origin())
	fail(err)
	d.Credentials, err = c.credentials()
	fail(err)
	d.Facts.Endpoints, err = reads(c.Reads)
	fail(err)
	if len(errs) > 0 {
		return Deployment{}, errors.Join(errs...)
	}
	d.Facts.Credentials = kinds(d.Credentials)
	d.Facts.Local = isPrivate(ctx, d.Facts.Origin())
	if len(d.Facts.Credentials) == 0 && d.Facts.Local {
		d.Facts.Credentials = []scenarios.Credential{scenarios.Network}
	}
	d.Facts.Errors = commonErrors(d.Facts)
	d.Facts.CrossSiteCookies = slices.ContainsFunc(d.Facts.Trusted, func(o cors.Origin) bool { return !o.SameSite(d.Facts.Origin()) })
	if c.AllowWrites {
		d.AllowWrite = declared(d.Facts.Endpoints)
	}
	return d, nil
}

// declared allows the writes that the operator named: an attempt on a path that a
// scenario guessed is withheld all the same.
func declared(endpoints []scenarios.Endpoint) func(method, path string) bool {
	return func(method, path string) bool {
		return slices.ContainsFunc(endpoints, func(e scenarios.Endpoint) bool {
			p, _, _ := strings.Cut(e.Path, "?")
			return e.Method == method && p == path
		})
	}
}

func baseURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, errors.New("no target: give the URL of the API, such as http://127.0.0.1:5055")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the target %q is not a URL: %w", s, errors.Unwrap(err))
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("the target %q is not a URL: write it like http://127.0.0.1:5055 or https://api.example.com", s)
	case u.User != nil:
		return nil, fmt.Errorf("the target %q has a user name in it: use --basic", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the target %q has a query or fragment: give the base URL of the API, and endpoints with --read", s)
	}
	return u, nil
}

func trustedOrigins(list []string, own cors.Origin) ([]cors.Origin, error) {
	var origins []cors.Origin
	var errs []error
	for _, s := range list {
		o, err := cors.ParseOrigin(s)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("trusted origin: %w", err))
		case o.IsOpaque():
			errs = append(errs, errors.New(`trusted origin: "null" is the origin of every sandboxed frame on the web and cannot be trusted`))
		case o == own:
			errs = append(errs, fmt.Errorf("trusted origin: %s is the target's own origin, which needs no CORS: leave it out", o))
		default:
			origins = append(origins, o)
		}
	}
	return origins, errors.Join(errs...)
}

func (c Config) credentials() (Credentials, error) {
	creds := Credentials{Bearer: c.Bearer}
	var errs []error
	for i, line := range c.Cookies {
		if parsed, err := http.ParseSetCookie(line); err != nil || parsed.Name == "" {
			// The value is a secret and stays out of the message.
			errs = append(errs, fmt.Errorf(`cookie %d is not in Set-Cookie syntax: write it like "session=VALUE; SameSite=None; Secure"`, i+1))
		} else {
			creds.Cookies = append(creds.Cookies, line)
		}
	}
	if c.Basic != "" {
		user, password, ok := strings.Cut(c.Basic, ":")
		if !ok {
			errs = append(errs, errors.New("the basic credential has no colon: write USER:PASSWORD"))
		}
		creds.Basic = &BasicLogin{Username: user, Password: password}
	}
	if strings.ContainsAny(c.Bearer, " \t\r\n") {
		errs = append(errs, errors.New("the bearer token has a blank in it: give the token alone, without the word Bearer"))
	}
	return creds, errors.Join(errs...)
}

func reads(paths []string) ([]scenarios.Endpoint, error) {
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	var endpoints []scenarios.Endpoint
	var errs []error
	for _, p := range paths {
		if u, err := url.Parse(p); err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(p, "/") || u.Fragment != "" {
			errs = append(errs, fmt.Errorf("the path to read %q is not a path: write it like /api/notebooks", p))
			continue
		}
		endpoints = append(endpoints, scenarios.Endpoint{Method: "GET", Path: p, Private: true})
	}
	return endpoints, errors.Join(errs...)
}

// kinds are the credentials that were given.
func kinds(c Credentials) []scenarios.Credential {
	var ks []scenarios.Credential
	if len(c.Cookies) > 0 || c.Login != nil {
		ks = append(ks, scenarios.Cookie)
	}
	if c.Basic != nil {
		ks = append(ks, scenarios.Basic)
	}
	if c.Bearer != "" {
		ks = append(ks, scenarios.Bearer)
	}
	return ks
}

// commonErrors are the error responses that can be provoked on any target.
func commonErrors(t scenarios.Target) []scenarios.ErrorRecipe {
	recipes := []scenarios.ErrorRecipe{{Status: 404, Method: "GET", Path: "/crossexam-" + t.Label}}
	private := t.PrivateReads()
	if len(private) > 0 && !t.Has(scenarios.Network) && len(t.Credentials) > 0 {
		recipes = append(recipes, scenarios.ErrorRecipe{Status: 401, Method: "GET", Path: private[0].Path, Anonymous: true})
	}
	return recipes
}

// isPrivate tells whether an origin leads to loopback or a private network. A
// name that does not resolve leads nowhere, which the run will find out.
func isPrivate(ctx context.Context, o cors.Origin) bool {
	if o.IsLocal() {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", o.Host())
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if local := func(a netip.Addr) bool {
			a = a.Unmap()
			return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
		}; !local(a) {
			return false
		}
	}
	return len(addrs) > 0
}
