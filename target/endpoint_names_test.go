package target

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// endpointNames are the names of endpoints.
func endpointNames(t *testing.T, c Config) []string {
	t.Helper()
	d, err := c.Deployment(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range d.Facts.Endpoints {
		names = append(names, e.String())
	}
	return names
}

func reads(path, body string) EndpointConfig {
	return EndpointConfig{Method: "POST", Path: path, Reads: true, Body: body}
}

// Requests that share a method and a path are told apart in what everybody reads.
func TestRequestsOfOnePathHaveNames(t *testing.T) {
	for about, tt := range map[string]struct {
		list []EndpointConfig
		want []string
	}{
		"GraphQL": {[]EndpointConfig{
			reads("/graphql", `{"query":"query Mine($id: ID!) { me { email } }"}`),
			reads("/graphql", `{"query":"{ mine: invoices(first: 3) { total } }"}`),
			reads("/graphql", `{"operationName":"Third","query":"query Third { a }"}`),
		}, []string{"POST /graphql#Mine", "POST /graphql#invoices", "POST /graphql#Third"}},
		"JSON-RPC": {[]EndpointConfig{
			reads("/rpc", `{"jsonrpc":"2.0","id":1,"method":"user.get"}`), reads("/rpc", `{"jsonrpc":"2.0","id":1,"method":"keys list"}`),
		}, []string{"POST /rpc#user.get", "POST /rpc#keys-list"}},
		"versions": {[]EndpointConfig{
			{Path: "/me", Headers: map[string]string{"Accept": "application/vnd.app.v1+json", "X-CSRF": "1"}},
			{Path: "/me", Headers: map[string]string{"Accept": "application/vnd.app.v2+json", "X-CSRF": "1"}},
			{Path: "/me"},
		}, []string{"GET /me#application/vnd.app.v1+json", "GET /me#application/vnd.app.v2+json", "GET /me"}},
		"names of their own": {[]EndpointConfig{
			{Method: "POST", Path: "/rpc", Reads: true, Body: `{"method":"get"}`, Name: "one"}, reads("/rpc", `{"method":"get","params":[2]}`),
		}, []string{"POST /rpc#one", "POST /rpc#get"}},
		"one alone": {[]EndpointConfig{reads("/graphql", `{"query":"{ me }"}`)}, []string{"POST /graphql"}},
		"writes": {[]EndpointConfig{{Method: "POST", Path: "/me", Body: "1"}, {Method: "POST", Path: "/me", Body: "2"}},
			[]string{"POST /me", "POST /me"}},
	} {
		if got := endpointNames(t, said(func(c *Config) { c.Reads, c.Endpoints = nil, tt.list })); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", about, got, tt.want)
		}
	}
	got := endpointNames(t, said(func(c *Config) {
		c.Reads, c.Endpoints, c.GraphQL = nil, []EndpointConfig{reads("/graphql", `{"query":"{ invoices }"}`)}, GraphQLConfig{Path: "/graphql", Query: "{ me }"}
	}))
	if want := []string{"POST /graphql#invoices", "POST /graphql#me"}; !slices.Equal(got, want) {
		t.Errorf("with graphql: %q, want %q", got, want)
	}
}

func TestRequestsThatCannotBeToldApart(t *testing.T) {
	for says, list := range map[string][]EndpointConfig{
		"such as name: get-2": {reads("/rpc", `{"method":"get","params":[1]}`), reads("/rpc", `{"method":"get","params":[2]}`)},
		"such as name: me":    {reads("/q", "a"), reads("/q", "b")},
		"cannot be the name":  {{Path: "/q", Name: "a b"}},
		"safe_to_write: true": {reads("/graphql", `{"query":"{ me }"}`), {Method: "POST", Path: "/graphql", Body: `{"query":"mutation { drop }"}`}},
	} {
		_, err := said(func(c *Config) { c.Reads, c.Endpoints = nil, list }).Deployment(context.Background())
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// A write that may happen is one, also where the same path is read by the same method.
func TestWritesBesideReads(t *testing.T) {
	d, err := said(func(c *Config) {
		c.Endpoints = []EndpointConfig{reads("/graphql", `{"query":"{ me }"}`), {Method: "POST", Path: "/graphql", Body: `{"query":"mutation { touch }"}`, SafeToWrite: true}}
	}).Deployment(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	at := d.Facts.At("/graphql")
	if writes := d.Facts.SafeWrites(); !d.Facts.MayChange("POST", at) || len(writes) != 1 || writes[0].Name != "touch" {
		t.Errorf("the writes are %v", writes)
	}
	for _, e := range d.Facts.Endpoints {
		if of, _ := d.Facts.EndpointOf(e.Method, d.Facts.At(e.Path), e.Body, e.Headers); of.Name != e.Name {
			t.Errorf("the request of %v is taken for that of %v", e, of)
		}
	}
}
