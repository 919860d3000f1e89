package target

import (
	"context"
	"net/url"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/tap"
)

// served is where a target really is.
type served struct {
	address string
	by      *loopback.Authority // nil for those of the system
}

// ServedAt says that the target is at an address, host:port, whatever host its URL
// names, and that its certificate is of an authority of ours, where nil stands for
// those of the system. It is for an API under test that has no name yet: the browser finds it under the URL
// all the same, and nobody looks the name up. It is not in crossexam.yaml.
func (c Config) ServedAt(address string, by *loopback.Authority) Config {
	c.served = &served{address: address, by: by}
	return c
}

func (c Config) upstream(base *url.URL) tap.Upstream {
	u := tap.Upstream{URL: base, InsecureSkipVerify: c.InsecureSkipVerify}
	if c.served != nil {
		u.Address = c.served.address
		if c.served.by != nil {
			u.Roots = c.served.by.Roots()
		}
	}
	return u
}

// whereabouts reports whether the browser finds the target on this machine or in a
// private network, and whether its address is one of this machine. A name that
// stands for an address of ours is a public one.
func (c Config) whereabouts(ctx context.Context, o cors.Origin) (private, loopback bool) {
	if c.served != nil {
		return o.IsLocal(), false // what the address says of itself
	}
	return whereabouts(ctx, o)
}
