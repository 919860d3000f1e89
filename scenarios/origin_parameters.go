package scenarios

import (
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// The parameters by which servers and their middlewares have the URL say whom to grant,
// and which are tried though nobody named them: those with the origin, those with the
// origin or its host, and those that turn CORS on.
var (
	originParameters = []string{
		"origin", "cors", "allow", "allowed", "allow_origin", "allowed_origin", "allowed_origins", "allowOrigin", "allowedOrigins",
		"cors_origin", "corsOrigin", "client_origin", "parent_origin", "parentOrigin", "acao", "xdm_e", "__amp_source_origin",
	}
	hostParameters   = []string{"domain", "callback_domain", "cors_domain", "host", "site"}
	switchParameters = []string{"cors", "enable_cors", "allow_cors", "crossdomain"}
)

// switchedOn is what a parameter that turns CORS on is given.
const switchedOn = "1"

// NamesOrigin reports whether a parameter of the query may say, by its name, whom the
// target grants.
func NamesOrigin(parameter string) bool {
	plain := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(parameter))
	known := slices.Concat(originParameters, hostParameters, switchParameters)
	return slices.Contains(known, parameter) || slices.ContainsFunc([]string{"origin", "domain", "cors", "allow", "referer", "referrer", "site", "host", "url", "uri"}, func(word string) bool {
		return strings.Contains(plain, word)
	})
}

// A namedInURL is the read of a private endpoint by a page that says in the URL whom to
// grant. A page writes the whole URL of what it asks for.
type namedInURL struct {
	visit
	e Endpoint
}

// A wording is what the page adds to the URL, or puts in the place of what is there.
type wording []parameter

type parameter struct{ name, value string }

func (w wording) String() string {
	if len(w) > 1 {
		return "several parameters"
	}
	return w[0].name + "=" + w[0].value
}

// in is the endpoint with the parameters: each in the place of its own name, where the
// path has that, and else at its end.
func (w wording) in(e Endpoint) Endpoint {
	path, query, _ := strings.Cut(e.Path, "?")
	var pairs []string
	if query != "" {
		pairs = strings.Split(query, "&")
	}
	for _, p := range w {
		pair := url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value)
		if i := slices.IndexFunc(pairs, func(s string) bool { return nameOf(s) == p.name }); i >= 0 {
			pairs[i] = pair
		} else {
			pairs = append(pairs, pair)
		}
	}
	e.Path = path + "?" + strings.Join(pairs, "&")
	return e
}

// nameOf is the name of a pair of a query.
func nameOf(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if plain, err := url.QueryUnescape(name); err == nil {
		return plain
	}
	return name
}

// known are the names that the path has, or the API's document, and that are given the
// attacker's origin or host: such a parameter is one by its name, or by what it names.
func (n namedInURL) known() []string {
	var names []string
	_, query, _ := strings.Cut(n.e.Path, "?")
	for pair := range strings.SplitSeq(query, "&") {
		_, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil && query != "" && (n.namesSomebody(plain) || slices.Contains(switchParameters, nameOf(pair))) {
			names = append(names, nameOf(pair))
		}
	}
	return append(names, n.e.Parameters...)
}

// namesSomebody reports whether a value is an origin, a URL, or the host of a front end.
func (n namedInURL) namesSomebody(value string) bool {
	if u, err := url.Parse(value); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		return true
	}
	return slices.ContainsFunc(frontEnds(n.target), func(o cors.Origin) bool { return !o.IsOpaque() && value == o.Host() })
}

// wordings are the two that hold all parameters: with the origin of the page, and with its
// host or a word that turns CORS on.
func (n namedInURL) wordings() []wording {
	_, query, _ := strings.Cut(n.e.Path, "?")
	taken := func(name string) bool { // by the path, for something else
		return slices.ContainsFunc(strings.Split(query, "&"), func(pair string) bool { return nameOf(pair) == name })
	}
	all := make([]wording, 2)
	add := func(to int, name, value string) {
		if !slices.ContainsFunc(all[to], func(p parameter) bool { return p.name == name }) {
			all[to] = append(all[to], parameter{name, value})
		}
	}
	for _, name := range n.known() {
		add(0, name, n.page.String())
		if slices.Contains(switchParameters, name) || strings.Contains(strings.ToLower(name), "cors") {
			add(1, name, switchedOn)
		} else {
			add(1, name, n.page.Host())
		}
	}
	for _, tried := range []struct {
		to    int
		names []string
		value string
	}{
		{0, slices.Concat(originParameters, hostParameters), n.page.String()},
		{1, switchParameters, switchedOn},
		{1, hostParameters, n.page.Host()},
	} {
		for _, name := range tried.names {
			if !taken(name) {
				add(tried.to, name, tried.value)
			}
		}
	}
	return all
}

// of is the same read with these parameters in the URL.
func (n namedInURL) of(w wording) (read Attempt, c controls, byHand Attempt) {
	e := w.in(n.e)
	return n.read(e), n.controls(n.page, e), probe(n.target, n.page, e, n.cred, originHeader(n.page))
}

func planNamedInURL(t Target) ([]Case, string) {
	all, why := prizes(t)
	if why != "" {
		return nil, why
	}
	var cases []Case
	for _, p := range all {
		if p.endpoint.Safe() { // no other method is sent to a URL that nobody declared
			cases = append(cases, namedInURL{attack(t, p.cred), p.endpoint}.asCase())
		}
	}
	return planned(cases, "No private endpoint is read by a GET, and no other method is sent to a URL that nobody declared.")
}

// asCase asks by hand with all parameters at once, and has the page try each by itself
// where that is granted; or those that are known, where the target takes no others.
func (n namedInURL) asCase() Case {
	plain := n.visit.controls(n.page, n.e)
	all := n.wordings()
	_, _, first := n.of(all[0])
	_, _, second := n.of(all[1])
	return Case{
		Subject:  n.subject(n.e),
		Attempts: []Attempt{first, second, n.read(n.e), plain.byHand},
		More: func(obs Observations) []Attempt {
			var attempts []Attempt
			for _, w := range n.suspects(obs) {
				read, controls, _ := n.of(w)
				attempts = append(attempts, controls.after(read)...)
			}
			return attempts
		},
		Judge: n.judge,
	}
}

// suspects are the wordings that the page tries: each parameter by itself, and all of them.
func (n namedInURL) suspects(obs Observations) []wording {
	if n.grantedAnyway(obs) {
		return nil
	}
	var list []wording
	for _, w := range n.wordings() {
		_, _, hand := n.of(w)
		r := answer(obs.Of(hand))
		switch {
		case Grants(n.page, n.cred, r):
			for _, p := range w {
				list = append(list, wording{p})
			}
			list = append(list, w)
		case r != nil && r.Status >= 400 && r.Status < 500:
			for _, p := range w {
				if slices.Contains(n.known(), p.name) || slices.Contains([]string{"origin", "cors"}, p.name) {
					list = append(list, wording{p})
				}
			}
		}
	}
	return list
}

// grantedAnyway reports whether the page is granted the read without a word in the URL.
func (n namedInURL) grantedAnyway(obs Observations) bool {
	byHand := obs.Of(n.visit.controls(n.page, n.e).byHand)
	named, _ := byHand.Attempt.Headers.Get(cors.HeaderOrigin)
	return obs.Of(n.read(n.e)).Read() || named != "" && Grants(n.page, n.cred, answer(byHand))
}

func (n namedInURL) judge(obs Observations) Judgement {
	if n.grantedAnyway(obs) {
		return conforms("%s is granted the read whatever the URL says (see %s)", n.page, readByAnyone(n.read(n.e)))
	}
	var asked []Observation
	tried := 0
	for _, w := range n.wordings() {
		_, _, hand := n.of(w)
		asked, tried = append(asked, obs.Of(hand)), tried+len(w)
	}
	if doubt := silence(asked...); doubt != nil {
		return inDoubt(doubt)
	}
	found := conforms("none of %d parameters that may name an origin in the URL, or turn CORS on, has %s granted the read", tried, n.page)
	for _, w := range n.suspects(obs) {
		read, controls, _ := n.of(w)
		if !obs.has(read) {
			continue
		}
		j := judgeRead(controls.of(n.cred, reach(n.target, n.page), obs.Of(read), obs)).withProof(obs.Of(read))
		if j.Verdict == Violates {
			j.Reason += "; the URL asked for it with " + w.String()
			j = n.named(j, w)
		}
		found = worst(found, j)
	}
	return found
}

// named says by which parameter the target grants.
func (n namedInURL) named(j Judgement, w wording) Judgement {
	name := "the parameters of the URL"
	if len(w) == 1 {
		name = "the parameter " + w[0].name + " of the URL"
	}
	j = j.withRule(Rule{Kind: NamedInURL, Value: name})
	j.Fix = "Take " + name + " out of what decides who is granted: a page that attacks writes the URL itself, so that it says there what it wants. " +
		"Decide by the Origin header alone, compared whole with a list of exact origins, and answer with the origin of that list."
	if j.Severity == Low {
		return j.binding(Should)
	}
	return j
}

// namedIn is the private endpoint that an attempt of [planNamedInURL] is for, which puts
// more into the URL than the endpoint has; false where it is none.
func (t Target) namedIn(a Attempt) (Endpoint, bool) {
	path, _, asked := strings.Cut(a.URL, "?")
	if !asked {
		return Endpoint{}, false
	}
	for _, e := range t.PrivateReads() {
		if own, _, _ := strings.Cut(t.At(e.Path), "?"); own != path || e.Method != a.Method || !e.Safe() {
			continue
		}
		n := namedInURL{attack(t, Anonymous), e}
		for _, w := range n.wordings() {
			if t.At(w.in(e).Path) == a.URL || slices.ContainsFunc(w, func(p parameter) bool { return t.At(wording{p}.in(e).Path) == a.URL }) {
				return e, true
			}
		}
	}
	return Endpoint{}, false
}
