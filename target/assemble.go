package target

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// Deployment checks the configuration and makes a deployment of it. The error is
// [Problems]: which entries are wrong and what to write instead. A name in the
// URL is looked up, for at most two seconds, to find out whether the target is in
// a private network; nothing else is contacted.
func (c Config) Deployment(ctx context.Context) (Deployment, error) {
	return c.Redeploy(ctx, Deployment{})
}

// Redeploy is [Config.Deployment] for a configuration that has learnt more since
// the deployment before was made of it: from the startup log, a launch or
// discovery. What was looked up or drawn for that one stays, unless the target is
// at another origin now.
func (c Config) Redeploy(ctx context.Context, before Deployment) (Deployment, error) {
	d, ps := c.assemble()
	if err := ps.orNil(); err != nil {
		return Deployment{}, err
	}
	d.Facts.Credentials = d.Credentials.identities(c.Credentials.Together)
	for _, h := range d.Credentials.Headers {
		d.Facts.CredentialHeaders = append(d.Facts.CredentialHeaders, h.Name)
	}
	if before.Facts.URL != "" && before.Facts.Origin() == d.Facts.Origin() {
		d.Facts.Local, d.Facts.Label = before.Facts.Local, before.Facts.Label
		d.Upstream.ResolvesToLoopback = before.Upstream.ResolvesToLoopback
	} else {
		d.Facts.Local, d.Upstream.ResolvesToLoopback = c.whereabouts(ctx, d.Facts.Origin())
	}
	d.Limits = c.Limits.Over(tap.DefaultLimits(d.Upstream))
	d.NetworkDeclared = c.Credentials.Network != nil && *c.Credentials.Network
	if network := c.Credentials.Network; network != nil && *network ||
		network == nil && len(d.Facts.Credentials) == 0 && d.Facts.Local {
		d.Facts.Credentials = append(d.Facts.Credentials, scenarios.Network)
	}
	c.addDiscovered(&d)
	d.Notes = append(d.Notes, c.withoutEffect(d)...)
	c.addCommonErrors(&d.Facts)
	d.askAsWanted()
	return d, nil
}

// failing takes notice of an error in an entry of the configuration, where there is one, and
// reports whether there is.
type failing func(entry string, err error) bool

// assemble makes a deployment of what the configuration itself says, and its
// preset.
func (c Config) assemble() (Deployment, Problems) {
	var ps Problems
	fail := func(entry string, err error) bool {
		if err != nil {
			ps = append(ps, c.from.problem(entry, err))
		}
		return err != nil
	}
	preset, err := c.named()
	fail("preset", err)
	printed := c.Starts() && (c.URL == "" || c.launches != nil) // by what is started
	c, notes := c.completed(preset)
	base, err := baseURL(c.URL)
	if fail("target", err) {
		return Deployment{}, ps
	}
	if err := (tap.Upstream{URL: base}).CheckProxy(); fail("target", err) {
		return Deployment{}, ps
	}
	d := Deployment{
		Preset:   preset,
		Direct:   c.Direct,
		examine:  c.Examine,
		exclude:  c.Exclude,
		Upstream: c.upstream(base),
		Facts: scenarios.Target{
			URL:    strings.TrimSuffix(base.String(), "/"),
			Label:  strings.ToLower(rand.Text()[:12]),
			Policy: c.policy(),
		},
	}
	d.Notes = notes
	if named, err := url.Parse(c.URL); err == nil && named.Hostname() != base.Hostname() {
		d.Notes = append(d.Notes, fmt.Sprintf("%s is what servers listen on, and no address of a page: %s was examined.", named.Hostname(), base.Host))
	}
	if c.Direct {
		fail("direct", d.Upstream.CheckDirect())
	}
	if c.served != nil && c.served.by != nil {
		d.PublicKey = c.served.by.SPKI()
	}
	d.Facts.StartupLog = c.log
	key, err := c.StartupLog.check(printed)
	fail(strings.TrimSuffix(join("startup_log", key), "."), err)
	d.Limits = c.Limits.Over(tap.DefaultLimits(d.Upstream))
	fail("limits", d.Limits.Check())
	c.addTrusted(&d, fail)
	// What nobody needs cookies for needs none from another site.
	d.Facts.CrossSiteCookies = d.Facts.Policy.Credentials != scenarios.NoCredentials &&
		slices.ContainsFunc(d.Facts.Trusted, func(o cors.Origin) bool { return !o.SameSite(d.Facts.Origin()) })
	c.checkPolicy(fail)
	d.Credentials = c.Credentials.assemble(d.Facts, func(entry string, err error) { fail(join("credentials", entry), err) }, &d.Notes)
	d.Facts.BareCookies = bareCookies(d.Credentials.Cookies)
	if login := d.Credentials.Login; login != nil {
		d.Facts.Login = login.Path
	}
	c.addEndpoints(&d, fail)
	c.addErrors(&d.Facts, fail)
	c.addPaths(&d.Facts, fail)
	if c.Examine < 0 || c.Examine > mostExamined {
		fail("examine", fmt.Errorf("%d endpoints cannot be examined in whole: write a number from 1 to %d", c.Examine, mostExamined))
	}
	c.saidTwice(fail)
	fail("policy.headers", c.checkNoHeaders(d))
	fail("openapi", c.checkDocument(d.Facts))
	fail("connect_to", c.checkAddress())
	fail("launch", c.addLaunches(preset, &d))
	fail("browser.user_agent", c.Browser.check())
	return d, ps
}

// addTrusted adds the origins of the front end: exact ones, patterns, and what is none of the web.
func (c Config) addTrusted(d *Deployment, fail failing) {
	d.Facts.Assumed = c.Trusted == nil
	for i, s := range c.Trusted {
		switch {
		case isOtherOrigin(s) && !fail(fmt.Sprintf("trusted[%d]", i), checkOtherOrigin(s)):
			d.Facts.OtherTrusted = append(d.Facts.OtherTrusted, s)
			continue
		case s == "null":
			d.Facts.OtherTrusted = append(d.Facts.OtherTrusted, s)
			d.Notes = append(d.Notes, nullOpens)
			continue
		case isOtherOrigin(s): // which was told
		case cors.IsPattern(s):
			p, err := trustedPattern(s, c.Starts())
			if !fail(fmt.Sprintf("trusted[%d]", i), err) {
				d.Facts.Patterns = append(d.Facts.Patterns, p)
				d.Facts.Trusted = append(d.Facts.Trusted, scenarios.MemberOf(p))
			}
			continue
		}
		o, err := trustedOrigin(s, d.Facts.Origin())
		if !fail(fmt.Sprintf("trusted[%d]", i), err) {
			d.Facts.Trusted = append(d.Facts.Trusted, o)
		}
	}
}

func (c Config) checkPolicy(fail failing) {
	for _, list := range []struct {
		entry string
		names []string
		check func(string) error
	}{
		{"policy.methods", c.Policy.Methods, checkMethod},
		{"policy.headers", c.Policy.Headers, checkRequestHeaderName},
		{"policy.exposed", c.Policy.Exposed, checkExposedName},
	} {
		for i, name := range list.names {
			fail(fmt.Sprintf("%s[%d]", list.entry, i), list.check(name))
		}
	}
}

// addEndpoints adds what the configuration says of requests, whichever way it says it.
func (c Config) addEndpoints(d *Deployment, fail failing) {
	var entries []string // of the endpoints
	add := func(entry string, e scenarios.Endpoint) {
		d.Facts.Endpoints, entries = append(d.Facts.Endpoints, e), append(entries, entry)
	}
	for i, p := range c.Reads {
		if entry := fmt.Sprintf("read[%d]", i); !fail(entry, checkPath("the path to read", p)) {
			add(entry, scenarios.Endpoint{Method: "GET", Path: p, Private: true})
		}
	}
	for i, e := range c.Endpoints {
		if entry := fmt.Sprintf("endpoints[%d]", i); !fail(entry+".path", checkPath("the path", e.Path)) &&
			!fail(entry+".method", checkMethod(orGET(e.Method))) &&
			!fail(entry+".name", checkEndpointName(e.Name)) && !fail(entry, e.check()) {
			add(entry, e.endpoint(c.AllowWrites))
		}
	}
	if e, err := c.GraphQL.endpoint(); !fail("graphql", err) && e.Path != "" {
		add("graphql", e)
	}
	if e, err := c.JSONRPC.endpoint(); !fail("json_rpc", err) && e.Path != "" {
		add("json_rpc", e)
	}
	for i, e := range d.Facts.Endpoints {
		fail(entries[i], d.Credentials.checkApart(e.Path))
	}
	checkRequestsOnce(d.Facts.Endpoints, func(i int, err error) { fail(entries[i], err) })
	nameEndpoints(d.Facts.Endpoints, func(i int, err error) { fail(entries[i], err) })
}

func (c Config) addErrors(t *scenarios.Target, fail failing) {
	for i, e := range c.Errors {
		switch {
		case e.None:
			fail(fmt.Sprintf("errors[%d]", i), e.check())
		case !fail(fmt.Sprintf("errors[%d].path", i), checkPath("the path", e.Path)) &&
			!fail(fmt.Sprintf("errors[%d].method", i), checkMethod(orGET(e.Method))) &&
			!fail(fmt.Sprintf("errors[%d]", i), errors.Join(e.check(), e.isAnother(c.Errors[:i]))):
			t.Errors = append(t.Errors, e.recipe())
		}
	}
}

// addPaths adds what is asked for in another way than by a request for data, and checks what is
// left alone.
func (c Config) addPaths(t *scenarios.Target, fail failing) {
	for _, list := range []struct {
		entry, what string
		paths       []string
		into        *[]string
	}{
		{"event_streams", "the path of an event stream", c.EventStreams, &t.EventStreams},
		{"redirects", "the path that redirects", c.Redirects, &t.Redirects},
	} {
		for i, p := range list.paths {
			if !fail(fmt.Sprintf("%s[%d]", list.entry, i), checkPath(list.what, p)) {
				*list.into = append(*list.into, p)
			}
		}
	}
	for i, w := range c.WebSockets {
		if key, err := w.check(); !fail(strings.TrimSuffix(join(fmt.Sprintf("websockets[%d]", i), key), "."), err) {
			t.WebSockets = append(t.WebSockets, scenarios.Socket(w))
		}
	}
	for i, pattern := range c.Exclude {
		if pattern == "" || pattern[0] != '/' && pattern[0] != '*' {
			fail(fmt.Sprintf("exclude[%d]", i), fmt.Errorf("the pattern %q matches no path: write it like /admin/*", pattern))
		}
	}
}

// askAsWanted has every request to an endpoint, and what provokes an error, carry the
// headers that the API wants of all.
func (d *Deployment) askAsWanted() {
	add := func(to *cors.Headers) {
		for _, h := range d.Credentials.Wanted {
			if !to.Has(h.Name) {
				*to = append(slices.Clone(*to), h)
			}
		}
	}
	for _, endpoints := range [][]scenarios.Endpoint{d.Facts.Endpoints, d.Beyond} {
		for i := range endpoints {
			add(&endpoints[i].Headers)
		}
	}
	for i := range d.Facts.Errors {
		add(&d.Facts.Errors[i].Headers)
	}
}

// withoutEffect says which entries change nothing with this target.
func (c Config) withoutEffect(d Deployment) []string {
	var notes []string
	if c.InsecureSkipVerify && d.Facts.Origin().Scheme() == "http" {
		notes = append(notes, "`insecure_skip_verify` has no effect: an http:// target has no certificate.")
	}
	if c.FollowToHTTPS && strings.HasPrefix(c.URL, "https:") {
		notes = append(notes, "`follow_to_https` has no effect: the target is at https:// already.")
	}
	if len(c.Exclude) > 0 && !c.NeedsDiscovery() {
		notes = append(notes, "`exclude` has no effect: the endpoints are named, so that none is discovered.")
	}
	if c.AllowWrites && len(d.Facts.SafeWrites()) == 0 {
		notes = append(notes, "`allow_writes` has no effect: no endpoint that writes is named.")
	}
	return notes
}

// whereabouts reports whether an origin leads to this machine or a private network
// alone, and whether to this machine alone. A name that does not resolve leads
// nowhere, which the run will find out.
func whereabouts(ctx context.Context, o cors.Origin) (private, loopback bool) {
	if o.IsLocal() {
		return true, o.IsLoopback()
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", o.Host())
	if err != nil {
		return false, false
	}
	return areLocal(addrs)
}

// areLocal reports whether all the addresses are private, and whether all are
// loopback. It is false for none.
func areLocal(addrs []netip.Addr) (private, loopback bool) {
	private, loopback = len(addrs) > 0, len(addrs) > 0
	for _, a := range addrs {
		a = a.Unmap()
		loopback = loopback && a.IsLoopback()
		private = private && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast())
	}
	return private, loopback
}
