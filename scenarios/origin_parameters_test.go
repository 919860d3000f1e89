package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeNamedInURL(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://notebook.example.com")
	target.Credentials = []Credential{Cookie}
	cases, _ := planNamedInURL(target)
	c := cases[0]
	const evil = "https://evil.test"
	const origin, host, site = "origin=https%3A%2F%2Fevil.test", "callback_domain=evil.test", "site=https%3A%2F%2Fevil.test"
	granted := reply(200, privateBody, allowOrigin(evil), withCredentials)
	plain := reply(200, privateBody)
	// target answers as one does that decides by the URL; SameSite keeps the cookie home
	// where lax says so.
	seen := func(lax bool, decide func(url string) *cors.Response) []Observation {
		answered := func(a Attempt) Observation {
			r := decide(a.URL)
			switch {
			case a.Vector == Probe && a.Identity == Anonymous, a.Omit:
				return answeredTo(a, denied)
			case a.Vector == Probe:
				return answeredTo(a, r)
			case r != nil && Grants(a.Page, Cookie, r) && lax:
				return keeping("SameSiteLax", readBy(a, reply(401, deniedBody, allowOrigin(evil), withCredentials)))
			case r != nil && Grants(a.Page, Cookie, r):
				return readBy(a, r)
			}
			return blockedFrom(a, cors.MissingAllowOriginHeader, plain)
		}
		var obs []Observation
		for _, a := range c.Attempts {
			obs = append(obs, answered(a))
		}
		for _, a := range c.More(NewObservations(obs)) {
			obs = append(obs, answered(a))
		}
		return obs
	}
	with := func(part string) func(string) *cors.Response {
		return func(url string) *cors.Response {
			if strings.Contains(url+"&", part+"&") {
				return granted
			}
			return plain
		}
	}
	always := func(string) *cors.Response { return granted }
	never := func(string) *cors.Response { return plain }
	strict := func(url string) *cors.Response {
		switch _, query, _ := strings.Cut(url, "?"); {
		case query == "":
			return plain
		case query == origin:
			return granted
		}
		return reply(422, `{"detail":"extra"}`)
	}
	two := func(url string) *cors.Response {
		if strings.Contains(url, "origin=") && strings.Contains(url, "site=") {
			return granted
		}
		return plain
	}
	elsewhere := func(url string) *cors.Response {
		if strings.Contains(url, "site=") {
			return reply(404, `{"detail":"no such site"}`, allowOrigin(evil), withCredentials)
		}
		return plain
	}
	// place is where the page's read is that has this query, or the longest where it is empty.
	place := func(obs []Observation, query string) int {
		last := 0
		for i, o := range obs {
			if a := o.Attempt; a.Vector == Fetch && !a.Omit && (strings.HasSuffix(a.URL, "?"+query) || query == "" && len(a.URL) > 500) {
				last = i
			}
		}
		return last
	}
	silent := seen(false, never)
	silent[1] = broken(silent[1].Attempt)
	rulings := []ruling{
		{name: "nowhere", obs: seen(false, never), verdict: Conforms, reason: "none of "},
		{name: "everywhere", obs: seen(false, always), verdict: Conforms, reason: "whatever the URL says (see WLD-001)"},
		{name: "an origin", obs: seen(false, with(origin)), verdict: Violates, severity: High, exfiltrated: true,
			reason: "the URL asked for it with origin=https://evil.test; the target lets the parameter origin of the URL decide who is granted"},
		{name: "a host", obs: seen(false, with(host)), verdict: Violates, severity: High, exfiltrated: true, reason: "the parameter callback_domain of the URL"},
		{name: "a switch", obs: seen(false, with("cors=1")), verdict: Violates, severity: High, exfiltrated: true, reason: "the parameter cors of the URL"},
		{name: "two together", obs: seen(false, two), verdict: Violates, severity: High, exfiltrated: true, reason: "with several parameters; the target lets the parameters of the URL decide"},
		{name: "a cookie that stays home", obs: seen(true, with(origin)), verdict: Violates, severity: Medium, reason: "only SameSite kept the cookie home"},
		{name: "a target that takes no other parameter", obs: seen(false, strict), verdict: Violates, severity: High, exfiltrated: true, reason: "origin=https://evil.test"},
		{name: "an error alone", obs: seen(false, elsewhere), verdict: Violates, severity: Low, level: Should, reason: "nothing private was proved to leave"},
		{name: "no answer", obs: silent, verdict: CannotTell},
	}
	shownBy := map[string]string{"an origin": origin, "a host": host, "a switch": "cors=1", "two together": "", "a cookie that stays home": origin,
		"a target that takes no other parameter": origin, "an error alone": site}
	for i, r := range rulings {
		if query, ok := shownBy[r.name]; ok {
			rulings[i].proof = place(r.obs, query)
		}
	}
	rule(t, byKey(c.Judge), rulings)
	if asked := c.More(NewObservations(seen(false, never))); len(asked) > 0 {
		t.Errorf("%d attempts more where nothing is granted", len(asked))
	}
	if asked := c.More(NewObservations(seen(false, always))); len(asked) > 0 {
		t.Errorf("%d attempts more where everyone is granted", len(asked))
	}
	fix := c.Judge(NewObservations(seen(false, with("cors=1")))).Fix
	if !strings.HasPrefix(fix, "Take the parameter cors of the URL out of what decides") {
		t.Errorf("fix: %s", fix)
	}
}

// The page writes its own origin in the place of the one that the path names, leaves alone
// what the path means otherwise, and tries what the document declares.
func TestParametersThatNameOrigins(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://notebook.example.com")
	asked := func(path string, declared ...string) string {
		n := namedInURL{attack(target, Cookie), Endpoint{Method: "GET", Path: path, Private: true, Parameters: declared}}
		all := n.wordings()
		return all[0].in(n.e).Path + " " + all[1].in(n.e).Path
	}
	for _, tt := range []struct {
		path     string
		declared []string
		want     []string
		never    string
	}{
		{path: "/me", want: []string{"/me?origin=https%3A%2F%2Fevil.test&cors=https%3A%2F%2Fevil.test&", "/me?cors=1&", "&callback_domain=evil.test&"}},
		{path: "/me?r=https://notebook.example.com", want: []string{"/me?r=https%3A%2F%2Fevil.test&", "/me?r=evil.test&"}},
		{path: "/me?r=https%3A%2F%2Fnotebook.example.com%2Fcb&x=1", want: []string{"/me?r=https%3A%2F%2Fevil.test&x=1&"}},
		{path: "/me?front=notebook.example.com", want: []string{"/me?front=https%3A%2F%2Fevil.test&", "/me?front=evil.test&"}},
		{path: "/me?cors=0", want: []string{"/me?cors=1&"}, never: "cors=0"},
		{path: "/me?site=12", want: []string{"/me?site=12&"}, never: "site=evil"},
		{path: "/me", declared: []string{"widgetHost"}, want: []string{"/me?widgetHost=https%3A%2F%2Fevil.test&", "/me?widgetHost=evil.test&"}},
	} {
		got := asked(tt.path, tt.declared...)
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s %v: got %s, want %s", tt.path, tt.declared, got, want)
			}
		}
		if tt.never != "" && strings.Contains(got, tt.never) {
			t.Errorf("%s: got %s", tt.path, got)
		}
	}
}

// What such an attempt asks for is the endpoint, by its premise.
func TestNamedInURLIsAtStake(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://notebook.example.com")
	target.Credentials = []Credential{Cookie}
	target.Premises = []Premise{{Endpoint: privateRead.String(), Credential: Cookie, Finding: Private}}
	cases, _ := planNamedInURL(target)
	for _, a := range cases[0].Attempts {
		if _, _, ok := target.AtStake(a); ok != (a.Identity == Cookie) {
			t.Errorf("%s: %t", described(Case{Attempts: []Attempt{a}}), ok)
		}
	}
	n := namedInURL{attack(target, Cookie), privateRead}
	for _, w := range []wording{{{"origin", "https://evil.test"}}, {{"cors", "1"}}} {
		read, _, _ := n.of(w)
		if e, _, ok := target.AtStake(read); !ok || e.String() != privateRead.String() {
			t.Errorf("%s: %v %t", w, e, ok)
		}
	}
	other := n.read(n.e)
	other.URL += "?page=2"
	if _, _, ok := target.AtStake(other); ok {
		t.Error("a parameter that names nobody is taken for one that does")
	}
}

func TestNamesOrigin(t *testing.T) {
	names := []string{"origin", "Origin", "callback_domain", "xdm_e", "siteUrl", "allowed", "cors", "parentOrigin", "redirect_uri"}
	others := []string{"page", "limit", "q", "id", "sort", "fields", "token"}
	for _, n := range slices.Concat(names, others) {
		if got := NamesOrigin(n); got != slices.Contains(names, n) {
			t.Errorf("%s: %t", n, got)
		}
	}
}
