package target

import (
	"context"
	"net/url"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
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

func (c Config) upstream(base *url.URL) Upstream {
	u := Upstream{URL: base, InsecureSkipVerify: c.InsecureSkipVerify}
	if c.served != nil {
		u.Address = c.served.address
		if c.served.by != nil {
			u.Roots = c.served.by.Roots()
		}
	}
	return u
}

// isPrivate tells whether the browser finds the target on loopback or in a private
// network. A name that stands for an address of ours is a public one.
func (c Config) isPrivate(ctx context.Context, o cors.Origin) bool {
	if c.served != nil {
		return o.IsLocal()
	}
	return isPrivate(ctx, o)
}
