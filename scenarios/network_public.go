package scenarios

import (
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// PublicDomain is the domain whose pages are played from an address that the
// browser takes for a public one, as a real attacker's is. Pages of all other
// hosts are played from loopback, where Chrome's local-network checks block
// nothing.
const PublicDomain = "public-attacker.test"

// Permission is what the victim answered to Chrome's question whether a page on a
// public address may connect to the local network.
type Permission string

// The answers. A page that never asked is treated as one that was refused.
const (
	Granted Permission = "granted"
	Refused Permission = "refused"
)

// public is the origin of the attacker's page on a public address, to which the
// victim gave this answer. It is https whatever the target is: only secure pages
// may ask.
func public(p Permission) cors.Origin {
	return cors.NewOrigin("https", string(p)+"."+PublicDomain, "")
}

// LocalNetworkPermission returns the answer that the page's origin stands for. ok is
// false for an origin that is not on a public address.
func LocalNetworkPermission(page cors.Origin) (p Permission, ok bool) {
	label, ok := strings.CutSuffix(page.Host(), "."+PublicDomain)
	if p = Permission(label); !ok || p != Granted && p != Refused {
		return "", false
	}
	return p, true
}
