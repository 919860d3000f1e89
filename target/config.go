package target

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// Config is what an operator says about a deployment, as text: the entries of a
// crossexam.yaml. The zero value of an entry means that nothing was said.
type Config struct {
	URL       string           `yaml:"target"`    // of the API
	Trusted   []string         `yaml:"trusted"`   // origins that may read it; empty and not nil for none
	Policy    PolicyConfig     `yaml:"policy"`    // that it should have
	Reads     []string         `yaml:"read"`      // paths of private endpoints
	Endpoints []EndpointConfig `yaml:"endpoints"` // besides Reads
	GraphQL   GraphQLConfig    `yaml:"graphql"`   // one of them
	Errors    []ErrorConfig    `yaml:"errors"`

	// WebSockets and EventStreams are paths where the victim gets private data;
	// Redirects are paths that are answered with a redirect.
	WebSockets   []WebSocketConfig `yaml:"websockets"`
	EventStreams []string          `yaml:"event_streams"`
	Redirects    []string          `yaml:"redirects"`

	Credentials CredentialsConfig `yaml:"credentials"`

	// OpenAPI is a file, a URL on the target's host, or "none" for no discovery.
	OpenAPI string   `yaml:"openapi"`
	Exclude []string `yaml:"exclude"` // paths that discovery leaves alone
	// Examine is how many private endpoints are examined in whole; 0 is for 8. All others
	// are swept.
	Examine int `yaml:"examine"`

	StartupLog StartupLogConfig `yaml:"startup_log"`
	Preset     string           `yaml:"preset"`
	// Launch says how to start the target, which is what is examined where there is
	// no URL.
	Launch LaunchConfig `yaml:"launch"`

	// Limits are the defaults where a field is zero.
	Limits  tap.Limits    `yaml:"limits"`
	Browser BrowserConfig `yaml:"browser"`

	AllowWrites        bool `yaml:"allow_writes"`
	InsecureSkipVerify bool `yaml:"insecure_skip_verify"`
	Direct             bool `yaml:"direct"` // the browser talks to the target itself
	// FollowToHTTPS has the https:// counterpart examined where the target redirects to it.
	FollowToHTTPS bool   `yaml:"follow_to_https"`
	Accepted      string `yaml:"accepted"` // a file, see [Config.AcceptedDeviations]

	from   *provenance           // nil for entries that came from no file
	found  *Discovery            // nil before [Config.Discover]
	log    *scenarios.StartupLog // nil before [Config.ReadLog]
	served *served               // nil where the host is what it says; see [Config.ServedAt]

	launches []scenarios.Launch // nil before [Config.Start]
	browser  cors.Headers       // see [Config.AskAs]
	folder   string             // of the file; empty where it came from none
}

// PolicyConfig is the CORS policy that the API should have.
type PolicyConfig struct {
	Credentials string   `yaml:"credentials"` // "include", "none", or empty
	Methods     []string `yaml:"methods"`
	Headers     []string `yaml:"headers"`
	Exposed     []string `yaml:"exposed"`
	MaxAge      *int     `yaml:"max_age"` // seconds
}

// EndpointConfig is an endpoint that the operator names.
type EndpointConfig struct {
	Method      string `yaml:"method"` // empty is GET
	Path        string `yaml:"path"`
	Open        bool   `yaml:"open"` // else it is private
	SafeToWrite bool   `yaml:"safe_to_write"`
	Body        string `yaml:"body"`
	// Reads says that the request only reads, whatever its method.
	Reads bool `yaml:"reads"`
	// Headers are those that the endpoint wants of everyone, and no secret.
	Headers map[string]string `yaml:"headers"`
	// Name tells the endpoint from others of its method and path; empty is what its request
	// calls, where there are others.
	Name string `yaml:"name"`
}

// GraphQLConfig is a GraphQL endpoint, read by a POST of a query.
type GraphQLConfig struct {
	Path  string `yaml:"path"`
	Query string `yaml:"query"` // empty is { __typename }
}

// ErrorConfig is a way to provoke an error.
type ErrorConfig struct {
	Status      int               `yaml:"status"`
	None        bool              `yaml:"none"`   // nothing is provoked with this status unless it is named
	Method      string            `yaml:"method"` // empty is GET
	Path        string            `yaml:"path"`
	Headers     map[string]string `yaml:"headers"`
	Body        string            `yaml:"body"`
	BodyBytes   int               `yaml:"body_bytes"`
	Anonymous   bool              `yaml:"anonymous"`
	Unhandled   bool              `yaml:"unhandled"`
	Proxy       bool              `yaml:"proxy"`
	SafeToWrite bool              `yaml:"safe_to_write"`
}

// BrowserConfig names the browser and its posture.
type BrowserConfig struct {
	Path                   string `yaml:"path"`
	BlockThirdPartyCookies bool   `yaml:"block_third_party_cookies"`
	UserAgent              string `yaml:"user_agent"` // empty for that of Chrome with a window
}

func (b BrowserConfig) check() error {
	if strings.TrimSpace(b.UserAgent) != b.UserAgent || strings.ContainsFunc(b.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the user agent %q cannot be sent: write one line of ASCII characters, as a browser sends it", b.UserAgent)
	}
	return nil
}

// Override says that an entry no longer is what the file says, because from, a
// variable of the environment, or a flag, if from is empty, said otherwise.
// Problems with it then name that in the place of the file.
func (c *Config) Override(entry, from string) {
	// A copy of the configuration keeps what it has.
	own := provenance{}
	if c.from != nil {
		own = *c.from
	}
	own.given = maps.Clone(own.given)
	if own.given == nil {
		own.given = map[string]string{}
	}
	own.given[entry] = from
	c.from = &own
}

// AskAs has the requests that Crossexam makes itself carry these header lines, by
// which those of a browser are known.
func (c *Config) AskAs(browser cors.Headers) { c.browser = browser }

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
		Examine:  c.Examine,
		Upstream: c.upstream(base),
		Facts: scenarios.Target{
			URL:    strings.TrimSuffix(base.String(), "/"),
			Label:  strings.ToLower(rand.Text()[:12]),
			Policy: c.policy(),
		},
	}
	d.Notes = notes
	if c.served != nil && c.served.by != nil {
		d.PublicKey = c.served.by.SPKI()
	}
	d.Facts.StartupLog = c.log
	key, err := c.StartupLog.check(printed)
	fail(strings.TrimSuffix(join("startup_log", key), "."), err)
	d.Limits = c.Limits.Over(tap.DefaultLimits(d.Upstream))
	fail("limits", d.Limits.Check())
	d.Facts.Assumed = c.Trusted == nil
	for i, s := range c.Trusted {
		switch {
		case isOtherOrigin(s):
			d.Facts.OtherTrusted = append(d.Facts.OtherTrusted, s)
			continue
		case s == "null":
			d.Facts.OtherTrusted = append(d.Facts.OtherTrusted, s)
			d.Notes = append(d.Notes, nullOpens)
			continue
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
	// What nobody needs cookies for needs none from another site.
	d.Facts.CrossSiteCookies = d.Facts.Policy.Credentials != scenarios.NoCredentials &&
		slices.ContainsFunc(d.Facts.Trusted, func(o cors.Origin) bool { return !o.SameSite(d.Facts.Origin()) })
	for _, list := range []struct {
		entry string
		names []string
		check func(string) error
	}{
		{"policy.methods", c.Policy.Methods, checkMethod},
		{"policy.headers", c.Policy.Headers, checkHeaderName},
		{"policy.exposed", c.Policy.Exposed, checkHeaderName},
	} {
		for i, name := range list.names {
			fail(fmt.Sprintf("%s[%d]", list.entry, i), list.check(name))
		}
	}
	d.Credentials = c.Credentials.assemble(d.Facts, func(entry string, err error) { fail(join("credentials", entry), err) }, &d.Notes)
	d.Facts.BareCookies = bareCookies(d.Credentials.Cookies)
	if login := d.Credentials.Login; login != nil {
		d.Facts.Login = login.Path
	}
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
			!fail(entry+".name", checkEndpointName(e.Name)) && !fail(entry, e.check()) {
			add(entry, e.endpoint(c.AllowWrites))
		}
	}
	if e, err := c.GraphQL.endpoint(); !fail("graphql", err) && e.Path != "" {
		add("graphql", e)
	}
	nameEndpoints(d.Facts.Endpoints, func(i int, err error) { fail(entries[i], err) })
	for i, e := range c.Errors {
		switch {
		case e.None:
			fail(fmt.Sprintf("errors[%d]", i), e.check())
		case !fail(fmt.Sprintf("errors[%d].path", i), checkPath("the path", e.Path)) &&
			!fail(fmt.Sprintf("errors[%d]", i), e.check()):
			d.Facts.Errors = append(d.Facts.Errors, e.recipe())
		}
	}
	for _, list := range []struct {
		entry, what string
		paths       []string
		into        *[]string
	}{
		{"event_streams", "the path of an event stream", c.EventStreams, &d.Facts.EventStreams},
		{"redirects", "the path that redirects", c.Redirects, &d.Facts.Redirects},
	} {
		for i, p := range list.paths {
			if !fail(fmt.Sprintf("%s[%d]", list.entry, i), checkPath(list.what, p)) {
				*list.into = append(*list.into, p)
			}
		}
	}
	for i, w := range c.WebSockets {
		if key, err := w.check(); !fail(strings.TrimSuffix(join(fmt.Sprintf("websockets[%d]", i), key), "."), err) {
			d.Facts.WebSockets = append(d.Facts.WebSockets, scenarios.Socket(w))
		}
	}
	for i, pattern := range c.Exclude {
		if pattern == "" || pattern[0] != '/' && pattern[0] != '*' {
			fail(fmt.Sprintf("exclude[%d]", i), fmt.Errorf("the pattern %q matches no path: write it like /admin/*", pattern))
		}
	}
	if c.Examine < 0 || c.Examine > mostExamined {
		fail("examine", fmt.Errorf("%d endpoints cannot be examined in whole: write a number from 1 to %d", c.Examine, mostExamined))
	}
	fail("policy.headers", c.checkNoHeaders(d))
	fail("openapi", c.checkDocument(d.Facts))
	fail("launch", c.addLaunches(preset, &d))
	fail("browser.user_agent", c.Browser.check())
	return d, ps
}

func (c Config) policy() scenarios.Policy {
	return scenarios.Policy{
		Methods:     c.Policy.Methods,
		Headers:     c.Policy.Headers,
		Exposed:     c.Policy.Exposed,
		Credentials: scenarios.CredentialsPolicy(c.Policy.Credentials),
		MaxAge:      c.Policy.MaxAge,
	}
}

// endpoint is the one that the operator named, whose writes reach the target where
// it is declared safe to write to, or all that the operator named are.
func (e EndpointConfig) endpoint(allowWrites bool) scenarios.Endpoint {
	made := scenarios.Endpoint{
		Method: orGET(e.Method), Path: e.Path, Private: !e.Open, Headers: sortedHeaders(e.Headers), Body: e.Body, Reads: e.Reads, Name: e.Name,
	}
	made.SafeToWrite = e.SafeToWrite || e.Reads || allowWrites && !made.Safe()
	if e.Reads && e.Body != "" && !made.Headers.Has("Content-Type") {
		made.Headers = append(made.Headers, cors.Header{Name: "Content-Type", Value: "application/json"})
	}
	return made
}

// endpoint is the GraphQL endpoint, or an empty one where there is none.
func (g GraphQLConfig) endpoint() (scenarios.Endpoint, error) {
	switch {
	case g.Path == "" && g.Query != "":
		return scenarios.Endpoint{}, errors.New("there is a query and no path: give the path of the GraphQL endpoint too, such as /graphql")
	case g.Path == "":
		return scenarios.Endpoint{}, nil
	case strings.HasPrefix(strings.TrimSpace(g.Query), "mutation"), strings.HasPrefix(strings.TrimSpace(g.Query), "subscription"):
		return scenarios.Endpoint{}, errors.New("this is no query: give one that only reads, such as { me { email } }")
	}
	// Of strings nothing fails.
	body, _ := json.Marshal(map[string]string{"query": cmp.Or(g.Query, "{ __typename }")})
	e := EndpointConfig{Method: http.MethodPost, Path: g.Path, Body: string(body), Reads: true}
	return e.endpoint(false), checkPath("the path of the GraphQL endpoint", g.Path)
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

// sortedHeaders are the lines in the order of their names.
func sortedHeaders(m map[string]string) cors.Headers {
	var lines cors.Headers
	for _, name := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, cors.Header{Name: name, Value: m[name]})
	}
	return lines
}

// checkHeaders checks lines that an attacker's page sets as well as the front end.
func checkHeaders(lines cors.Headers) error {
	for _, h := range lines {
		if !httpguts.ValidHeaderFieldName(h.Name) || !httpguts.ValidHeaderFieldValue(h.Value) {
			return fmt.Errorf("the header %q cannot be sent: write a name of letters and dashes, and a value on one line", h.Name)
		}
	}
	return nil
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

func checkMethod(name string) error {
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Errorf("%q is no method: write methods in capitals, such as PUT, or an empty list for none", name)
	}
	return nil
}

func checkHeaderName(name string) error {
	if name == "none" || !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("%q is no name of a header: write names such as X-Request-Id, or an empty list for none", name)
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

func (e ErrorConfig) recipe() scenarios.ErrorRecipe {
	return scenarios.ErrorRecipe{
		Status: e.Status, Method: orGET(e.Method), Path: e.Path, Headers: sortedHeaders(e.Headers), Body: e.Body, BodyBytes: e.BodyBytes,
		Anonymous: e.Anonymous, Unhandled: e.Unhandled, Proxy: e.Proxy, SafeToWrite: e.SafeToWrite,
	}
}

func (e ErrorConfig) check() error {
	r := e.recipe()
	reads := scenarios.Endpoint{Method: r.Method}.Safe()
	switch {
	case e.None && !reflect.DeepEqual(e, ErrorConfig{Status: e.Status, None: true}):
		return errors.New("with none there is nothing to send: leave out all but status")
	case e.None:
		return nil
	case e.Body != "" && e.BodyBytes != 0:
		return errors.New("there are both body and body_bytes: write only one of them")
	case reads && (e.Body != "" || e.BodyBytes != 0):
		return fmt.Errorf("a %s has no body: leave it out, or name the method that the body is for", r.Method)
	case reads && e.SafeToWrite:
		return fmt.Errorf("a %s only reads, and goes through anyway: leave safe_to_write out, or name the method that writes", r.Method)
	case e.Unhandled && e.Status != http.StatusInternalServerError:
		return fmt.Errorf("an unhandled error has the status 500, and this one %d: leave unhandled out", e.Status)
	case e.Unhandled && e.Proxy:
		return errors.New("an unhandled error is the application's, not the proxy's: leave out one of the two")
	}
	return checkHeaders(r.Headers)
}

func orGET(method string) string {
	if method == "" {
		return http.MethodGet
	}
	return method
}

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
		return nil, fmt.Errorf("the target %q has a query or fragment: give the base URL of the API, such as %s, and endpoints with `read`", s, (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimSuffix(u.Path, "/")}).String())
	}
	return u, nil
}

// isOtherOrigin reports whether a text is an origin of another scheme than http and
// https, as those of browser extensions and of desktop and mobile applications are.
func isOtherOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.Scheme != "http" && u.Scheme != "https" && s == u.Scheme+"://"+u.Host
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
	switch {
	case err != nil:
		return o, fmt.Errorf("trusted origin: %w", err)
	case o == own:
		return o, fmt.Errorf("trusted origin: %s is the target's own origin, which needs no CORS: leave it out; where no other is trusted, write `trusted: []`", o)
	}
	return o, nil
}

func checkPath(what, p string) error {
	if !isPath(p) {
		return fmt.Errorf("%s %q is not a path: write it like %s", what, p, asPath(p))
	}
	return nil
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

// unwanted reports whether the operator wants nothing provoked with a status unless it
// is named.
func (c Config) unwanted(status int) bool {
	return slices.ContainsFunc(c.Errors, func(e ErrorConfig) bool { return e.None && e.Status == status })
}

// unwantedRefusal is the same for the answer to a request without a login, whose status
// the target is not asked for yet.
func (c Config) unwantedRefusal() bool {
	return slices.ContainsFunc(c.Errors, func(e ErrorConfig) bool {
		return e.None && (e.Status < 400 || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
	})
}

// addCommonErrors adds the error responses that can be provoked on any target,
// where none with that status is known, and the operator does not want to have them
// left alone.
func (c Config) addCommonErrors(t *scenarios.Target) {
	known := func(status int) bool {
		return c.unwanted(status) || slices.ContainsFunc(t.Errors, func(r scenarios.ErrorRecipe) bool { return r.Status == status && !r.Proxy })
	}
	if !known(404) {
		t.Errors = append(t.Errors, scenarios.ErrorRecipe{Status: 404, Method: "GET", Path: "/crossexam-" + t.Label, Guessed: true})
	}
	private := slices.DeleteFunc(t.PrivateReads(), func(e scenarios.Endpoint) bool { return e.Method != http.MethodGet })
	if t.Has(scenarios.ClientCert) {
		return // a server without the certificate may say 400, 401, 403, or nothing
	}
	if len(private) > 0 && !t.Has(scenarios.Network) && len(t.Credentials) > 0 && !known(401) && !known(403) && !c.unwantedRefusal() {
		t.Errors = append(t.Errors, scenarios.ErrorRecipe{Status: 401, Method: "GET", Path: private[0].Path, Headers: private[0].Headers, Anonymous: true, Guessed: true})
	}
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
