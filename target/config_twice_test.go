package target

import (
	"errors"
	"strings"
	"testing"
)

// What stands in a file twice, or in an empty list or group, is an error that says where,
// and so is what no page can send or read.
func TestEntriesThatMakeNoSense(t *testing.T) {
	const target = "target: http://127.0.0.1:5999\ntrusted: [https://app.example.com]\n"
	for text, says := range map[string]string{
		"read: [/a, /a]":                                  "c.yaml:3:12: read[1]: GET /a is given twice",
		"read: ['/a,/b']":                                 "c.yaml:3:8: read[0]: the path to read \"/a,/b\" is several in one",
		"read: [/a]\nendpoints: [{path: /a}]":             "c.yaml:4:13: endpoints[0]: GET /a is given twice",
		"read: [/a]\nendpoints: [{path: /a, open: true}]": "endpoints[0]: GET /a is said to be private and to be open",
		"graphql: {path: /g}\nendpoints: [{method: POST, path: /g, reads: true, body: '{\"query\":\"{ __typename }\"}'}]": "graphql: POST /g is given twice",
		"policy: {methods: [PUT, PUT]}":                      "c.yaml:3:25: policy.methods[1]: PUT is given twice",
		"policy: {headers: [X-A, x-a]}":                      "policy.headers[1]: x-a is given twice",
		"policy: {exposed: [X-A, x-a]}":                      "policy.exposed[1]: x-a is given twice",
		"event_streams: [/a, /a]":                            "event_streams[1]: /a is given twice",
		"redirects: [/a, /a]":                                "redirects[1]: /a is given twice",
		"exclude: [/a, /a]":                                  "exclude[1]: /a is given twice",
		"websockets: [/a, {path: /a}]":                       "websockets[1]: /a is given twice",
		"credentials: {cookies: [a=1; Secure, a=2]}":         "credentials.cookies[1]: the cookie a is given twice",
		"credentials: {cookies: ['a=1; b=2; a=3']}":          "credentials.cookies[0]: the cookie a is given twice",
		"endpoints: [{path: /a, headers: {X-A: a, x-a: b}}]": "endpoints[0]: the header x-a is given twice",

		"read: []":       "c.yaml:3:1: read: this is empty",
		"endpoints: []":  "endpoints: this is empty",
		"errors: []":     "errors: this is empty",
		"websockets: []": "websockets: this is empty",
		"websockets: [{path: /a, protocols: []}]": "websockets[0].protocols: this is empty",
		"event_streams: []":                       "event_streams: this is empty",
		"redirects: []":                           "redirects: this is empty",
		"exclude: []":                             "exclude: this is empty",
		"policy: {}":                              "c.yaml:3:1: policy: this is empty",
		"graphql: {}":                             "graphql: this is empty",
		"credentials: {query: {api_key: s3cret}}\nread: ['/a?lang=en&api_key=s3cret']": "c.yaml:4:8: read[0]: the path has api_key in it",
		"errors: [{status: 404}]":    "errors[0].path: the path is missing: write it like /api/notebooks",
		"json_rpc: {}":               "json_rpc: this is empty",
		"limits: {}":                 "limits: this is empty",
		"browser: {}":                "browser: this is empty",
		"credentials: {}":            "credentials: this is empty",
		"credentials: {cookies: []}": "credentials.cookies: this is empty",
		"errors: [{status: 404, path: /x, headers: {}}]": "errors[0].headers: this is empty",
		"read: ['']": "read[0]: this is empty",
		"read: [a]":  "read[0]: \"a\" is not written as it should be: paths of private endpoints",

		"policy: {headers: ['*']}":                                          "policy.headers[0]: * is what an API answers",
		"policy: {exposed: ['*']}":                                          "policy.exposed[0]: * is what an API answers",
		"policy: {headers: [Origin]}":                                       "policy.headers[0]: no page can set the header Origin",
		"policy: {headers: [Cookie]}":                                       "no page can set the header Cookie",
		"policy: {exposed: [Set-Cookie]}":                                   "policy.exposed[0]: no page can read Set-Cookie",
		"policy: {methods: [TRACE]}":                                        "policy.methods[0]: no page can send a TRACE",
		"endpoints: [{method: CONNECT, path: /a}]":                          "endpoints[0].method: no page can send a CONNECT",
		"errors: [{status: 405, method: TRACK, path: /a}]":                  "errors[0].method: no page can send a TRACK",
		"endpoints: [{path: /a, headers: {Host: x}}]":                       "endpoints[0]: no page can set the header Host",
		"errors: [{status: 400, path: /a, headers: {Content-Length: '9'}}]": "errors[0]: no page can set the header Content-Length",
		"graphql: {path: /g, query: hi}":                                    "graphql: this is not GraphQL",
		"graphql: {path: /g, query: '@query.graphql'}":                      "graphql: this is not GraphQL",
		"credentials: {basic: ':'}":                                         "credentials.basic: the basic credential has neither",
		"credentials: {client_certificate: {}}":                             "file is missing: PKCS#12 file",
	} {
		_, err := parseConfig("c.yaml", []byte(target+text+"\n"), around())
		var ps Problems
		if !errors.As(err, &ps) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, and not: %s", text, err, says)
		}
	}
}

// What looks like the same said twice, or like nothing said, and is neither.
func TestEntriesThatMakeSense(t *testing.T) {
	const target = "target: http://127.0.0.1:5999\n"
	for _, text := range []string{
		"trusted: []\npolicy: {methods: [], headers: [], exposed: []}",
		"trusted: ['https://*.example.com', https://app.example.com]",
		"read: [/a, /a?x=1, /A, '/a,b']",
		"endpoints: [{path: /a}, {path: /a, headers: {Accept: b/c}}, {method: HEAD, path: /a}, {method: PUT, path: /a}, {method: OPTIONS, path: /a}]",
		"credentials: {cookies: [a=1; Path=/x, a=2; Path=/y, a=3; Domain=example.com]}",
		"websockets: [/a, {path: /a, protocols: [x]}]",
		"graphql: {path: /g, query: \"# mine\\n query Me { me }\"}",
		"graphql: {path: /g, query: 'fragment F on User { id } query { me { ...F } }'}",
		"credentials: {basic: 'key:'}",
		"errors: [{status: 401, path: /a, headers: {Authorization: Bearer nobody}}]",
	} {
		if _, err := parseConfig("c.yaml", []byte(target+text+"\n"), around()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A text that is meant as an origin of another scheme is told how to be written.
func TestOtherOriginsThatAreNone(t *testing.T) {
	for text, says := range map[string]string{
		"NULL":                     "write null",
		"app://":                   "such as app://localhost",
		"file://":                  "has the origin null",
		"file:///home/x.html":      "has the origin null",
		"capacitor://localhost/":   "write capacitor://localhost",
		"Tauri://localhost":        "write tauri://localhost",
		"chrome-extension://*":     "name your own, such as chrome-extension://ID",
		"moz-extension://*":        "name your own",
		"chrome-extension://short": "write the 32 letters from a to p",
		"chrome-extension://abcdefghijklmnopabcdefghijklmnoq": "write the 32 letters from a to p",
		"moz-extension://short":                               "write the Internal UUID",
	} {
		_, err := said(func(c *Config) { c.Trusted = []string{text} }).Deployment(t.Context())
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "must be https") {
			t.Errorf("%s: %v, and not: %s", text, err, says)
		}
	}
}
