package scenarios

import (
	"slices"

	"github.com/crossexam/crossexam/cors"
)

// Labels that stand for any other are letters alone, which every pattern for a label
// takes: [a-z]+ and \w+ take no hyphen.
const (
	evilHost       = "evil.test"
	siblingLabel   = "crossexamsibling"
	subdomainLabel = "crossexamsub"
)

// arbitrary is the origin that stands for any other on the web. It is https,
// except for a target that https pages cannot fetch from (mixed content).
func arbitrary(t Target) cors.Origin {
	if !t.Origin().IsPotentiallyTrustworthy() {
		return insecure()
	}
	return cors.NewOrigin("https", evilHost, "")
}

// frontEnds are the origins of front ends: the trusted ones, or the target's own where
// no other is trusted. Its own may have one too where nobody said which are.
func frontEnds(t Target) []cors.Origin {
	if len(t.Trusted) == 0 || t.Assumed {
		return append(slices.Clone(t.Trusted), t.Origin())
	}
	return slices.Clone(t.Trusted)
}

// insecure is the arbitrary origin over http.
func insecure() cors.Origin { return cors.NewOrigin("http", evilHost, "") }

// sibling is an origin of the same site as the target. There is none beside an IP
// address or a host of a single label.
func sibling(t Target) (cors.Origin, bool) {
	own := t.Origin()
	domain := own.RegistrableDomain()
	if domain == "" {
		return cors.Opaque, false
	}
	return cors.NewOrigin(own.Scheme(), siblingLabel+"."+domain, ""), true
}

// reach is how grave a proved attack from this page is: high where anyone can
// have such a page, medium where that takes a subdomain of the target's site or a
// place on the victim's network path.
func reach(t Target, page cors.Origin) Severity {
	own := t.Origin()
	if page.SameSite(own) || page.Scheme() == "http" && own.Scheme() == "https" {
		return Medium
	}
	return High
}
