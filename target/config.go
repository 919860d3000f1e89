package target

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

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
	JSONRPC   JSONRPCConfig    `yaml:"json_rpc"`  // one of them
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
	FollowToHTTPS bool `yaml:"follow_to_https"`
	// ConnectTo is where the target is, host:port, whatever host its URL names; empty for
	// where that name leads.
	ConnectTo string `yaml:"connect_to"`
	Accepted  string `yaml:"accepted"` // a file, see [Config.AcceptedDeviations]

	from   *provenance           // nil for entries that came from no file
	found  *Discovery            // nil before [Config.DiscoverAt]
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

// BrowserConfig names the browser and its posture.
type BrowserConfig struct {
	Path                   string `yaml:"path"`
	BlockThirdPartyCookies bool   `yaml:"block_third_party_cookies"`
	UserAgent              string `yaml:"user_agent"` // empty for that of Chrome with a window
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

// queryBegins is what a document that reads begins with, behind comments (GraphQL
// specification, section 2.3).
var queryBegins = regexp.MustCompile(`^(?:[\s,]|#[^\n]*\n)*(?:\{|query\b|fragment\b)`)

// endpoint is the GraphQL endpoint, or an empty one where there is none.
func (g GraphQLConfig) endpoint() (scenarios.Endpoint, error) {
	switch {
	case g.Path == "" && g.Query != "":
		return scenarios.Endpoint{}, errors.New("there is a query and no path: give the path of the GraphQL endpoint too, such as /graphql")
	case g.Path == "":
		return scenarios.Endpoint{}, nil
	case strings.HasPrefix(strings.TrimSpace(g.Query), "mutation"), strings.HasPrefix(strings.TrimSpace(g.Query), "subscription"):
		return scenarios.Endpoint{}, errors.New("this is no query: give one that only reads, such as { me { email } }")
	case g.Query != "" && !queryBegins.MatchString(g.Query):
		return scenarios.Endpoint{}, errors.New("this is not GraphQL: write the query itself, such as { me { email } }")
	}
	// Of strings nothing fails.
	body, _ := json.Marshal(map[string]string{"query": cmp.Or(g.Query, "{ __typename }")})
	e := EndpointConfig{Method: http.MethodPost, Path: g.Path, Body: string(body), Reads: true}
	return e.endpoint(false), checkPath("the path of the GraphQL endpoint", g.Path)
}

// sortedHeaders are the lines in the order of their names.
func sortedHeaders(m map[string]string) cors.Headers {
	var lines cors.Headers
	for _, name := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, cors.Header{Name: name, Value: m[name]})
	}
	return lines
}

func orGET(method string) string {
	if method == "" {
		return http.MethodGet
	}
	return method
}
