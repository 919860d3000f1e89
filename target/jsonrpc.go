package target

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// JSONRPCConfig is an endpoint of JSON-RPC 2.0, such as a blockchain node's or an MCP
// server's, read by a POST of a call.
type JSONRPCConfig struct {
	Path string `yaml:"path"`
	// Call is the name of a method that only reads, or a whole request as JSON. Empty is
	// tools/list below /mcp, and else rpc.discover (OpenRPC).
	Call string `yaml:"call"`
}

// endpoint is the JSON-RPC endpoint, or an empty one where there is none.
func (c JSONRPCConfig) endpoint() (scenarios.Endpoint, error) {
	switch {
	case c.Path == "" && c.Call != "":
		return scenarios.Endpoint{}, errors.New("there is a call and no path: give the path of the JSON-RPC endpoint too, such as /mcp, or / where it has none")
	case c.Path == "":
		return scenarios.Endpoint{}, nil
	}
	if err := checkPath("the path of the JSON-RPC endpoint", c.Path); err != nil {
		return scenarios.Endpoint{}, err
	}
	body, err := rpcBody(cmp.Or(c.Call, usualCall(c.Path)))
	if err != nil {
		return scenarios.Endpoint{}, err
	}
	e := EndpointConfig{Method: http.MethodPost, Path: c.Path, Body: body, Reads: true, Headers: map[string]string{"Accept": rpcAccepts}}
	return e.endpoint(false), nil
}

// rpcAccepts is what an MCP server wants to be accepted (MCP, Streamable HTTP, "Sending
// Messages to the Server"), and no server of JSON-RPC minds.
const rpcAccepts = "application/json, text/event-stream"

func usualCall(at string) string {
	if isMCP(at) {
		return "tools/list"
	}
	return "rpc.discover"
}

func isMCP(at string) bool { return path.Base(at) == "mcp" }

var rpcMethod = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,128}$`)

// rpcBody is the request for a call: the name of a method, or a request as JSON.
func rpcBody(call string) (string, error) {
	request := map[string]any{"jsonrpc": "2.0", "id": 1}
	switch {
	case strings.HasPrefix(strings.TrimSpace(call), "{"):
		if err := json.Unmarshal([]byte(call), &request); err != nil {
			return "", fmt.Errorf("the call is no request of JSON-RPC: %w", err)
		}
	case !rpcMethod.MatchString(call):
		return "", fmt.Errorf("the call %q is no method: write its name, such as eth_accounts, or a request such as {\"method\": \"eth_accounts\", \"params\": []}", call)
	default:
		request["method"] = call
		switch {
		case call == mcpInitialize:
			request["params"] = map[string]any{
				"protocolVersion": "2025-06-18", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "crossexam", "version": "1"},
			}
		case !strings.Contains(call, "/"): // MCP wants an object, or none
			request["params"] = []any{}
		}
	}
	method, _ := request["method"].(string)
	if method == "" {
		return "", errors.New("the call names no method: write a request such as {\"method\": \"eth_accounts\", \"params\": []}")
	}
	if w := effectIn(method); w != "" {
		return "", fmt.Errorf("the call %s says %q, so that it may change something: give one that only reads; a write belongs among the `endpoints`, and is withheld there", method, w)
	}
	body, err := json.Marshal(request)
	return string(body), err
}

const mcpInitialize = "initialize"

// rpcPaths are where servers of JSON-RPC are, and rpcCalls what is asked of one: by the
// protocols' own words these only tell what there is (MCP, OpenRPC, Ethereum, Bitcoin,
// XML-RPC introspection).
var (
	rpcPaths = []string{"/", "/mcp", "/rpc", "/jsonrpc", "/json_rpc"}
	rpcCalls = strings.Fields("rpc.discover eth_accounts web3_clientVersion system.listMethods getblockchaininfo get_info")
	mcpCalls = []string{"tools/list", mcpInitialize}
)

// jsonRPC looks for a JSON-RPC endpoint where nothing private is read by GET. A server
// that says by itself, in its answer to a GET, that it is one is asked by POST for what it
// has; no other is. Where that is the target's URL itself, its path becomes the
// endpoint's. What takes POST alone and does not say so is named to the operator.
func (f *finder) jsonRPC(nothing *cors.Response) {
	own := strings.TrimPrefix(f.deployment.Facts.URL, f.deployment.Facts.Origin().String())
	places := rpcPaths
	if _, ok := f.ownPath(); ok {
		places = append([]string{""}, places...)
	}
	for _, p := range places {
		if excluded(own+p, f.config.Exclude) != "" {
			continue
		}
		at := f.deployment.Facts.At(p)
		r := f.get(at, false)
		if r == nil {
			continue
		}
		if !f.speaksJSONRPC(at, r) {
			first := p == places[0]
			if f.found.PostOnly == "" && takesPOST(r) && (first || nothing == nil || nothing.Status != r.Status) {
				f.found.PostOnly = own + p
			}
			continue
		}
		f.found.PostOnly = own + p
		calls := slices.Concat(rpcCalls, mcpCalls)
		if isMCP(at) {
			calls = slices.Concat(mcpCalls, rpcCalls)
		}
		for _, call := range calls {
			e, err := JSONRPCConfig{Path: own + p, Call: call}.endpoint()
			if err != nil || !f.answersCall(at, e) {
				continue
			}
			if e.Discovered = true; own != "" && p == "" {
				f.rebase()
			} else {
				e.Path = p
			}
			f.found.Reads = append(f.found.Reads, e)
			f.found.Alike, f.found.PostOnly = nil, ""
			f.note("There is a JSON-RPC server at %s, which is read by POST, with the call %s: name another with `json_rpc.path` and `json_rpc.call`.", own+p, call)
			return
		}
		return
	}
}

// answersCall asks a JSON-RPC server by POST, and reports whether it gave a result or asked
// for a login.
func (f *finder) answersCall(at string, e scenarios.Endpoint) bool {
	if !f.verifiable(true) {
		return true
	}
	f.posts = at
	defer func() { f.posts = "" }()
	r := f.tap.Probe(f.ctx, cors.Request{
		Method: e.Method, URL: f.deployment.Credentials.At(at, scenarios.Query), Headers: append(slices.Clone(e.Headers), f.deployment.Credentials.headers()...),
		Body: e.Body, ClientCertificate: f.deployment.Credentials.ClientCertificate != nil,
	}).Response
	return r != nil && (r.Status == http.StatusUnauthorized || r.Status == http.StatusOK && hasResult(r.Body))
}

// hasResult reports whether a reply has the result of a call, as JSON or as the event of a
// stream (MCP).
func hasResult(body string) bool {
	messages := []string{body}
	for line := range strings.Lines(body) {
		if data, ok := strings.CutPrefix(line, "data:"); ok {
			messages = append(messages, data)
		}
	}
	return slices.ContainsFunc(messages, func(m string) bool {
		var reply struct {
			Result any `json:"result"`
		}
		return json.Unmarshal([]byte(m), &reply) == nil && reply.Result != nil
	})
}

// saysJSONRPC is how servers name it: the member of every message (JSON-RPC 2.0, section
// 5), or the word in a text.
var saysJSONRPC = regexp.MustCompile(`(?i)\bjson-?\s?rpc`)

// speaksJSONRPC reports whether a reply to a GET is a JSON-RPC server's: an error of the
// protocol, or a text that names it. That of go-ethereum and its many kin names nothing,
// and is known by answering a GET with an empty 200 and one with a query by its own words.
func (f *finder) speaksJSONRPC(at string, r *cors.Response) bool {
	if kind, _ := r.Headers.Get("Content-Type"); !strings.Contains(kind, "html") && saysJSONRPC.MatchString(r.Body) && len(r.Body) < 4096 {
		return true
	}
	if r.Status != http.StatusOK || r.Body != "" {
		return false
	}
	asked := f.get(at+"?"+url.QueryEscape(f.deployment.Facts.Label), false)
	return asked != nil && asked.Status == http.StatusUnsupportedMediaType && strings.Contains(asked.Body, "only application/json is supported")
}

// takesPOST reports whether a reply to a GET says that there is something for POST.
func takesPOST(r *cors.Response) bool {
	return r.Status == http.StatusMethodNotAllowed && (r.Headers.ListHas("Allow", "POST") || !r.Headers.Has("Allow"))
}
