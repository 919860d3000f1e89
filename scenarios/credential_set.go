package scenarios

import (
	"slices"
	"strings"
)

// plus joins the kinds of a credential that consists of several: "cookie+header".
const plus = "+"

// kindOrder is the order in which they are written.
var kindOrder = []Credential{ClientCert, Basic, Cookie, AnyCookie, Network, Bearer, Header, Query}

// Together is the credential that consists of all of these, for a target that wants
// them in one request. It is Anonymous where there are none.
func Together(cs ...Credential) Credential {
	var kinds []string
	for _, k := range kindOrder {
		if slices.ContainsFunc(cs, func(c Credential) bool { return c.Includes(k) }) {
			kinds = append(kinds, string(k))
		}
	}
	return Credential(strings.Join(kinds, plus))
}

// Kinds are the credentials of which this one consists; Anonymous has none.
func (c Credential) Kinds() []Credential {
	if c == Anonymous {
		return nil
	}
	var kinds []Credential
	for k := range strings.SplitSeq(string(c), plus) {
		kinds = append(kinds, Credential(k))
	}
	return kinds
}

// Includes reports whether the credential is of this kind, or consists of several of
// which one is.
func (c Credential) Includes(kind Credential) bool { return slices.Contains(c.Kinds(), kind) }

// OfBrowser is what of the credential a browser keeps and adds by itself: all that
// an attacker's page can use. It is Anonymous for none.
func (c Credential) OfBrowser() Credential {
	return Together(slices.DeleteFunc(c.Kinds(), func(k Credential) bool { return !k.Ambient() })...)
}

// OfFrontEnd reports whether the trusted front end has something of the credential
// that no other page has.
func (c Credential) OfFrontEnd() bool { return c.inHeader() || c.Includes(Query) }

// inHeader reports whether the trusted front end sends something of it in a header of its
// own, for which a browser asks first.
func (c Credential) inHeader() bool { return c.Includes(Bearer) || c.Includes(Header) }
