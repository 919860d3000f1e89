package cors

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fetch is a page's call of fetch() in mode "cors", redirects followed.
type Fetch struct {
	Origin      Origin  // of the page
	URL         string  // absolute
	Method      string  // as the page wrote it; empty means GET
	Headers     Headers // set by the page
	Credentials bool    // credentials mode "include"
}

// Prediction is what a conforming browser must make of a fetch.
type Prediction struct {
	// Reason says why the page gets nothing; Allowed when CORS is not to blame.
	Reason Reason
	// Readable says that the page gets status, body and VisibleHeaders.
	Readable bool
	// VisibleHeaders are the response headers the page can read, in lower case
	// and sorted.
	VisibleHeaders []string
	// NeedsPreflight says that the first request had to be asked for.
	NeedsPreflight bool
	// Undetermined says in one sentence why the exchanges do not settle the
	// outcome; it is empty when they do.
	Undetermined string
}

// Predict returns what the browser must decide, given the exchanges of one fetch in
// the order of the wire: each request behind its preflight, if it had one.
func Predict(f Fetch, exchanges []Exchange) Prediction {
	p, err := f.start()
	if err != nil {
		return Prediction{Undetermined: err.Error()}
	}
	out := Prediction{NeedsPreflight: p.cors && NeedsPreflight(p.method, p.headers)}
	for {
		res, rest, err := p.receive(exchanges)
		if err != nil {
			return out.fail(err, rest)
		}
		next, redirected, err := p.follow(res)
		switch {
		case err != nil:
			return out.fail(err, rest)
		case redirected:
			p, exchanges = next, rest
		case len(rest) > 0:
			return out.fail(fmt.Errorf("an exchange of %s follows the last response", rest[0].Request.URL), nil)
		default:
			out.Readable = true
			out.VisibleHeaders = p.visible(res)
			return out
		}
	}
}

// refusal is the browser's decision that CORS forbids a response. Any other error
// of this file leaves the fetch undetermined.
type refusal Reason

func (r refusal) Error() string { return string(r) }

// fail ends a fetch that gives the page nothing. After a refusal the browser
// sends no more, so that more on the wire belongs to something else.
func (out Prediction) fail(err error, rest []Exchange) Prediction {
	var r refusal
	switch {
	case !errors.As(err, &r):
		out.Undetermined = err.Error()
	case len(rest) > 0:
		out.Undetermined = fmt.Sprintf("an exchange of %s follows %s", rest[0].Request.URL, r)
	default:
		out.Reason = Reason(r)
	}
	return out
}

func (f Fetch) start() (hop, error) {
	url, err := parseWebURL(f.URL)
	if err == nil && url.origin.IsOpaque() {
		err = errors.New("its scheme must be https or http")
	}
	if err != nil {
		return hop{}, fmt.Errorf("%q cannot be fetched: %w", f.URL, err)
	}
	return hop{
		page:        f.Origin,
		credentials: f.Credentials,
		url:         url,
		method:      NormalizeMethod(cmp.Or(f.Method, "GET")),
		headers:     f.Headers,
		cors:        f.Origin != url.origin,
	}, nil
}

// receive takes the exchanges of one hop and gives its response, unless CORS
// refuses it or its preflight.
func (p hop) receive(exchanges []Exchange) (res Response, rest []Exchange, err error) {
	// A preflight may be missing where one is needed, because the answer to an
	// earlier one was cached, and be there where none is, because the page watches
	// its upload. What is on the wire counts.
	if len(exchanges) > 0 && exchanges[0].Request.IsPreflight() {
		if res, exchanges, err = p.take("preflight", exchanges); err != nil {
			return res, nil, err
		}
		ask := PreflightRequest{p.origin(), p.method, UnsafeHeaders(p.headers), p.credentials}
		if r := CheckPreflight(ask, res.Status, res.Headers); r != Allowed {
			return res, exchanges, refusal(r)
		}
	}
	if res, rest, err = p.take("request", exchanges); err != nil {
		return res, rest, err
	}
	// Chrome's network stack counts redirects, and gives up before anybody checks the
	// response that is one too many. By the standard the CORS check comes first; the page
	// gets nothing either way.
	if _, redirects := res.location(); redirects && p.count == maxRedirects {
		return res, rest, errors.New("there are too many redirects")
	}
	if !p.cors {
		return res, rest, nil
	}
	if r := Check(p.origin(), p.credentials, res.Headers); r != Allowed {
		err = refusal(r)
	}
	return res, rest, err
}

// take returns the response of the first exchange.
func (p hop) take(what string, exchanges []Exchange) (res Response, rest []Exchange, err error) {
	if len(exchanges) == 0 {
		return res, nil, fmt.Errorf("there is no exchange of the %s", what)
	}
	for len(exchanges) > 1 && isRepeated(exchanges[0], exchanges[1]) {
		exchanges = exchanges[1:]
	}
	e := exchanges[0]
	switch {
	case e.Withheld:
		err = fmt.Errorf("the %s was withheld from the server", what)
	case e.Response == nil:
		err = fmt.Errorf("the %s got no response", what)
	default:
		if err = p.drops(*e.Response); err != nil {
			err = fmt.Errorf("the browser drops the response to the %s: %w", what, err)
		}
		return *e.Response, exchanges[1:], err
	}
	if e.Fault != "" {
		err = fmt.Errorf("%w: %s", err, e.Fault)
	}
	return res, nil, err
}

// isRepeated reports whether b is the browser's own second try of a, of which the
// page learns nothing: it answers an authentication challenge, or asks again on
// a new connection.
func isRepeated(a, b Exchange) bool {
	if a.Response != nil {
		switch a.Response.Status {
		case 401, 408, 421:
		default:
			return false
		}
	}
	return !a.Withheld && a.Request.Method == b.Request.Method && a.Request.URL == b.Request.URL &&
		a.Request.IsPreflight() == b.Request.IsPreflight()
}

// drops says why the browser has a network error in place of the response,
// before CORS is looked at (measured in Chrome 156).
func (p hop) drops(r Response) error {
	for _, l := range r.Headers {
		if strings.Contains(l.Name+l.Value, "\x00") {
			return errors.New("its headers have a NUL")
		}
	}
	for _, name := range []string{"Content-Length", "Content-Disposition", "Location"} {
		vs := r.Headers.Values(name)
		if name != "Location" { // in which a comma is nothing special
			vs = splitAll(vs)
		}
		if slices.ContainsFunc(vs, func(v string) bool { return trim(v) != trim(vs[0]) }) {
			return fmt.Errorf("its %s values differ", name)
		}
	}
	if r.Status == 407 {
		return errors.New("status 407 is for proxies")
	}
	if location, ok := r.location(); ok {
		if _, err := p.url.resolve(location); err != nil {
			return fmt.Errorf("it redirects to %q: %w", location, err)
		}
	}
	return nil
}

// splitAll splits lines at each comma that is not in quotes. Chrome does so with
// most headers, whatever their syntax, and keeps empty items.
func splitAll(lines []string) []string {
	var items []string
	for _, line := range lines {
		quoted, begin := false, 0
		for i := 0; i < len(line); i++ {
			switch c := line[i]; {
			case c == '"':
				quoted = !quoted
			case c == '\\' && quoted:
				i++
			case c == ',' && !quoted:
				items = append(items, line[begin:i])
				begin = i + 1
			}
		}
		items = append(items, line[begin:])
	}
	return items
}

// visible returns the names of the response headers that the page may read.
func (p hop) visible(r Response) []string {
	if p.cors {
		return visibleHeaders(p.credentials, r.Headers)
	}
	return visible(r.Headers, func(string) bool { return true })
}
