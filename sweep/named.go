package sweep

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// named are the origins that the target names itself: in the Content-Security-Policy of
// its page, as a constant Access-Control-Allow-Origin, in its OpenAPI document, in its
// startup log, and at well-known places.
func (g *inferrer) named() []scenarios.Candidate {
	var all []scenarios.Candidate
	add := func(s, where string) {
		if o, err := cors.ParseOrigin(s); err == nil && !o.IsOpaque() && o != g.t.Arbitrary() {
			all = append(all, scenarios.Candidate{Origin: o, Why: where})
		}
	}
	if log := g.t.StartupLog; log != nil {
		for _, s := range log.Origins {
			add(s, "listed in the startup log")
		}
	}
	for _, from := range []struct{ path, where string }{
		{g.t.URL + "/", "named in the Content-Security-Policy of /"},
		{g.t.Origin().String() + "/.well-known/webauthn", "named in /.well-known/webauthn"},
		{g.t.Origin().String() + "/.well-known/openid-configuration", "named in /.well-known/openid-configuration"},
		{g.t.Origin().String() + "/.well-known/oauth-protected-resource", "named in /.well-known/oauth-protected-resource"},
	} {
		r := g.tap.Probe(g.ctx, cors.Request{Method: http.MethodGet, URL: from.path, Headers: cors.Headers{
			{Name: "Accept", Value: "*/*"}, {Name: cors.HeaderOrigin, Value: g.t.Arbitrary().String()},
		}}).Response
		if r == nil {
			continue
		}
		for _, v := range r.Headers.Values(cors.HeaderAllowOrigin) {
			add(v, "the constant Access-Control-Allow-Origin of "+strings.TrimPrefix(from.path, g.t.Origin().String()))
		}
		switch {
		case !strings.Contains(from.path, "/.well-known/"):
			for _, s := range sources(r) {
				add(s, from.where)
				if !strings.Contains(s, "://") && strings.Contains(s, ".") {
					add(g.t.Origin().Scheme()+"://"+s, from.where) // a source without a scheme
				}
			}
		case r.Status == http.StatusOK:
			for _, s := range originInText.FindAllString(r.Body, mostNamed) {
				add(s, from.where)
			}
		}
	}
	for _, e := range g.t.Reads()[:min(len(g.t.Reads()), mostAsked)] {
		if r := g.reply(e, g.with(e), g.t.Arbitrary()); r != nil {
			for _, v := range r.Headers.Values(cors.HeaderAllowOrigin) {
				add(v, "the constant Access-Control-Allow-Origin of "+e.Path)
			}
		}
	}
	if d := g.deployment.Discovery; d != nil {
		for _, s := range d.Origins {
			add(s, "named in the OpenAPI document")
		}
	}
	return all
}

// mostNamed bounds what is taken from one place.
const mostNamed = 64

// sources are the sources of a page's Content-Security-Policy.
func sources(r *cors.Response) []string {
	var all []string
	for _, name := range []string{"Content-Security-Policy", "Content-Security-Policy-Report-Only"} {
		for _, policy := range r.Headers.Values(name) {
			all = append(all, strings.FieldsFunc(policy, func(c rune) bool { return c == ' ' || c == ';' || c == ',' })...)
		}
	}
	return all[:min(len(all), mostNamed)]
}

// originInText is an origin as it stands in a document.
var originInText = regexp.MustCompile(`https?://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?`)
