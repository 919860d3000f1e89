package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func planVaryCredential(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range byGET(t.Reads()) {
		for _, v := range everyone(t) {
			without := probe(t, v.page, e, Anonymous, originHeader(v.page))
			cookie, authorization := v.withEach(v.read(e))
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: []Attempt{without, cookie, authorization},
				Judge: func(obs Observations) Judgement {
					return judgeVaryCredential(obs.Of(without), obs.Of(cookie), obs.Of(authorization))
				},
			})
		}
	}
	return planned(cases, noCached)
}

// judgeVaryCredential takes the replies to one origin without a credential, with a
// cookie and with an Authorization header. A reply without any grant comes from a
// layer that knows nothing of CORS, which other scenarios are about.
func judgeVaryCredential(plain, cookie, authorization Observation) Judgement {
	if doubt := silence(plain, cookie, authorization); doubt != nil {
		return inDoubt(doubt)
	}
	origin, without := plain.Attempt.Origin(), plain.Response()
	depends := ""
	for _, sent := range []struct {
		Observation
		name string
	}{{cookie, "Cookie"}, {authorization, "Authorization"}} {
		other, name := sent.Response(), sent.name
		if grantText(other) == grantText(without) || !grantsAny(other) || !grantsAny(without) {
			continue
		}
		depends = name
		for _, r := range []*cors.Response{without, other} {
			if !r.Headers.ListHas("Vary", name) && !r.Headers.ListHas("Vary", "*") && !keptFromSharedCaches(r) {
				return violates(Low, "%s gets %s without a credential and %s with %s, but Vary of the %d reply does not name %s",
					origin, grantText(without), grantText(other), with(sent.Attempt), r.Status, name).withProof(sent.Observation)
			}
		}
	}
	if depends != "" {
		return conforms("the grant to %s depends on %s, and each reply says so in Vary or is kept from shared caches", origin, depends)
	}
	return conforms("%s gets the same with a cookie or an Authorization header (%s) as without", origin, grantText(without))
}

func grantsAny(r *cors.Response) bool { return r.Headers.Has(cors.HeaderAllowOrigin) }

// CacheStatus is the response header in which the shared cache, which Crossexam
// puts in front of the target, says what it did: "HIT" for a reply that it had
// stored.
const CacheStatus = "Crossexam-Cache"

// planSharedCache has two origins ask for the same, one after the other, through a
// cache that is empty at first.
func planSharedCache(t Target) ([]Case, string) {
	evil := arbitrary(t)
	var cases []Case
	for _, e := range byGET(t.Reads()) {
		for _, o := range t.Trusted {
			i := slices.IndexFunc(used(t), func(c Credential) bool { return !c.Uninvited() })
			if i < 0 {
				return nil, "A cache that others share has no client certificate of the victim's to ask the target with."
			}
			v := frontEnd(t, o, used(t)[i])
			c := v.cred
			trusted := probe(t, o, e, c, originHeader(o))
			attacker := probe(t, evil, e, c, originHeader(evil))
			none := probe(t, cors.Opaque, e, c)
			attempts := []Attempt{trusted, attacker, none}
			pairs := []cached{throughCache(attacker, trusted), throughCache(trusted, attacker), throughCache(none, trusted)}
			for _, p := range pairs {
				attempts = append(attempts, p.first, p.second)
			}
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: attempts,
				Judge:    func(obs Observations) Judgement { return judgeSharedCache(trusted, pairs, obs) },
			})
		}
	}
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	return planned(cases, noCached)
}

// cached are two requests that pass a cache one after the other, and what the
// second gets without it.
type cached struct{ first, second, direct Attempt }

// throughCache names a cache of its own for each pair of origins.
func throughCache(first, second Attempt) cached {
	direct := second
	first.Through = asker(first) + " then " + asker(second)
	second.Through = first.Through
	return cached{first, second, direct}
}

func asker(a Attempt) string {
	if !a.Headers.Has(cors.HeaderOrigin) {
		return "no Origin"
	}
	return a.Page.String()
}

// judgeSharedCache takes the trusted origin's own request, and pairs through a cache.
func judgeSharedCache(trusted Attempt, pairs []cached, obs Observations) Judgement {
	if doubt := silence(obs.All()...); doubt != nil {
		return inDoubt(doubt)
	}
	if r := obs.Of(trusted).Response(); !isSuccess(r) {
		return cannotTell("the target answered %s with %s, which caches do not store", trusted.Origin(), statusText(r)).until(LacksSuccess)
	}
	var hits, misses []string
	for _, p := range pairs {
		first, second := obs.Of(p.first), obs.Of(p.second)
		got, direct := second.Response(), obs.Of(p.direct).Response()
		if status, _ := got.Headers.Get(CacheStatus); status != "HIT" {
			misses = append(misses, asker(second.Attempt)+" after "+asker(first.Attempt))
			continue
		}
		hits = append(hits, asker(second.Attempt)+" after "+asker(first.Attempt))
		if grantText(got) == grantText(direct) {
			continue
		}
		severity, harm := Low, "cannot read"
		if origin := second.Attempt.Origin(); grantTo(origin, got) > grantTo(origin, direct) {
			harm = "reads"
			if origin != trusted.Origin() { // who may read it anyway
				severity = Medium
			}
		} else if grantTo(origin, got) == grantTo(origin, direct) {
			harm = "gets"
		}
		level := Should
		if forSharedCaches(got) {
			level = Must
		}
		return violates(severity, "after a request of %s a shared cache answers %s from its store with %s instead of %s: the second %s what was meant for the first",
			asker(first.Attempt), asker(second.Attempt), grantText(got), grantText(direct), harm).withProof(second).binding(level)
	}
	if len(hits) == 0 {
		return conforms("a shared cache stored nothing that it would give to another origin (asked: %s)", strings.Join(misses, "; "))
	}
	return conforms("a shared cache answered %s from its store, with the grant that the target itself gives", strings.Join(hits, "; "))
}

// planPrivateReplies asks by hand and without an Origin, unless the target refuses that: how
// a reply may be stored has nothing to do with who asks.
func planPrivateReplies(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range byGET(t.PrivateReads()) {
		for _, c := range t.Credentials {
			about := Subject{Endpoint: e.String(), Origin: "none", Credential: c}
			asks, origin := cors.Opaque, cors.Headers(nil)
			p, _ := t.Premise(e, c)
			for _, o := range append(slices.Clone(t.Trusted), t.Origin()) {
				if o.String() == p.Origin {
					about.Origin, asks, origin = p.Origin, o, cors.Headers{originHeader(o)}
				}
			}
			judge := func(o Observation) Judgement { return judgePrivateReply(c, t.setByFrontEnd(c), o) }
			cases = append(cases, single(about, probe(t, asks, e, c, origin...), judge))
		}
	}
	return planned(cases, "The target declares no private endpoint with a credential that Crossexam itself can send.")
}

func judgePrivateReply(c Credential, keys []string, o Observation) Judgement {
	if doubt := silence(o); doubt != nil {
		return inDoubt(doubt)
	}
	r := o.Response()
	if !isSuccess(r) {
		return cannotTell("the target answered %s, so that the reply with the victim's %s is not known", statusText(r), c.noun()).until(LacksSuccess)
	}
	said := "no Cache-Control"
	if v, ok := r.Headers.Get("Cache-Control"); ok {
		said = "Cache-Control: " + quote(v)
	}
	if why := publiclyStored(c, keys, r); why != "" {
		return violates(Low, "a shared cache may store the %d reply with the victim's %s: %s (it has %s)", r.Status, c.noun(), why, said)
	}
	return conforms("no shared cache may hand out the %d reply with the victim's %s (%s)", r.Status, c.noun(), said)
}

// cacheControl reads the directives of a reply (RFC 9111, section 5.2).
type cacheControl struct{ reply *cors.Response }

func (c cacheControl) directive(name string) (string, bool) {
	for _, d := range c.reply.Headers.List("Cache-Control") {
		n, value, _ := strings.Cut(d, "=")
		if strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.Trim(value, `" `), true
		}
	}
	return "", false
}

func (c cacheControl) has(name string) bool { _, ok := c.directive(name); return ok }

// fresh reports whether a directive gives the reply a lifetime.
func (c cacheControl) fresh(name string) bool {
	v, ok := c.directive(name)
	n, err := strconv.Atoi(v)
	return ok && err == nil && n > 0
}

// keptFromSharedCaches reports whether a reply says that no shared cache may store it.
func keptFromSharedCaches(r *cors.Response) bool {
	cc := cacheControl{r}
	return cc.has("no-store") || cc.has("private")
}

// storedByNobody reports whether no shared cache may store a reply because it names no
// lifetime, and its status is none for which caches may guess one, such as a 403
// (RFC 9111, section 3; RFC 9110, section 15.1).
func storedByNobody(r *cors.Response) bool {
	cc := cacheControl{r}
	if cc.has("public") || cc.has("max-age") || cc.has("s-maxage") || r.Headers.Has("Expires") {
		return false
	}
	switch r.Status {
	case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501:
		return false
	}
	return true
}

// forSharedCaches reports whether a reply says itself that shared caches may store it.
func forSharedCaches(r *cors.Response) bool {
	cc := cacheControl{r}
	return !keptFromSharedCaches(r) && (cc.has("public") || cc.fresh("s-maxage") || cc.fresh("max-age"))
}

// publiclyStored says why a shared cache may store the reply and give it to others
// (RFC 9111, section 3); it is empty where none may.
//
// keys are the names of the headers that the front end sets for the credential.
func publiclyStored(c Credential, keys []string, r *cors.Response) string {
	cc := cacheControl{r}
	has, fresh := cc.has, cc.fresh
	authorized := c.travelsIn("Authorization") || hasFold(keys, "Authorization")
	switch {
	case has("no-store"), has("private"), has("no-cache"), r.Headers.ListHas("Vary", "*"):
		return ""
	case c.travelsIn("Cookie") && r.Headers.ListHas("Vary", "Cookie"), authorized && r.Headers.ListHas("Vary", "Authorization"),
		slices.ContainsFunc(keys, func(name string) bool { return r.Headers.ListHas("Vary", name) }):
		return ""
	case has("public"):
		return "public allows it"
	case fresh("s-maxage"):
		return "s-maxage allows it"
	case authorized: // else forbidden (RFC 9111, section 3.5)
		if has("must-revalidate") {
			return "must-revalidate allows it in spite of Authorization"
		}
		return ""
	case c.ofPlace():
		return "" // the place in the network is the cache's own too
	case fresh("max-age"):
		return "max-age makes it fresh, and nothing makes it private"
	case has("max-age"), has("s-maxage"):
		return ""
	case r.Headers.Has("Expires"):
		return "Expires makes it fresh, and nothing makes it private"
	case storedByNobody(r):
		return ""
	}
	return fmt.Sprintf("nothing forbids it, and caches store a %d by a guess of their own", r.Status)
}
