package corstest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/target"
)

// An Option says something about the API or the examination. Of two that say the
// same the later counts; those that take lists add to what is there.
type Option func(*options)

type options struct {
	config         target.Config
	labels         []string
	strict         bool
	requireBrowser bool
	findBrowser    func(wanted string) (string, error)
	bounded        func(*testing.T) (context.Context, context.CancelFunc)
}

// defaultURL is that of a program on its user's own machine. The port is no real
// one, and always the same, so that names of subtests are.
const defaultURL = "http://127.0.0.1:8080"

func gather(list []Option) options {
	o := options{
		config:      target.Config{URL: defaultURL},
		findBrowser: attacker.FindBrowser,
		bounded:     bounded,
	}
	for _, option := range list {
		option(&o)
	}
	return o
}

// At is the URL under which the browser finds the API, http or https, such as
// "https://api.example.com". It may have a path, under which the handler then has
// all of the API.
func At(url string) Option { return func(o *options) { o.config.URL = url } }

// Trusted are origins that may read the API, such as "https://app.example.com", or
// patterns of them, such as "https://*.example.com" (see package cors, ParsePattern).
// One at least is needed.
func Trusted(origins ...string) Option {
	return func(o *options) { o.config.Trusted = append(o.config.Trusted, origins...) }
}

// SameOrigin says that no origin but the API's own is trusted: its front end needs no
// CORS.
func SameOrigin() Option { return func(o *options) { o.config.Trusted = []string{} } }

// Read are paths that answer GET with what is the victim's alone.
func Read(paths ...string) Option {
	return func(o *options) { o.config.Reads = append(o.config.Reads, paths...) }
}

// Open are paths that answer GET with what anybody may have.
func Open(paths ...string) Option {
	return func(o *options) {
		for _, p := range paths {
			Endpoint(target.EndpointConfig{Path: p, Open: true})(o)
		}
	}
}

// Endpoint is one that Read and Open cannot say, such as a write.
func Endpoint(e target.EndpointConfig) Option {
	return func(o *options) { o.config.Endpoints = append(o.config.Endpoints, e) }
}

// Cookie is a cookie of the victim, as the API sets it: the attributes decide what
// a page of another site can use. The handler has to know its value. A Secure one
// needs an https URL; see [At].
func Cookie(setCookie string) Option {
	return func(o *options) {
		o.config.Credentials.Cookies = append(o.config.Credentials.Cookies, setCookie)
	}
}

// Basic is what the victim typed when the browser asked for a password.
func Basic(user, password string) Option {
	return func(o *options) { o.config.Credentials.Basic = user + ":" + password }
}

// Bearer is the token that the trusted front end sends as Authorization: Bearer.
func Bearer(token string) Option {
	return func(o *options) { o.config.Credentials.Bearer = token }
}

// Header is a header with a secret that the trusted front end sets, such as an API
// key. It goes with every other credential. It may be given several times.
func Header(name, value string) Option {
	return func(o *options) {
		if o.config.Credentials.Headers == nil {
			o.config.Credentials.Headers = map[string]string{}
		}
		o.config.Credentials.Headers[name] = value
	}
}

// QueryKey is a parameter with a secret that the trusted front end adds to URLs, such as
// an API key. It may be given several times.
func QueryKey(name, value string) Option {
	return func(o *options) {
		if o.config.Credentials.Query == nil {
			o.config.Credentials.Query = map[string]string{}
		}
		o.config.Credentials.Query[name] = value
	}
}

// Together says that the API wants all credentials in one request; else each is
// tried alone.
func Together() Option { return func(o *options) { o.config.Credentials.Together = true } }

// Policy is the CORS policy that the API should have.
func Policy(p target.PolicyConfig) Option { return func(o *options) { o.config.Policy = p } }

// Configure changes anything else that a crossexam.yaml can say, such as the file
// with accepted deviations, whose violations are skipped.
func Configure(change func(*target.Config)) Option { return func(o *options) { change(&o.config) } }

// Only narrows the examination to requirements with any of these labels: an ID, a
// family, a level or a credential, such as "WLD-001", "ORG", "must" or "cookie".
// `go test -run` chooses what is shown; Only what is attempted.
func Only(labels ...string) Option {
	return func(o *options) { o.labels = append(o.labels, labels...) }
}

// Strict has a violated SHOULD fail too, and one that could not be judged.
func Strict() Option { return func(o *options) { o.strict = true } }

// RequireBrowser has [Run] fail where there is no Chrome or Chromium.
func RequireBrowser() Option { return func(o *options) { o.requireBrowser = true } }

// selected is the part of the plan that Only asks for. A label that nothing has is
// an error: a typo would be an empty, green run.
func (o options) selected(p engine.Plan) (engine.Plan, error) {
	if len(o.labels) == 0 {
		return p, nil
	}
	for _, l := range o.labels {
		if !slices.ContainsFunc(p.Items, func(i engine.Item) bool { return slices.Contains(i.Labels(), l) }) {
			return p, fmt.Errorf("no requirement has the label %q: labels are IDs such as WLD-001, and %s", l, strings.Join(known(p), ", "))
		}
	}
	return p.Select(func(i engine.Item) bool {
		return slices.ContainsFunc(i.Labels(), func(l string) bool { return slices.Contains(o.labels, l) })
	}), nil
}

// known are the labels of the plan without the IDs.
func known(p engine.Plan) []string {
	var list []string
	for _, i := range p.Items {
		for _, l := range i.Labels()[1:] {
			if !slices.Contains(list, l) {
				list = append(list, l)
			}
		}
	}
	return list
}
