package target

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A document is what an API says of itself, as far as it bears on discovery.
type document struct {
	operations []operation // by path, GET first, without the ids that several have
	// prefix is the path of the server that the document names, before each of
	// its paths; hasServer is false where it names none.
	prefix    string
	hasServer bool
	// schemes are the ways to log in, such as "bearer".
	schemes []string
	// origins are those that it leads to, by a server or a link.
	origins []string
	// title and schemas, by name, tell applications apart.
	title   string
	schemas []string
	// security tells whether the document says of anything that it needs a login.
	security bool
}

// An operation is one method on one path of a document.
type operation struct {
	method     string
	path       string // below the server, with its parameters in braces
	id         string
	secured    bool
	parameters []parameter
	statuses   []int // that it documents
	stream     bool  // it answers with events, without an end
	json       bool  // it answers with JSON
	jsonBody   bool  // it takes JSON
}

type parameter struct {
	name, in string
	required bool
	number   bool // an integer, a number or a boolean, for which text is an error
	// sample is the value that the document gives as an example or default.
	sample    string
	hasSample bool
}

// fill writes the path with the samples in the place of its parameters, and the
// query that the operation needs. The error says what is missing. A write does
// without samples: it is withheld from the target. given are the headers that come
// with the credential.
func (op operation) fill(given cors.Headers) (string, error) {
	path := op.path
	var query []string
	for _, p := range op.parameters {
		hole := "{" + p.name + "}"
		if !op.reads() && !p.hasSample {
			p.sample, p.hasSample = "1", true
		}
		switch {
		case p.in == "path" && strings.Contains(path, hole):
			if !p.hasSample || p.sample == "." || p.sample == ".." {
				return "", fmt.Errorf("it needs a value for %s, and the document has no example", hole)
			}
			path = strings.ReplaceAll(path, hole, url.PathEscape(p.sample))
		case !p.required || isCredentialHeader(p) || p.in == "header" && given.Has(p.name):
		case p.in == "query" && p.hasSample:
			query = append(query, url.QueryEscape(p.name)+"="+url.QueryEscape(p.sample))
		case p.in == "query":
			return "", fmt.Errorf("it needs the query parameter %q, and the document has no example", p.name)
		case op.reads():
			return "", fmt.Errorf("it needs the %s %q", p.in, p.name)
		}
	}
	switch {
	case strings.ContainsAny(path, "{}"):
		return "", errors.New("it needs values in its path that the document does not describe")
	case strings.ContainsAny(path, "?#"):
		return "", errors.New("its path is none")
	case len(query) > 0:
		path += "?" + strings.Join(query, "&")
	}
	return path, checkPath("its path", path)
}

// isCredentialHeader tells of the headers that a document may name and that come
// with the credential.
func isCredentialHeader(p parameter) bool {
	return p.in == "cookie" || p.in == "header" && slices.Contains([]string{"authorization", "accept", "content-type"}, strings.ToLower(p.name))
}

func (op operation) documents(status int) bool { return slices.Contains(op.statuses, status) }

func (op operation) reads() bool { return op.method == http.MethodGet }
