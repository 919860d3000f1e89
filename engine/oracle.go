package engine

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// disagreement says in one sentence how the browser's decision about an attempt
// differs from the one that the Fetch standard asks for on the same exchanges,
// and nothing where it does not or where the exchanges do not settle it. Where it
// speaks, something between the browser and the tap is broken, or the browser is
// not the one that Crossexam knows: such an observation shows nothing.
func disagreement(o scenarios.Observation) string {
	if !isSettled(o) {
		return ""
	}
	p := cors.Predict(fetchOf(o), o.Exchanges)
	if p.Undetermined != "" {
		return ""
	}
	chrome, standard := "that the page may read it", "that the page may read it"
	if !o.Read() {
		chrome = "that it is blocked for " + string(o.Block.Reason)
	}
	if !p.Readable {
		standard = "that it is blocked for " + string(p.Reason)
	}
	seen, visible := unaltered(namesOf(o.Page.Headers)), unaltered(p.VisibleHeaders)
	switch {
	case o.Read() != p.Readable || !p.Readable && decision(o.Block.Reason) != decision(p.Reason):
	case !p.NeedsPreflight && o.Exchanges[0].Request.IsPreflight():
		chrome, standard = "that it needs a preflight", "that it needs none"
	case p.Readable && !slices.Equal(seen, visible):
		chrome = fmt.Sprintf("that the page may read the headers %q", seen)
		standard = fmt.Sprintf("%q", visible)
	default:
		return ""
	}
	return fmt.Sprintf("the browser and the oracle disagree about %s %q from %s (%s): Chrome says %s, the Fetch standard says %s",
		o.Attempt.Method, o.Attempt.URL, o.Attempt.Page, o.Attempt.Vector, chrome, standard)
}

// checkOracle gives a *Fault when the browser and the oracle disagree.
func checkOracle(o scenarios.Observation) error {
	d := disagreement(o)
	if d == "" {
		return nil
	}
	return &Fault{
		Stage:  StageEvidence,
		Err:    errors.New(d),
		Advice: "nothing that this browser shows can be trusted: try another one with `browser.path`, and please report it",
	}
}

// isSettled reports whether the observation is of a fetch by a page that the browser
// let through or refused for a reason of the CORS protocol, and whether the tap
// had all its exchanges. A preflight may be missing: its answer may be cached.
func isSettled(o scenarios.Observation) bool {
	if !o.Attempt.Vector.IsFetch() || o.Fault != "" || o.Page == nil || len(o.Exchanges) == 0 ||
		!o.Read() && !o.Block.Reason.IsPolicy() {
		return false
	}
	targetOrigin := cors.OriginOfURL(o.Attempt.URL)
	for _, x := range o.Exchanges {
		if x.Withheld || x.Fault != "" || x.Response == nil || x.Response.HeadersLeftOut > 0 || cors.OriginOfURL(x.Request.URL) != targetOrigin {
			return false
		}
		// The browser may send such a request again by itself, and tell of one
		// exchange only.
		if tap.AsksForLogin(x.Response) || x.Response.Status == 408 || x.Response.Status == 421 {
			return false
		}
		// The exchanges of other hosts are not known.
		for _, location := range x.Response.Headers.Values("Location") {
			if base, err := url.Parse(x.Request.URL); err != nil {
				return false
			} else if to, err := base.Parse(strings.TrimSpace(location)); err != nil || cors.OriginOf(to) != targetOrigin {
				return false
			}
		}
	}
	return true
}

// fetchOf is the fetch that an attempt was, with the headers of which the attempt
// does not tell: the front end's token or key, and the Content-Type that the browser gives to
// a body.
func fetchOf(o scenarios.Observation) cors.Fetch {
	a := o.Attempt
	f := cors.Fetch{Origin: a.Origin(), URL: a.URL, Method: a.Method, Credentials: !a.Omit}
	for _, h := range a.Headers {
		f.Headers = append(f.Headers, cors.Header{Name: h.Name, Value: isomorphic(h.Value)})
	}
	for _, name := range a.KeyHeaders {
		f.Headers = append(f.Headers, cors.Header{Name: name, Value: "x"})
	}
	for _, x := range o.Exchanges {
		if t, ok := x.Request.Headers.Get("Content-Type"); ok && !f.Headers.Has("Content-Type") {
			f.Headers = append(f.Headers, cors.Header{Name: "Content-Type", Value: t})
		}
	}
	return f
}

// isomorphic gives the bytes that a page's header value has on the wire: one for
// each character (Infra standard, #isomorphic-encode).
func isomorphic(value string) string {
	var b []byte
	for _, r := range value {
		b = append(b, byte(r))
	}
	return string(b)
}

// decision is a reason as far as it can matter: that an Allow-Origin value is
// malformed rather than another's is a matter of how URLs are read, which no
// verdict depends on.
func decision(r cors.Reason) cors.Reason {
	switch r {
	case cors.MultipleAllowOriginValues, cors.InvalidAllowOriginValue:
		return cors.AllowOriginMismatch
	case cors.PreflightMultipleAllowOriginValues, cors.PreflightInvalidAllowOriginValue:
		return cors.PreflightAllowOriginMismatch
	}
	return r
}

func namesOf(h cors.Headers) []string {
	var names []string
	for _, line := range h {
		names = append(names, strings.ToLower(line.Name))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unaltered leaves out the headers that the tap does not pass on as they were.
func unaltered(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), tap.AltersHeader)
}
