package engine

import (
	"fmt"
	"slices"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A group is what one page of one victim's browser does: one navigation, then
// all its attempts.
type group struct {
	identity scenarios.Credential
	page     cors.Origin
	trusted  bool
	probe    bool // no page: Crossexam sends these itself
	writes   bool // they may change what others read
	// overrides says that they send an Authorization of their own in the place of the
	// victim's password. Chrome takes the target's refusal for one of the password, and
	// forgets it.
	overrides bool
	attempts  []scenarios.Attempt
	// frames are groups whose pages are frames of one host page; the group has no
	// attempts of its own then.
	frames []*group
	keys   map[string]bool // of all attempts, from the first question on
	// repeats is how often the attempts were made again because the target failed, and
	// answered what was seen before of those that it answered, by key: see [session.outlasted].
	repeats  int
	answered map[string]scenarios.Observation
}

func (g *group) String() string {
	switch {
	case g.probe:
		return "header probes"
	case len(g.frames) > 0:
		return fmt.Sprintf("%d origins in frames (%s)", len(g.frames), holder(g.identity))
	}
	return fmt.Sprintf("%s (%s)", g.page, holder(g.identity))
}

func holder(c scenarios.Credential) string {
	if c == scenarios.Anonymous {
		return "no credential"
	}
	return string(c)
}

// all are the attempts of the group and of its frames.
func (g *group) all() []scenarios.Attempt {
	attempts := slices.Clone(g.attempts)
	for _, f := range g.frames {
		attempts = append(attempts, f.attempts...)
	}
	return attempts
}

// identities are those whose victims the group needs: probes send the credential
// that a victim got.
func (g *group) identities() []scenarios.Credential {
	if !g.probe {
		return []scenarios.Credential{g.identity}
	}
	var all []scenarios.Credential
	for _, a := range g.attempts {
		if !a.Omit && a.Identity.Ambient() {
			all = append(all, a.Identity)
		}
	}
	return all
}

// has is asked when the group is complete.
func (g *group) has(key string) bool {
	if g.keys == nil {
		g.keys = map[string]bool{}
		for _, a := range g.all() {
			g.keys[a.Key()] = true
		}
	}
	return g.keys[key]
}

func count(groups []*group) int {
	n := 0
	for _, g := range groups {
		n += len(g.all())
	}
	return n
}

// grouped merges equal attempts and gathers them by page. An attempt without any
// credential can be made in whichever victim's browser has the page open anyway,
// because credentials mode "omit" keeps every credential home but a client
// certificate.
func grouped(t scenarios.Target, attempts []scenarios.Attempt) []*group {
	var groups []*group
	add := func(a scenarios.Attempt, g group) {
		i := slices.IndexFunc(groups, func(h *group) bool {
			return h.page == g.page && h.trusted == g.trusted && h.identity == g.identity && h.probe == g.probe && h.writes == g.writes && h.overrides == g.overrides
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, &g)
		}
		groups[i].attempts = append(groups[i].attempts, a)
	}
	seen := map[string]bool{}
	var anonymous []scenarios.Attempt
	for _, a := range attempts {
		key := a.Key()
		switch {
		case seen[key]:
		case a.Vector == scenarios.Probe:
			add(a, group{probe: true, writes: t.MayChange(a.Method, a.URL)})
		case a.Identity == scenarios.Anonymous && a.Omit:
			anonymous = append(anonymous, a)
		default:
			add(a, group{identity: a.Identity, page: a.Page, trusted: a.Trusted, writes: t.MayChange(a.Method, a.URL), overrides: overrides(a)})
		}
		seen[key] = true
	}
	for _, a := range anonymous {
		g := group{page: a.Page, trusted: a.Trusted, writes: t.MayChange(a.Method, a.URL)}
		for _, h := range groups {
			if h.page == a.Page && h.trusted == a.Trusted && !h.probe && !h.overrides && !h.identity.Uninvited() {
				g.identity = h.identity
				break
			}
		}
		add(a, g)
	}
	return framed(t, groups)
}

// overrides reports whether the page sets the header in which the browser would send the
// victim's password.
func overrides(a scenarios.Attempt) bool {
	return !a.Omit && a.Identity.Includes(scenarios.Basic) && a.Headers.Has("Authorization")
}

const (
	// fewFrames is how many pages are worth a host page: it costs a navigation.
	fewFrames = 3
	// manyFrames bounds what is lost and repeated when a host page crashes.
	manyFrames = 40
)

// framed puts pages that can be frames into host pages, where they take the place
// of the first of them.
func framed(t scenarios.Target, groups []*group) []*group {
	var hosts []*group
	for _, g := range groups {
		if !canBeFramed(t, g) {
			continue
		}
		i := slices.IndexFunc(hosts, func(h *group) bool { return h.identity == g.identity && len(h.frames) < manyFrames })
		if i < 0 {
			i = len(hosts)
			hosts = append(hosts, &group{identity: g.identity, page: attacker.FrameHost})
		}
		hosts[i].frames = append(hosts[i].frames, g)
	}
	for _, host := range hosts {
		if len(host.frames) < fewFrames {
			continue
		}
		first := slices.Index(groups, host.frames[0])
		groups = slices.DeleteFunc(groups, func(g *group) bool { return slices.Contains(host.frames, g) })
		groups = slices.Insert(groups, first, host)
	}
	return groups
}

// canBeFramed reports whether the page's requests are the same from a frame. To the
// target both are third parties, and get the same cookies, unless the page is of
// the target's site, where SameSite tells a frame of another site from a page of
// its own. The controls' arbitrary origin keeps a page of its own, which is the
// one to be photographed.
func canBeFramed(t scenarios.Target, g *group) bool {
	site := func(o cors.Origin) cors.Origin { return o.WithScheme("https").WithPort("") }
	target := site(t.Origin())
	if _, public := scenarios.LocalNetworkPermission(g.page); public {
		return false // a frame's requests go out from the host page's address space
	}
	if g.probe || g.trusted || g.writes || g.overrides || g.page == evil() || site(g.page).SameSite(target) || site(attacker.FrameHost).SameSite(target) {
		return false
	}
	return !slices.ContainsFunc(g.attempts, func(a scenarios.Attempt) bool {
		return a.Vector != scenarios.Fetch || cors.OriginOfURL(a.URL) == g.page // DNS rebinding: a page of the target itself
	})
}
