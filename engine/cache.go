package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// A sharedCache is a cache as operators put in front of an API, real and our own:
// nginx on loopback, between a tap that sees what the cache answers and the
// session's, by which the cache gets what it has not stored. The target never
// hears of it.
type sharedCache struct {
	target *tap.Tap // the session's
	front  *tap.Tap
	key    string // begins the name of each cache, so that no others have one
	nginx  *nginx.Server
	behind *loopback.Server
}

// cacheTime is how long the cache is waited for: longer than the session's tap, which
// has the limits, waits for the target.
const cacheTime = time.Hour

// cacheName is the request header by which one nginx is many caches. Without the run's
// key in it nginx closes the connection: its port is open to every user of the machine.
const cacheName = "Crossexam-Cache-Name"

// sharedCache starts the cache the first time that an attempt needs it.
func (s *session) sharedCache(ctx context.Context) (*sharedCache, error) {
	if s.cache != nil || s.cacheErr != nil {
		return s.cache, s.cacheErr
	}
	s.cache, s.cacheErr = newSharedCache(ctx, s.tap, s.plan.Target.Origin(), tap.Options{Browser: s.lines, Conceal: s.deployment.Credentials.Without, Prompts: answersPrompts(s.deployment)})
	return s.cache, s.cacheErr
}

func newSharedCache(ctx context.Context, behind *tap.Tap, origin cors.Origin, o tap.Options) (*sharedCache, error) {
	c := &sharedCache{target: behind, key: rand.Text()}
	var err error
	if c.behind, err = loopback.ServeOwn(behind, nil); err != nil {
		return nil, err
	}
	if c.nginx, err = nginx.Start(ctx, cacheConfig(c.behind.Addr(), c.key)); err != nil {
		return nil, errors.Join(err, c.close())
	}
	u := tap.Upstream{
		URL:     &url.URL{Scheme: "http", Host: strings.TrimPrefix(origin.String(), origin.Scheme()+"://")},
		Address: c.nginx.Addr(),
	}
	// The tap behind it does the waiting for the target.
	l := tap.DefaultLimits(u)
	l.Header, l.Patience = cacheTime, 0
	o.Upstream, o.Limits = u, l
	c.front, err = tap.New(o)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *sharedCache) close() error {
	var errs []error
	if c.front != nil {
		c.front.Close()
	}
	if c.nginx != nil {
		errs = append(errs, c.nginx.Close())
	}
	return errors.Join(append(errs, c.behind.Close())...)
}

// cacheConfig keeps, for ten minutes, what nothing forbids to keep: nginx heeds
// Cache-Control, Expires, Set-Cookie and Vary by itself. That a reply to a request
// with Authorization is not for others (RFC 9111, section 3.5) it has to be told.
func cacheConfig(upstream, key string) nginx.Config {
	variable := "http_" + strings.ToLower(strings.ReplaceAll(cacheName, "-", "_"))
	return nginx.Config{
		HTTP: "proxy_cache_path cache keys_zone=shared:1m use_temp_path=off;",
		Server: `location / {
			if ($` + variable + ` !~ "^` + key + `") { return 444; }
			proxy_pass http://` + upstream + `;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			proxy_set_header ` + cacheName + ` "";
			proxy_read_timeout ` + strconv.Itoa(int(cacheTime.Seconds())) + `s;
			proxy_buffer_size 256k;
			proxy_buffers 8 256k;
			proxy_busy_buffers_size 512k;
			proxy_cache shared;
			proxy_cache_key "$` + variable + ` $request_uri";
			proxy_cache_valid 200 301 404 10m;
			proxy_no_cache $http_authorization;
			proxy_cache_bypass $http_authorization;
			proxy_hide_header ` + scenarios.CacheStatus + `;
			proxy_hide_header ` + tap.ExchangeHeader + `;
			add_header ` + scenarios.CacheStatus + ` $upstream_cache_status always;
		}`,
	}
}

// probe sends a request through the cache of this name.
func (c *sharedCache) probe(ctx context.Context, name string, q cors.Request) cors.Exchange {
	sent := q
	sent.Headers = append(slices.Clone(q.Headers), cors.Header{Name: cacheName, Value: c.key + name})
	x := c.front.Probe(ctx, sent)
	x.Request = q
	if x.Limited != (cors.Limited{}) {
		x.Limited.Request = c.target.Requests() // there is one probe at a time
	}
	return x
}
