package scenarios

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// broke is a violation, as judges make them.
func broke(id, origin string, rule *Rule) Judged {
	s, _ := Find(id)
	return Judged{
		ID: id, Level: s.Level,
		Subject:   Subject{Endpoint: "GET /api/notebooks", Origin: origin, Credential: Cookie},
		Judgement: Judgement{Verdict: Violates, Severity: Medium, Reason: "it does", Rule: rule},
	}
}

func told(causes []Cause) []string {
	var list []string
	for _, c := range causes {
		list = append(list, c.ID+" ("+strings.Join(c.Requirements, " ")+"): "+c.Rule)
	}
	return list
}

func TestCauses(t *testing.T) {
	suffix := &Rule{Kind: EndsWith, Value: "example.com"}
	prefix := &Rule{Kind: BeginsWith, Value: "https://app.example.com", AnyPort: true}
	sub := &Rule{Kind: SubdomainOf, Value: "app.example.com"}
	of := func(id string, j func(*Judged)) Judged {
		f := broke(id, "https://app.example.com", nil)
		j(&f)
		return f
	}
	for _, c := range []struct {
		name string
		all  []Judged
		want []string
	}{
		{"what conforms has no cause", []Judged{{ID: "WLD-001", Judgement: Judgement{Verdict: Conforms}}}, nil},
		{
			"a suffix", []Judged{
				broke("ORG-003", "https://evilexample.com", suffix),
				broke("ORG-004", "https://pp.example.com", suffix),
				broke("ORG-005", "https://appxexample.com", suffix),
				broke("ORG-009", "https://sub.app.example.com", sub), // by its own rule, which the suffix takes in
				broke("ORG-017", "https://app.example.comapp.example.com", nil),
			},
			[]string{`ends-with (ORG-003 ORG-004 ORG-005 ORG-009 ORG-017): every origin is trusted that ends with "example.com"`},
		},
		{
			"null for strangers", []Judged{
				broke("NUL-001", "null", nil),
				broke("NUL-003", "null", nil),
				of("CRD-004", func(f *Judged) { f.Subject.Origin, f.Judgement.FollowsFrom = "https://evil.test", "NUL-001" }),
			},
			[]string{"null-origin (NUL-001 NUL-003 CRD-004): the origin null is trusted: it is what the target answers to every origin that it does not trust"},
		},
		{
			"null, and a header for all", []Judged{broke("NUL-001", "null", nil), broke("CRD-004", "https://evil.test", nil)},
			[]string{"null-origin (NUL-001): the origin null is trusted", "CRD-004 (CRD-004): Access-Control-Allow-Credentials: true is sent to origins that are not trusted"},
		},
		{
			"no end of a pattern", []Judged{
				broke("ORG-001", "https://app.example.com.evil.test", prefix),
				broke("ORG-002", "https://app.example.comevil.test", prefix),
				broke("ORG-015", "https://app.example.com-evil.test", prefix),
				broke("ORG-017", "https://app.example.comapp.example.com", nil),
			},
			[]string{`begins-with (ORG-001 ORG-002 ORG-015 ORG-017): every origin is trusted that begins with "https://app.example.com", on any port`},
		},
		{
			"what the rule does not grant stands alone", []Judged{
				broke("ORG-003", "https://evilexample.com", suffix),
				broke("ORG-013", "http://localhost:3000", nil),
			},
			[]string{`ends-with (ORG-003): every origin is trusted that ends with "example.com"`, `ORG-013 (ORG-013): development origins are trusted`},
		},
		{
			"two trusted origins, one rule", []Judged{
				broke("ORG-003", "https://evilexample.com", suffix),
				broke("ORG-003", "https://evilexample.org", &Rule{Kind: EndsWith, Value: "example.org"}),
			},
			[]string{`ends-with (ORG-003): every origin is trusted that ends with "example.com" or ends with "example.org"`},
		},
		{
			"a narrow rule at one endpoint is no echo at another", []Judged{
				broke("WLD-001", "https://evil.test", nil),
				broke("ORG-003", "https://evilexample.com", suffix),
			},
			[]string{`every-origin (WLD-001): every origin is granted`, `ends-with (ORG-003): every origin is trusted that ends with "example.com"`},
		},
		{
			"what shows no rule falls with that of its own endpoint", []Judged{
				broke("WLD-001", "https://evil.test", nil),
				broke("ORG-016", "https://app.example.com.", nil),
				of("ORG-001", func(f *Judged) {
					f.Subject.Endpoint, f.Subject.Origin, f.Judgement.Rule = "GET /api/notes", "https://app.example.com.evil.test", prefix
				}),
				of("ORG-016", func(f *Judged) { f.Subject.Endpoint, f.Subject.Origin = "GET /api/notes", "https://app.example.com." }),
				of("ORG-019", func(f *Judged) { f.Subject.Endpoint = "GET /api/notes" }),
			},
			[]string{
				`every-origin (WLD-001 ORG-016): every origin is granted`,
				`begins-with (ORG-001 ORG-016 ORG-019): every origin is trusted that begins with "https://app.example.com", on any port`,
			},
		},
		{
			"a credentials header that grants nothing is no echo", []Judged{
				of("CRD-004", func(f *Judged) { f.Answer = reply(200, "", withCredentials) }),
			},
			[]string{`CRD-004 (CRD-004): Access-Control-Allow-Credentials: true is sent to origins that are not trusted`},
		},
		{
			"an echo that shows by its credentials alone", []Judged{
				of("CRD-004", func(f *Judged) {
					f.Subject.Origin, f.Answer = "https://evil.test", reply(200, "", allowOrigin("https://evil.test"), withCredentials)
				}),
				broke("ERR-002", "https://evil.test", nil),
			},
			[]string{`every-origin (CRD-004 ERR-002): every origin is echoed, with credentials`},
		},
		{
			"a credentials header alone at another endpoint than the one that echoes", []Judged{
				broke("WLD-001", "https://evil.test", nil),
				broke("ORG-019", "https://app.example.com", &Rule{Kind: EchoRule}), // about the trusted origin's spellings
				of("CRD-004", func(f *Judged) {
					f.Subject = Subject{Endpoint: "GET /api/notes", Origin: "https://evil.test", Credential: Cookie}
					f.Answer = reply(200, "", withCredentials)
				}),
				of("CRD-004", func(f *Judged) {
					f.Subject = Subject{Endpoint: "GET /", Origin: "https://evil.test", Credential: Cookie}
					f.Answer = reply(200, "", allowOrigin("*"), withCredentials)
				}),
				of("PRE-010", func(f *Judged) {
					f.Subject = Subject{Endpoint: "GET /crossexam-*", Origin: "https://app.example.com", Credential: Cookie}
					f.Answer = reply(200, "", allowOrigin("https://app.example.com"), withCredentials)
				}),
			},
			[]string{
				`every-origin (WLD-001 ORG-019 CRD-004): every origin is granted by *, with credentials`,
				`CRD-004 (CRD-004): Access-Control-Allow-Credentials: true is sent to origins that are not trusted`,
				`PRE-010 (PRE-010): preflights on routes that do not exist are approved`,
			},
		},
		{
			"an echo with credentials, where a token opens the API", []Judged{
				of("CRD-003", func(*Judged) {}),
				of("CRD-004", func(f *Judged) {
					f.Subject.Origin, f.Answer = "https://evil.test", reply(200, "", allowOrigin("https://evil.test"), withCredentials)
				}),
			},
			[]string{`every-origin (CRD-003 CRD-004): every origin is echoed, with credentials`},
		},
		{
			"credentials for the listed origins, beside an error that is echoed", []Judged{
				of("CRD-003", func(f *Judged) { f.Level = Should }),
				broke("WLD-001", "https://evil.test", nil),
			},
			[]string{`every-origin (WLD-001): every origin is granted`, `CRD-003 (CRD-003): Access-Control-Allow-Credentials: true is sent, though the front end needs none`},
		},
		{
			"a front end whose preflights alone are granted", []Judged{
				of("PRE-006", func(f *Judged) { f.Judgement.FollowsFrom = "TRU-001" }), of("TRU-001", func(*Judged) {}),
			},
			[]string{`front-end-refused (PRE-006 TRU-001): the trusted front end is not granted all that it needs`},
		},
		{
			"a list of origins, each in a line", []Judged{of("ERR-007", func(f *Judged) { f.Judgement.Fix = listInLines }), of("HDR-001", func(*Judged) {})},
			[]string{`two-layers (ERR-007 HDR-001): replies have Access-Control-Allow-Origin more than once, or more than one origin in it`},
		},
		{
			"the same beside preflights that everybody is granted", []Judged{
				of("PRE-001", func(*Judged) {}), of("PRE-006", func(f *Judged) { f.Judgement.FollowsFrom = "TRU-001" }), of("TRU-001", func(*Judged) {}),
			},
			[]string{`preflights-for-everyone (PRE-001): preflights of every origin are approved`,
				`front-end-refused (PRE-006 TRU-001): the trusted front end is not granted all that it needs`},
		},
		{
			"the login is asked for first", []Judged{
				of("PRE-007", func(*Judged) {}), of("TRU-002", func(*Judged) {}), of("ERR-001", func(*Judged) {}),
				of("PRE-008", func(f *Judged) { f.Judgement.FollowsFrom = "PRE-007" }),
			},
			[]string{`login-before-cors (PRE-007 PRE-008 ERR-001 TRU-002): the login is asked for before CORS: preflights, which carry no credential, are refused`},
		},
		{
			"a value that is none", []Judged{
				of("CRD-005", func(*Judged) {}), of("TRU-001", func(f *Judged) { f.Block = cors.InvalidAllowCredentials }),
				of("TRU-003", func(f *Judged) { f.Block = cors.HeaderDisallowedByPreflightResponse }),
			},
			[]string{
				`CRD-005 (CRD-005 TRU-001): Access-Control-Allow-Credentials has a value other than true, which browsers take for none`,
				`front-end-refused (TRU-003): the trusted front end is not granted all that it needs`,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := told(Causes(c.all)); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// Of findings that are alike the one at the most private endpoint is told.
func TestTheMostPrivateIsToldFirst(t *testing.T) {
	at := func(endpoint string, place int) Judged {
		return Judged{ID: "WLD-003", Subject: Subject{Endpoint: endpoint, Origin: "https://evil.test"}, Level: Must, Place: place,
			Judgement: Judgement{Verdict: Violates, Severity: High, Exfiltrated: true}}
	}
	all := []Judged{at("GET /api/auth/status", 2), at("GET /api/notebooks", 1), at("GET /api/credentials", 0)}
	if got := Causes(all); len(got) != 1 || got[0].Worst != 2 {
		t.Errorf("%+v", got)
	}
}

// Every violation has exactly one cause, in words, with a fix, whatever is violated
// beside it.
func TestEveryRequirementHasACause(t *testing.T) {
	for _, s := range Catalogue() {
		causes := Causes([]Judged{broke(s.ID, "https://evil.test", nil)})
		if len(causes) != 1 || causes[0].Rule == "" || causes[0].Fix == "" || causes[0].Root != s.ID {
			t.Errorf("%s: say in breaches (cause_breaches.go) what a target does that violates it: %+v", s.ID, causes)
		}
	}
	var all []Judged
	for _, s := range Catalogue() {
		all = append(all, broke(s.ID, "https://evil.test", nil))
	}
	places := map[int]int{}
	for _, c := range Causes(all) {
		for _, i := range c.Findings {
			places[i]++
		}
	}
	for i, s := range Catalogue() {
		if places[i] != 1 {
			t.Errorf("%s falls with %d causes", s.ID, places[i])
		}
	}
}

// Only what has no kind in common with others needs words of its own.
func TestBreachesAreUsed(t *testing.T) {
	for id := range breaches {
		if c := Causes([]Judged{broke(id, "https://evil.test", nil)}); len(c) != 1 || c[0].Rule != breaches[id] {
			t.Errorf("%s: %q is never said: %v", id, breaches[id], told(c))
		}
	}
}

// The order in which cases were judged changes nothing.
func TestCausesSurviveReordering(t *testing.T) {
	all := judgedRecording(t, "wildcard-echo-with-cookie")
	want := Causes(all)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		places := r.Perm(len(all))
		mixed := make([]Judged, len(all))
		for to, from := range places {
			mixed[to] = all[from]
		}
		got := Causes(mixed)
		for i := range got {
			got[i].Worst = places[got[i].Worst]
			for j := range got[i].Findings {
				got[i].Findings[j] = places[got[i].Findings[j]]
			}
			slices.Sort(got[i].Findings)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(told(got), "\n"), strings.Join(told(want), "\n"))
		}
	}
}

// One line of a server's code is one cause.
func TestCausesOfRecordings(t *testing.T) {
	for name, want := range map[string][]string{
		"hardened":                    nil,
		"wildcard-echo-with-cookie":   {"every-origin", "lists", "errors-outside-cors"},
		"authentication-outside-cors": {"login-before-cors"},
		"two-allow-origin-headers":    {"two-layers"},
		"unescaped-dot":               {"unescaped-dot"},
	} {
		causes := Causes(judgedRecording(t, name))
		var ids []string
		for i, c := range causes {
			ids = append(ids, c.ID)
			if i > 0 && c.Severity == High {
				t.Errorf("%s: %s is high too", name, c.ID)
			}
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s:\n%s", name, strings.Join(told(causes), "\n"))
		}
	}
}

// judgedRecording is what the judges say of a recording.
func judgedRecording(t *testing.T, name string) []Judged {
	t.Helper()
	r, recorded := readRecording(t, name)
	var all []Judged
	for _, s := range Catalogue() {
		cases, _ := s.Plan(r.Target)
		for _, c := range cases {
			j := replay(t, s, c, recorded)
			f := Judged{ID: s.ID, Subject: c.Subject, Judgement: j, Level: s.Level}
			if j.Level != "" {
				f.Level = j.Level
			}
			proof := c.Attempts[0].Key()
			if j.Proof != "" {
				proof = j.Proof
			}
			if o, ok := recorded.byKey[proof]; ok {
				f.Answer, f.Block = o.Response(), o.Block.Reason
			}
			all = append(all, f)
		}
	}
	return all
}

func TestRuleGrants(t *testing.T) {
	for _, c := range []struct {
		rule    Rule
		granted []string
		refused []string
	}{
		{Rule{Kind: EchoRule}, []string{"https://evil.test", "null"}, nil},
		{Rule{Kind: Contains, Value: "example.com"}, []string{"http://evilexample.com.evil.test"}, []string{"https://evil.test", "null"}},
		{Rule{Kind: BeginsWith, Value: "https://a.example"}, []string{"https://a.exampleevil.test", "https://a.example:8443"}, []string{"http://a.example"}},
		{Rule{Kind: BeginsWithDot, Value: "https://a.example"}, []string{"https://a.example.evil.test"}, []string{"https://a.exampleevil.test"}},
		{Rule{Kind: SiteOn, Value: "github.io"}, []string{"https://evil.github.io"}, []string{"https://github.io"}},
		{Rule{Kind: EndsWith, Value: "example.com"}, []string{"https://evilexample.com"}, []string{"https://example.com.", "http://example.com"}},
		{Rule{Kind: EndsWith, Value: "example.com", insecure: true}, []string{"http://example.com"}, nil},
		{Rule{Kind: SubdomainOf, Value: "example.com"}, []string{"https://a.b.example.com"}, []string{"https://example.com"}},
		{Rule{Kind: LabelBelow, Value: "example.com"}, []string{"https://a.example.com"}, []string{"https://a.b.example.com"}},
		{Rule{Kind: UnescapedDot, Value: "a.b.com", dots: []int{2}}, []string{"https://a.bxcom"}, []string{"https://axb.com", "https://aa.b.com", "https://a.bxco1"}},
		{Rule{Kind: SameHost, Value: "a.b.com"}, []string{"https://a.b.com:8443"}, []string{"https://x.b.com"}},
		{Rule{Kind: TakesFor, Value: "https://a.b.com"}, nil, []string{"https://a.b.com"}},
	} {
		for _, o := range c.granted {
			if !c.rule.grants(cors.MustParseOrigin(o)) {
				t.Errorf("%v does not grant %s", c.rule, o)
			}
		}
		for _, o := range c.refused {
			if c.rule.grants(cors.MustParseOrigin(o)) {
				t.Errorf("%v grants %s", c.rule, o)
			}
		}
	}
}

// The near-misses that show an unescaped dot each are about one pattern.
func TestWordsOfOnePattern(t *testing.T) {
	of := func(value string, dots ...int) Judged {
		return Judged{ID: "ORG-005", Judgement: Judgement{Rule: &Rule{Kind: UnescapedDot, Value: value, dots: dots}}}
	}
	want := `every origin is trusted that has any character for dot 1 and 2 of "app.example.com", which is unescaped in the pattern`
	if got := matchingWords(UnescapedDot, []Judged{of("app.example.com", 2), of("app.example.com", 1, 2), of("app.example.com", 1)}); got != want {
		t.Errorf("%s", got)
	}
}
