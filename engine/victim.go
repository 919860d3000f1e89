package engine

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A victim is a browser context that holds one credential for the target, or
// several that go together.
type victim struct {
	name     string // of its tab
	identity scenarios.Credential
	tab      *attacker.Tab
	cookies  []attacker.StoredCookie // of the target
	basic    *target.BasicLogin
	shot     bool // a screenshot with its loot was taken
	// fault says why this victim's attempts prove nothing: the browser did not
	// take its credential.
	fault string
	// unavailable says why there is no such victim on this machine.
	unavailable string
}

func (v *victim) hasCookie(name string) bool {
	for _, c := range v.cookies {
		if c.Name == name {
			return true
		}
	}
	return false
}

// sent reports whether the victim's credential, all of it, crossed the wire in one of
// the exchanges.
func (v *victim) sent(exchanges []cors.Exchange) bool {
	return slices.ContainsFunc(exchanges, func(x cors.Exchange) bool {
		return v.identity.Ambient() && !slices.ContainsFunc(v.identity.Kinds(), func(kind scenarios.Credential) bool { return !v.sentKind(kind, x) })
	})
}

func (v *victim) sentKind(kind scenarios.Credential, x cors.Exchange) bool {
	switch kind {
	case scenarios.Cookie:
		for name := range sentCookies(x.Request) {
			if v.hasCookie(name) {
				return true
			}
		}
		return false
	case scenarios.Basic:
		a, _ := x.Request.Headers.Get("Authorization")
		return strings.HasPrefix(a, "Basic ")
	case scenarios.ClientCert:
		return x.Request.ClientCertificate && !x.Request.IsPreflight()
	}
	return true // any cookie is no credential
}

// headers are the credential as header lines, for probes.
func (v *victim) headers() cors.Headers {
	var lines cors.Headers
	if v.basic != nil {
		pair := v.basic.Username + ":" + v.basic.Password
		lines = append(lines, cors.Header{Name: "Authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))})
	}
	if len(v.cookies) > 0 {
		pairs := make([]string, len(v.cookies))
		for i, c := range v.cookies {
			pairs[i] = c.Name + "=" + c.Value
		}
		lines = append(lines, cors.Header{Name: "Cookie", Value: strings.Join(pairs, "; ")})
	}
	return lines
}
