package target

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A server that says that it is JSON-RPC is asked for what it has; nothing else is sent a
// POST.
func TestJSONRPCIsFound(t *testing.T) {
	const (
		mcpSays = `{"jsonrpc":"2.0","error":{"code":-32000,"message":"Not Acceptable"},"id":null}`
		geth    = "invalid content type, only application/json is supported"
	)
	result := func(call string) string { return `{"jsonrpc":"2.0","id":1,"result":["` + call + `"]}` }
	for name, tt := range map[string]struct {
		below   string // the server's own URL
		at      string // where it is
		get     int    // and what it says there to a GET
		says    string
		query   string // and to one with a query
		quotes  bool   // with 200 and not 415
		knows   string // the call it knows
		refuses int    // the status of all others
		reply   func(string) string
		config  func(*Config)
		url     string // that is examined, below the server
		reads   string
		only    string
	}{
		"MCP at the URL": {below: "/mcp", at: "/mcp", get: 406, says: mcpSays, knows: "tools/list", reads: "POST /mcp",
			reply: func(call string) string { return "event: message\ndata: " + result(call) + "\n\n" }},
		"MCP at the URL, with a path below it": {below: "/mcp", at: "/mcp", get: 405, says: mcpSays, knows: "tools/list", reply: result,
			url: "/mcp", config: func(c *Config) { c.Errors = []ErrorConfig{{Status: 404, Path: "/none"}} }},
		"MCP below the URL":          {at: "/mcp", get: 405, says: mcpSays, knows: "initialize", refuses: 400, reads: "POST /mcp", reply: result},
		"MCP below a path":           {below: "/v1", at: "/v1/mcp", get: 405, says: mcpSays, knows: "tools/list", url: "/v1", reads: "POST /mcp", reply: result},
		"a node":                     {at: "/", get: 200, query: geth, knows: "web3_clientVersion", reads: "POST /", reply: result},
		"a node that names itself":   {at: "/", get: 405, says: "JSONRPC server handles only POST requests", knows: "getblockchaininfo", refuses: 404, reads: "POST /", reply: result},
		"one behind a login":         {at: "/", get: 405, says: "JSON-RPC, POST only", refuses: 401, reads: "POST /"},
		"one that knows no call":     {at: "/", get: 405, says: mcpSays, only: "/"},
		"one that is excluded":       {at: "/", get: 405, says: mcpSays, knows: "rpc.discover", reply: result, config: func(c *Config) { c.Exclude = []string{"/"} }},
		"a POST that says nothing":   {at: "/", get: 405, says: "Method Not Allowed", knows: "rpc.discover", only: "/"},
		"a page about it":            {at: "/", get: 200, says: "<html>JSON-RPC 2.0</html>", knows: "rpc.discover"},
		"an empty page":              {at: "/", get: 200, query: "only text is supported", knows: "rpc.discover"},
		"a page that quotes a node":  {at: "/", get: 200, query: geth, quotes: true, knows: "rpc.discover"},
		"one whose discovery is off": {at: "/", get: 405, says: mcpSays, knows: "rpc.discover", config: func(c *Config) { c.OpenAPI = "none" }},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var posted []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if strings.HasPrefix(tt.says, "<") {
					w.Header().Set("Content-Type", "text/html")
				}
				switch {
				case r.URL.Path != tt.at:
					http.NotFound(w, r)
				case r.Method == http.MethodGet && r.URL.RawQuery != "" && tt.quotes:
					fmt.Fprint(w, tt.query)
				case r.Method == http.MethodGet && r.URL.RawQuery != "" && tt.query != "":
					http.Error(w, tt.query, http.StatusUnsupportedMediaType)
				case r.Method == http.MethodGet:
					w.WriteHeader(tt.get)
					fmt.Fprint(w, tt.says)
				default:
					body, _ := io.ReadAll(r.Body)
					var q struct{ Method string }
					if err := json.Unmarshal(body, &q); err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
						t.Errorf("%s %s with %q", r.Method, r.URL, body)
					}
					mu.Lock()
					posted = append(posted, q.Method)
					mu.Unlock()
					switch {
					case q.Method == tt.knows && tt.reply != nil:
						fmt.Fprint(w, tt.reply(q.Method))
					case tt.refuses != 0:
						w.WriteHeader(tt.refuses)
					default:
						fmt.Fprint(w, `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}`)
					}
				}
			}))
			defer s.Close()
			c := Config{URL: s.URL + tt.below, Trusted: []string{"https://app.example.com"}}
			if tt.config != nil {
				tt.config(&c)
			}
			c, found, err := c.discover(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var reads []string
			for _, e := range found.Reads {
				reads = append(reads, e.String())
			}
			if got := strings.Join(reads, " "); got != tt.reads || c.URL != s.URL+tt.url || found.PostOnly != tt.only {
				t.Errorf("read %q of %s, POST alone at %q", got, c.URL, found.PostOnly)
			}
			if tt.reads == "" && tt.only == "" && len(posted) > 0 || tt.says == "Method Not Allowed" && len(posted) > 0 {
				t.Errorf("it was sent %v", posted)
			}
			if tt.knows != "" && tt.reads != "" && posted[len(posted)-1] != tt.knows {
				t.Errorf("it was sent %v", posted)
			}
			if tt.reads == "" {
				return
			}
			d, err := c.Deployment(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			e := d.Facts.PrivateReads()
			if len(e) != 1 || !e[0].Reads || d.Facts.At(e[0].Path) != s.URL+tt.at || !d.Facts.AllowsWrite("POST", s.URL+tt.at) || d.Facts.AllowsWrite("POST", s.URL+"/other") {
				t.Errorf("to be read: %+v", e)
			}
			text, err := Scaffold(c, found)
			if err != nil {
				t.Fatal(err)
			}
			again, err := parseConfig("c.yaml", text, around())
			if err != nil || len(again.Endpoints) != 1 || again.Endpoints[0].Body != e[0].Body || !again.Endpoints[0].Reads {
				t.Errorf("%v: %+v\n%s", err, again.Endpoints, text)
			}
		})
	}
}

func TestCalls(t *testing.T) {
	for name, tt := range map[string]struct {
		JSONRPCConfig
		body string
	}{
		"a method":           {JSONRPCConfig{"/", "eth_accounts"}, `{"id":1,"jsonrpc":"2.0","method":"eth_accounts","params":[]}`},
		"none":               {JSONRPCConfig{"/rpc", ""}, `{"id":1,"jsonrpc":"2.0","method":"rpc.discover","params":[]}`},
		"none of MCP":        {JSONRPCConfig{"/api/mcp", ""}, `{"id":1,"jsonrpc":"2.0","method":"tools/list"}`},
		"a request":          {JSONRPCConfig{"/", `{"method":"getBalance","params":["x"],"id":7}`}, `{"id":7,"jsonrpc":"2.0","method":"getBalance","params":["x"]}`},
		"a method with dots": {JSONRPCConfig{"/", "system.listMethods"}, `{"id":1,"jsonrpc":"2.0","method":"system.listMethods","params":[]}`},
	} {
		e, err := tt.endpoint()
		accept, _ := e.Headers.Get("Accept")
		if err != nil || e.Body != tt.body || !e.Reads || !e.Private || e.Method != http.MethodPost || !e.Headers.Has("Content-Type") ||
			!slices.Equal(strings.Split(accept, ", "), []string{"application/json", "text/event-stream"}) {
			t.Errorf("%s: %v, %+v", name, err, e)
		}
	}
}
