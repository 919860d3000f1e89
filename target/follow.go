package target

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/tap"
)

// Followed has the https:// counterpart of an http:// target in its place, where the
// operator asked for that and the target redirects there, and says so in a sentence, which
// is empty where nothing was followed. A redirect to another host is not followed: nobody
// said that it may be examined. The run names itself to the target by its name, see
// [tap.RunHeader].
func (c Config) Followed(ctx context.Context, d Deployment, run string) (Config, string, error) {
	if !c.FollowToHTTPS || d.Facts.Origin().Scheme() != "http" {
		return c, "", nil
	}
	t, err := tap.New(tap.Options{Upstream: d.Upstream, Limits: d.Limits, Run: run, Browser: c.browser})
	if err != nil {
		return c, "", err
	}
	defer t.Close()
	asked := d.Facts.URL + "/"
	r := t.Probe(ctx, cors.Request{Method: http.MethodGet, URL: asked, Headers: cors.Headers{{Name: "Accept", Value: "*/*"}}}).Response
	to, ok := secureCounterpart(asked, r)
	if !ok {
		return c, "", nil // that it does not answer, or what it answers, is told later
	}
	sentence := fmt.Sprintf("%s redirects to https, so that %s was examined instead (`follow_to_https`).", c.URL, to)
	c.URL, c.FollowToHTTPS = to, false
	return c, sentence, nil
}

// secureCounterpart is the URL asked for, as https, on the port where the reply to it
// leads; ok is false where it leads to another host, or nowhere.
func secureCounterpart(asked string, r *cors.Response) (string, bool) {
	if r == nil || r.Status < 300 || r.Status > 399 {
		return "", false
	}
	location, _ := r.Headers.Get("Location")
	from, err := url.Parse(asked)
	if err != nil {
		return "", false
	}
	to, err := from.Parse(location)
	if err != nil || to.Scheme != "https" || to.Hostname() != from.Hostname() || to.User != nil {
		return "", false
	}
	path := from.Path[:len(from.Path)-1] // without the slash that was added
	return cors.OriginOf(to).String() + path, true
}
