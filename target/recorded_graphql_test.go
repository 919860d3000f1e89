package target

import (
	"net/url"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/recording"
)

// posted is a request of a front end in JSON that was answered.
func posted(t *testing.T, path, body string, headers ...cors.Header) recording.Request {
	t.Helper()
	u, err := url.Parse("https://api.example.com" + path)
	if err != nil {
		t.Fatal(err)
	}
	return recording.Request{
		Method: "POST", URL: u, Status: 200, Kind: recording.Fetch, Body: body, Cookies: []string{"session"},
		Headers: append(cors.Headers{{Name: "Content-Type", Value: "application/json"}, {Name: "Origin", Value: "https://app.example.com"}}, headers...),
	}
}

// What a front end asks for with GraphQL is read, each query once, and what changes
// something or has a secret in it is not written.
func TestRecordedQueriesOfGraphQL(t *testing.T) {
	const me = `{"query":"query Me { me { email } }","operationName":"Me"}`
	for name, c := range map[string]struct {
		bodies []string
		reads  []string // by name
		says   string
	}{
		"a query":                 {[]string{me}, []string{"POST /graphql"}, ""},
		"twice":                   {[]string{me, me, `{"query":"query Me { me { email } }","operationName":"Me","variables":{"n":2}}`}, []string{"POST /graphql"}, ""},
		"two, one without a name": {[]string{me, `{"query":"{ orders { total } }"}`}, []string{"POST /graphql#Me", "POST /graphql#orders"}, ""},
		"variables":               {[]string{`{"query":"query One($id: ID!) { one(id: $id) { name } }","variables":{"id":"550e8400-e29b-41d4-a716-446655440000","n":[1]}}`}, []string{"POST /graphql"}, ""},
		"a mutation beside it":    {[]string{`{"query":"mutation { rename(id: 1) { id } }"}`, me}, []string{"POST /graphql"}, "Left out are mutations"},
		"a document with both":    {[]string{`{"query":"query A { a } mutation B { b }","operationName":"B"}`, me}, []string{"POST /graphql"}, "Left out are mutations"},
		"a secret by its name":    {[]string{`{"query":"query A($in: In!) { a(in: $in) }","variables":{"in":{"password":"hunter2"}}}`, me}, []string{"POST /graphql"}, "looks like a secret"},
		"a secret by its looks":   {[]string{`{"query":"query A($s: String!) { a(s: $s) }","variables":{"s":["hunter2hunter2h4x0r1337zz9"]}}`, me}, []string{"POST /graphql"}, "looks like a secret"},
		"a secret in the text":    {[]string{`{"query":"{ a(s: \"hunter2hunter2h4x0r1337zz9\") }"}`, me}, []string{"POST /graphql"}, "looks like a secret"},
		"a reference":             {[]string{`{"query":"{ a(s: \"${HOME}\") }"}`, me}, []string{"POST /graphql"}, "Left out are mutations"},
		"a mutation alone":        {[]string{`{"query":"mutation { rename(id: 1) { id } }"}`}, nil, ""},
		"a search of another API": {[]string{`{"query":"merger talks"}`}, nil, ""},
		"a persisted query":       {[]string{`{"extensions":{"persistedQuery":{"sha256Hash":"ab"}}}`}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var r recording.Recording
			for _, body := range c.bodies {
				r.Requests = append(r.Requests, posted(t, "/graphql", body, cors.Header{Name: "X-CSRF", Value: "1"}))
			}
			text, d := written(t, Config{}, r)
			var got []string
			for _, e := range d.Facts.Endpoints {
				if !e.Reads {
					continue
				}
				name := e.Method + " " + e.Path
				if e.Name != "" {
					name += "#" + e.Name
				}
				got = append(got, name)
				if v, _ := e.Headers.Get("X-Csrf"); v != "1" || !e.Private {
					t.Errorf("the endpoint is %+v", e)
				}
			}
			if strings.Join(got, ", ") != strings.Join(c.reads, ", ") || !strings.Contains(text, c.says) || strings.Contains(text, "hunter2") {
				t.Errorf("read are %q\n%s", got, text)
			}
			// A write beside a read would be sent.
			if writes := len(d.Facts.Endpoints) - len(got); (writes > 0) != (len(got) == 0) {
				t.Errorf("there are %d writes", writes)
			}
		})
	}
}

// What a front end says on a WebSocket after its first message.
func TestRecordedMessages(t *testing.T) {
	const hello = `{"type":"connection_init"}`
	for name, c := range map[string]struct {
		sent []string
		then int
		note bool
	}{
		"subscribes":          {[]string{hello, `{"id":"1","type":"subscribe","payload":{"query":"subscription { orders { total } }"}}`}, 1, false},
		"an older client":     {[]string{hello, `{"id":"1","type":"start","payload":{"query":"{ orders { total } }"}}`, `{"type":"stop"}`}, 2, false},
		"a mutation":          {[]string{hello, `{"id":"1","type":"subscribe","payload":{"query":"mutation { a }"}}`}, 0, true},
		"a secret":            {[]string{hello, `{"id":"1","type":"subscribe","payload":{"query":"subscription { a }","variables":{"token":"hunter2"}}}`}, 0, true},
		"something else":      {[]string{hello, `hunter2`}, 0, true},
		"nothing":             {[]string{hello}, 0, false},
		"a secret at first":   {[]string{`{"type":"connection_init","payload":{"token":"hunter2"}}`, `{"type":"ping"}`}, 0, true},
		"more than there may": {append([]string{hello}, strings.Split(strings.Repeat(`{"type":"ping"} `, 10)[:16*10-1], " ")...), messageLimit - 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			q := posted(t, "/live", "")
			q.Method, q.Status, q.Kind, q.Sent = "GET", 101, recording.WebSocket, c.sent
			text, d := written(t, Config{}, recording.Recording{Requests: []recording.Request{q}})
			if len(d.Facts.WebSockets) != 1 || len(d.Facts.WebSockets[0].Then) != c.then || strings.Contains(text, "since it may have a secret in it") != c.note || strings.Contains(text, "hunter2") {
				t.Errorf("%+v\n%s", d.Facts.WebSockets, text)
			}
		})
	}
}

// A recording tells what is private by all requests of a kind, and a 401 for a request
// without a credential is one to provoke, whoever counts visitors.
func TestRecordedBeforeTheLogin(t *testing.T) {
	text, d := written(t, Config{}, commands(t, "curl https://api.example.com/me -H 'origin: https://app.example.com'\ncurl https://api.example.com/me -H 'authorization: Bearer x'\ncurl https://api.example.com/health -b _ga=1"))
	if e := d.Facts.Endpoints; len(e) != 2 || !e[0].Private || e[1].Private {
		t.Errorf("the endpoints are %+v\n%s", e, text)
	}
	early, late := posted(t, "/me", ""), posted(t, "/me", "")
	early.Method, early.Status, early.Cookies, early.Answer = "GET", 401, []string{"_ga"}, cors.Headers{{Name: "Access-Control-Allow-Credentials", Value: "true"}}
	late.Method = "GET"
	text, d = written(t, Config{}, recording.Recording{Requests: []recording.Request{early, late}})
	if e := d.Facts.Errors; len(e) == 0 || e[0].Status != 401 || !e[0].Anonymous {
		t.Errorf("the errors are %+v\n%s", e, text)
	}
}

// A login that gives a token gives no cookie to examine with.
func TestRecordedLoginForAToken(t *testing.T) {
	login, read := posted(t, "/login", `{"username":"victim","password":"hunter2"}`), posted(t, "/me", "", cors.Header{Name: "Authorization", Value: "Bearer hunter2"})
	login.Cookies, read.Method, read.Cookies = nil, "GET", nil
	text, d := written(t, Config{}, recording.Recording{Requests: []recording.Request{login, read}})
	if d.Credentials.Login != nil || d.Credentials.Bearer == "" || !strings.Contains(text, "# The front end logs in at /login, and sends the token") || strings.Contains(text, "hunter2") {
		t.Errorf("%+v\n%s", d.Credentials, text)
	}
	for name, change := range map[string]func(*recording.Request){
		"a cookie is set":     func(q *recording.Request) { q.Answer = cors.Headers{{Name: "Set-Cookie", Value: "session=x; Path=/"}} },
		"a cookie goes along": func(q *recording.Request) { q.Cookies = []string{"session"} },
		"credentials are asked": func(q *recording.Request) {
			q.Answer = cors.Headers{{Name: "Access-Control-Allow-Credentials", Value: "true"}}
		},
	} {
		login := login
		change(&login)
		if _, d := written(t, Config{}, recording.Recording{Requests: []recording.Request{login, read}}); d.Credentials.Login == nil {
			t.Errorf("%s: the login is not written", name)
		}
	}
}

// Chrome leaves Authorization out of what it exports, and not that it was asked for.
func TestRecordedWithoutItsToken(t *testing.T) {
	asked, read := posted(t, "/me", ""), posted(t, "/me", "")
	asked.Method, asked.Status, asked.Kind, asked.Cookies = "OPTIONS", 204, recording.Preflight, nil
	asked.Headers = append(asked.Headers, cors.Header{Name: "Access-Control-Request-Method", Value: "GET"}, cors.Header{Name: "Access-Control-Request-Headers", Value: "authorization"})
	read.Method, read.Cookies = "GET", nil
	text, d := written(t, Config{}, recording.Recording{Requests: []recording.Request{asked, read}})
	if d.Credentials.Bearer != "victim:of-API_TOKEN" || !strings.Contains(text, "# The recording has been cleared of credentials.") {
		t.Errorf("%+v\n%s", d.Credentials, text)
	}
}
