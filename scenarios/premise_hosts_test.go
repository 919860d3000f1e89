package scenarios

import (
	"strings"
	"testing"
)

// A refusal that speaks of the host name, and is everybody's, is about the name by which
// the target was asked.
func TestPremiseNamesHost(t *testing.T) {
	for _, c := range []struct {
		status         int
		body, stranger string
		names          bool
	}{
		{404, `{"error":"unknown tenant 127.0.0.1"}`, "", true},
		{400, `Invalid host header`, "", true},
		{400, `Invalid HTTP_HOST header: '127.0.0.1:8000'. You may need to add '127.0.0.1' to ALLOWED_HOSTS.`, "", true},
		{403, `Blocked request. This host ("127.0.0.1") is not allowed.`, "", true},
		{421, ``, "", true},
		{404, `No such app`, "", true},
		{404, `default backend - 404`, "", true},
		{404, `{"detail":"Not Found"}`, "", false},
		{403, `{"error":"you may not read this tenant"}`, `{"error":"login"}`, false}, // the victim's own trouble
		{401, `{"error":"no tenant"}`, "", false},
		{403, `{"error":"ghosts"}`, "", false},
	} {
		victim := jsonReply(c.status, c.body)
		stranger := victim
		if c.stranger != "" {
			stranger = jsonReply(401, c.stranger)
		}
		p := NewPremise(Endpoint{Method: "GET", Path: "/me", Private: true}, Cookie, Asked{Victim: victim, Stranger: stranger})
		if p.NamesHost() != c.names || strings.Contains(p.Sentence(), "does not know the host name") != c.names {
			t.Errorf("%d %s: %t, %s", c.status, c.body, p.NamesHost(), p.Sentence())
		}
	}
	if p := (Premise{Endpoint: "GET /me", Finding: Private, Victim: Reply{Status: 421}}); p.NamesHost() {
		t.Error("an endpoint that was read names no host")
	}
}

// Several paths that were given as one are a path that may be there, so that they are
// told apart only where nothing is.
func TestMissingOfSeveralPaths(t *testing.T) {
	for path, want := range map[string]bool{"/me,/orders": true, "/range/1,2": false} {
		p := NewPremise(Endpoint{Method: "GET", Path: path, Private: true}, Cookie, Asked{Victim: jsonReply(404, `{}`), Stranger: jsonReply(404, `{}`)})
		if strings.Contains(p.Sentence(), "give each by itself") != want {
			t.Errorf("%s: %s", path, p.Sentence())
		}
	}
}
