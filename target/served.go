package target

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"
	"strings"

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
	u.Address, u.TLSEndsBefore = c.address()
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
	if c.served != nil || c.ConnectTo != "" {
		return o.IsLocal(), false // what the address says of itself
	}
	return whereabouts(ctx, o)
}

// address is where the operator says that the target is, and whether TLS ends in front of
// it. It is empty where nothing was said.
func (c Config) address() (hostPort string, plain bool) {
	hostPort, plain = strings.CutPrefix(c.ConnectTo, "http://")
	return strings.TrimSuffix(hostPort, "/"), plain
}

// checkAddress checks where the operator says that the target is.
func (c Config) checkAddress() error {
	if c.ConnectTo == "" {
		return nil
	}
	address, plain := c.address()
	host, port, err := net.SplitHostPort(address)
	number, wrong := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil, host == "", strings.ContainsAny(host, "/@?# "), wrong != nil, number == 0:
		return fmt.Errorf("%q is not an address: write it like 127.0.0.1:8080, or http://127.0.0.1:8080 where a proxy in front ends TLS", c.ConnectTo)
	case plain && c.Direct:
		return errors.New("the browser speaks TLS to an https:// URL, and this address does not: leave out `direct`")
	case c.FollowToHTTPS:
		return errors.New("what is redirected to https is at another port than this one: leave out `follow_to_https`, and give the https:// URL with its own address")
	}
	return nil
}

// NamedByHost has a Host among the headers, as curl takes it, name the target: the URL
// then says where to connect, and its host is that name.
func (c *Config) NamedByHost() error {
	for name, host := range c.Credentials.Headers {
		if !strings.EqualFold(name, "Host") {
			continue
		}
		base, err := baseURL(c.URL)
		if err != nil {
			return nil // which is told for what it is
		}
		named := &url.URL{Scheme: base.Scheme, Host: host, Path: base.Path}
		if u, err := url.Parse(named.String()); err != nil || u.Hostname() == "" || u.Host != host {
			return fmt.Errorf("the header Host: %q is not the name of a host: write it like tenant.example.com", host)
		}
		if c.ConnectTo == "" {
			c.ConnectTo = cors.OriginOf(base).HostPort()
		}
		c.URL = named.String()
		c.Credentials.Headers = maps.Clone(c.Credentials.Headers)
		delete(c.Credentials.Headers, name)
	}
	return nil
}
