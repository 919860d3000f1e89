package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

const missOrigin = "https://notebook.example.com.evil.test"

func missCase(t *testing.T, c Credential, id, origin string) Case {
	t.Helper()
	target := trusting("https://api.notebook.test", "https://notebook.example.com", "https://app.dev")
	target.Credentials = []Credential{c}
	s, _ := Find(id)
	cases, reason := s.Plan(target)
	for _, found := range cases {
		if found.Subject.Origin == origin {
			return found
		}
	}
	t.Fatalf("%s has no case of %s: %s", id, origin, reason)
	return Case{}
}

// answeredCase are the observations of a near-miss's case: its read, the read and
// the controls of the arbitrary origin.
func answeredCase(c Case, read Observation, other func(Attempt) Observation, alone, bare, byHand *cors.Response) []Observation {
	as := c.Attempts
	return []Observation{read, other(as[1]), answeredTo(as[2], alone), answeredTo(as[3], bare), answeredTo(as[4], byHand)}
}

func TestJudgeMasquerade(t *testing.T) {
	c := missCase(t, Cookie, "ORG-001", missOrigin)
	read := c.Attempts[0]
	granted := reply(200, privateBody, allowOrigin(missOrigin), withCredentials)
	plain := reply(200, privateBody)
	blocks := func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, plain) }
	echoes := func(a Attempt) Observation { return readBy(a, private) }
	of := func(read Observation, other func(Attempt) Observation) []Observation {
		return answeredCase(c, read, other, denied, denied, plain)
	}
	more := func(obs []Observation) []Observation {
		for _, a := range c.More(NewObservations(obs)) {
			switch {
			case a.Vector == Probe:
				obs = append(obs, answeredTo(a, granted))
			case strings.HasPrefix(a.Page.String(), "https://notebook.example.com"):
				obs = append(obs, readBy(a, reply(200, privateBody, allowOrigin(a.Page.String()), withCredentials)))
			default:
				obs = append(obs, blocks(a))
			}
		}
		return obs
	}
	kept := keeping("SameSiteLax", readBy(read, reply(401, deniedBody, allowOrigin(missOrigin), withCredentials)))
	rule(t, byKey(c.Judge), []ruling{
		{name: "blocked", obs: of(blocks(read), blocks), verdict: Conforms, reason: "MissingAllowOriginHeader"},
		{name: "blocked, the cookie stayed home", obs: of(keeping("SameSiteLax", blockedFrom(read, cors.MissingAllowOriginHeader, denied)), blocks),
			verdict: Conforms, reason: "kept the cookie home (SameSiteLax)"},
		{name: "stolen", obs: more(of(readBy(read, granted), blocks)), verdict: Violates, severity: High, exfiltrated: true,
			reason: `anyone can register such a name; the target seems to trust every origin that begins with "https://notebook.example.com" (granted too: https://notebook.example.comevil.test`},
		{name: "stolen, nothing more known", obs: of(readBy(read, granted), blocks), verdict: Violates, severity: High, exfiltrated: true,
			reason: `begins with "https://notebook.example.com" and a dot`},
		{name: "stolen by everyone", obs: of(readBy(read, granted), echoes), verdict: Violates, severity: High, exfiltrated: true,
			reason: "echoes every origin when the victim's cookie comes along (see WLD-001"},
		{name: "granted, only SameSite", obs: more(of(kept, blocks)), verdict: Violates, severity: Medium, reason: "only SameSite kept the cookie home"},
		{name: "granted, SameSite, by hand unknown", obs: of(kept, blocks), verdict: CannotTell, reason: "is not known"},
		{name: "granted, the same to all", obs: answeredCase(c, readBy(read, granted), blocks, plain, plain, plain), verdict: Violates, severity: Low},
		{name: "fault", obs: of(broken(read), blocks), verdict: CannotTell, reason: "could not be opened"},
		{name: "not in play", obs: of(lacking(blocks(read)), blocks), verdict: CannotTell, reason: "not in play"},
	})
	if asked := c.More(NewObservations(of(readBy(read, granted), echoes))); len(asked) > 0 {
		t.Errorf("%d attempts more where every origin is echoed", len(asked))
	}
	if asked := c.More(NewObservations(of(blocks(read), blocks))); len(asked) > 0 {
		t.Errorf("%d attempts more where nothing is granted", len(asked))
	}
}

// The browser turns http into https for some domains: what is left is to ask by
// hand.
func TestJudgeMasqueradeThatCannotBeOpened(t *testing.T) {
	c := missCase(t, Cookie, "ORG-006", "http://notebook.example.com")
	blocks := func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, denied) }
	obs := answeredCase(c, broken(c.Attempts[0]), blocks, denied, denied, denied)
	asked := c.More(NewObservations(obs))
	if len(asked) != 1 || asked[0].Vector != Probe {
		t.Fatalf("asked for %v", asked)
	}
	with := func(o Observation) []Observation { return append(append([]Observation{}, obs...), o) }
	granted := reply(200, privateBody, allowOrigin("http://notebook.example.com"), withCredentials)
	// What the target grants the arbitrary origin, by hand too, is no answer to this one.
	echoed := reply(200, privateBody, allowOrigin("https://evil.test"), withCredentials)
	echoes := answeredCase(c, broken(c.Attempts[0]), func(a Attempt) Observation { return readBy(a, echoed) }, denied, denied, echoed)
	rule(t, byKey(c.Judge), []ruling{
		{name: "granted to everyone", obs: append(echoes, answeredTo(asked[0], granted)), verdict: Violates, severity: Low, reason: "could not be opened in this browser"},
		{name: "refused", obs: with(answeredTo(asked[0], reply(200, privateBody))), verdict: Conforms, reason: "could not be opened in this browser"},
		{name: "granted", obs: with(answeredTo(asked[0], granted)), verdict: Violates, severity: Low, reason: "could not be opened in this browser"},
		{name: "no answer", obs: with(broken(asked[0])), verdict: CannotTell},
	})
}

func TestJudgeMasqueradeByHand(t *testing.T) {
	for id, origin := range map[string]string{"ORG-006": "http://app.dev", "ORG-016": "https://notebook.example.com."} {
		c := missCase(t, Cookie, id, origin)
		blocks := func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, denied) }
		of := func(o Observation) []Observation { return answeredCase(c, o, blocks, denied, denied, denied) }
		a := c.Attempts[0]
		rule(t, byKey(c.Judge), []ruling{
			{name: "refused", obs: of(answeredTo(a, reply(200, ""))), verdict: Conforms, reason: "no grant"},
			{name: "without credentials", obs: of(answeredTo(a, reply(200, "", allowOrigin("*")))), verdict: Conforms},
			{name: "granted", obs: of(answeredTo(a, reply(200, "", allowOrigin(origin), withCredentials))), verdict: Violates, severity: Low, reason: origin},
			{name: "no answer", obs: of(broken(a)), verdict: CannotTell},
		})
	}
}

func TestJudgeMasqueradeFromTheNetwork(t *testing.T) {
	c := missCase(t, Network, "ORG-001", missOrigin)
	blocks := func(a Attempt) Observation {
		return blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody))
	}
	stolen := readBy(c.Attempts[0], reply(200, privateBody, allowOrigin(missOrigin)))
	j := c.Judge(NewObservations(answeredCase(c, stolen, blocks, denied, denied, denied)))
	if j.Verdict != Violates || j.Severity != High || !j.Exfiltrated {
		t.Errorf("%+v", j)
	}
}

// How much a grant binds, and what proves it, does not depend on which endpoint comes
// first: a pattern for the whole domain is against advice on each of them.
func TestNearMissesOfFurtherEndpoints(t *testing.T) {
	target := trusting("https://api.example.com", "https://app.example.com")
	further := Endpoint{Method: "GET", Path: "/api/orders", Private: true}
	target.Endpoints = append(target.Endpoints, further)
	subdomains := func(o cors.Origin) bool {
		return o.Scheme() == "https" && o.HasDefaultPort() && strings.HasSuffix(o.Host(), ".example.com")
	}
	for _, c := range []struct {
		name, id string
		grants   func(cors.Origin) bool
		level    Level
		follows  string
		reason   string
		most     int // attempts of one case
	}{
		{"any subdomain", "ORG-003", subdomains, Should, "ORG-010", `is a subdomain of "example.com"`, 20},
		{"any subdomain", "ORG-004", subdomains, Should, "ORG-010", `is a subdomain of "example.com"`, 20},
		{"an ending", "ORG-003", func(o cors.Origin) bool { return strings.HasSuffix(o.Host(), "example.com") }, "", "ORG-003", `ends with "example.com"`, 20},
		{"everyone", "ORG-003", func(cors.Origin) bool { return true }, "", "", "echoes every origin", 8},
	} {
		t.Run(c.name+"/"+c.id, func(t *testing.T) {
			s, _ := Find(c.id)
			cases, why := s.Plan(target)
			if why != "" {
				t.Fatal(why)
			}
			judged := 0
			for _, cs := range cases {
				var obs []Observation
				see := func(attempts []Attempt) {
					for _, a := range attempts {
						origin := a.Page
						body, lines := deniedBody, []string(nil)
						if !a.Omit {
							body = privateBody
						}
						if c.grants(origin) {
							lines = []string{allowOrigin(origin.String()), withCredentials}
						}
						switch r := reply(200, body, lines...); {
						case a.Vector == Probe:
							obs = append(obs, answeredTo(a, r))
						case c.grants(origin):
							obs = append(obs, readBy(a, r))
						default:
							obs = append(obs, blockedFrom(a, cors.MissingAllowOriginHeader, r))
						}
					}
				}
				see(cs.Attempts)
				see(cs.More(NewObservations(obs)))
				if miss := cors.MustParseOrigin(cs.Subject.Origin); !c.grants(miss) {
					continue
				}
				j := cs.Judge(NewObservations(obs))
				if j.Verdict != Violates || j.Level != c.level || j.FollowsFrom != c.follows && c.follows != "" || !strings.Contains(j.Reason, c.reason) {
					t.Errorf("%v: %s, level %q, from %q: %s", cs.Subject, j.Verdict, j.Level, j.FollowsFrom, j.Reason)
				}
				if len(obs) > c.most {
					t.Errorf("%v: %d attempts", cs.Subject, len(obs))
				}
				if cs.Subject.Endpoint == further.String() {
					judged++
					if i := slices.IndexFunc(obs, func(o Observation) bool { return o.Attempt.Key() == j.Proof }); i < 0 || obs[i].Loot == nil {
						t.Errorf("%v: the proof has no loot: %q", cs.Subject, j.Proof)
					}
				}
			}
			if judged == 0 {
				t.Error("no near-miss was tried at the further endpoint")
			}
		})
	}
}

// Near-misses of the first trusted origins are tried by pages, and those of further ones by
// hand at first: one that is made of two is the first ones' only if both are.
func TestNearMissesOfFurtherOrigins(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://a.one.com", "https://b.two.com", "https://c.three.com", "https://d.four.com", "https://e.five.com", "https://f.six.com")
	for id, byHand := range map[string]map[string]bool{
		"ORG-001": {"https://d.four.com.evil.test": false, "https://e.five.com.evil.test": true},
		"ORG-017": {"https://b.two.coma.one.com": false, "https://e.five.comd.four.com": true, "https://d.four.come.five.com": true},
		"ORG-013": {"http://localhost:3000": false},
	} {
		s, _ := Find(id)
		cases, why := s.Plan(target)
		for origin, want := range byHand {
			i := slices.IndexFunc(cases, func(c Case) bool { return c.Subject.Origin == origin })
			if i < 0 {
				t.Errorf("%s has no case of %s: %s", id, origin, why)
				continue
			}
			if first := cases[i].Attempts[0]; (first.Vector == Probe) != want {
				t.Errorf("%s: %s is tried by %s first", id, origin, first.Vector)
			}
		}
	}
}
