package scenarios

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func trusting(target string, trusted ...string) Target {
	t := Target{URL: target, Credentials: []Credential{Cookie}, Endpoints: []Endpoint{privateRead}, Label: "r4nd0m"}
	for _, o := range trusted {
		t.Trusted = append(t.Trusted, cors.MustParseOrigin(o))
	}
	return t
}

// rules are the near-misses of each scenario.
var rules = map[string]func(Target) []NearMiss{
	"ORG-001": ofEach(dotted), "ORG-002": ofEach(letters), "ORG-003": ofEach(lettersBefore), "ORG-004": ofEach(cut),
	"ORG-005": ofEach(dotReplaced), "ORG-006": ofEach(insecureSpelling), "ORG-007": ofEach(otherPort), "ORG-008": ofEach(longerPort),
	"ORG-009": ofEach(subdomain), "ORG-010": ofEach(siblingHost), "ORG-011": ofEach(insecureSubdomain), "ORG-012": shared,
	"ORG-013": local, "ORG-014": localNames, "ORG-015": ofEach(punctuated), "ORG-016": ofEach(trailingDot),
	"ORG-017": runTogether, "ORG-018": ofEach(lookAlike),
}

// weighed writes a near-miss with a mark: + anyone can register it, ? by real
// DNS but not for anyone, ~ mapped only, ! never.
func weighed(ms []NearMiss) string {
	var all []string
	for _, m := range ms {
		mark := map[sendability]string{realDNS: "?", mappedOnly: "~", never: "!"}[m.sendable]
		if m.Registrable {
			mark = "+"
		}
		all = append(all, mark+m.Origin.String())
	}
	return strings.Join(all, " ")
}

func TestNearMisses(t *testing.T) {
	const (
		api      = "https://api.notebook.test"
		notebook = "https://notebook.example.com"
	)
	for _, tt := range []struct {
		id      string
		target  string
		trusted string // separated by blanks
		want    string
	}{
		{"ORG-001", api, notebook, "+https://notebook.example.com.evil.test"},
		{"ORG-001", api, notebook + ":3000", "+https://notebook.example.com.evil.test:3000"},
		{"ORG-001", api, "http://192.168.7.7:8502", "+http://192.168.7.7.evil.test:8502"},
		{"ORG-001", api, "http://[::1]:8502", ""},
		{"ORG-001", api, "http://localhost:3000 https://app.corp", "+http://localhost.evil.test:3000 +https://app.corp.evil.test"},
		{"ORG-001", "http://api.notebook.test", notebook, "+http://notebook.example.com.evil.test"},
		{"ORG-001", api, notebook + " " + notebook + ".evil.test", "?https://notebook.example.com.evil.test.evil.test"},
		{"ORG-002", api, notebook, "+https://notebook.example.comevil.test"},
		{"ORG-002", "https://notebook.example.comevil.test", notebook, ""},
		{"ORG-003", api, notebook, "?https://evilnotebook.example.com +https://evilexample.com"},
		{"ORG-003", api, "https://example.co.uk", "+https://evilexample.co.uk"},
		{"ORG-003", api, "https://app.corp", "?https://evilapp.corp"},
		{"ORG-003", api, "https://app.acme.corp", "?https://evilapp.acme.corp ?https://evilacme.corp"},
		{"ORG-003", api, "https://me.github.io", "+https://evilme.github.io"},
		{"ORG-003", api, "http://10.0.0.5", "?http://110.0.0.5"},
		{"ORG-003", api, "http://192.168.7.7", ""},
		{"ORG-003", api, "http://localhost:3000", "~http://evillocalhost:3000"},
		{"ORG-004", api, notebook, "?https://otebook.example.com +https://notebook.example.co"},
		{"ORG-004", api, "https://shop.org:8443", "+https://hop.org:8443 ~https://shop.or:8443 ?https://shop.org:844"},
		{"ORG-004", api, "https://x.com", "+https://x.co"},
		{"ORG-004", api, "http://192.168.7.71", "?http://92.168.7.71 ?http://192.168.7.7"},
		{"ORG-004", api, "http://intranet:60000", "~http://ntranet:60000 ~http://intrane:60000"}, // 6000 is blocked
		{"ORG-005", api, notebook, "+https://notebookxexample.com ~https://notebook.examplexcom"},
		{"ORG-005", api, "http://localhost:3000", ""},
		{"ORG-006", api, notebook + " https://a.example:8443", "?http://notebook.example.com ?http://a.example:8443"},
		{"ORG-006", api, "http://notebook.example.com", ""},
		{"ORG-006", api, notebook + " http://notebook.example.com", ""},
		{"ORG-006", api, "https://notebook.dev", "!http://notebook.dev"},
		{"ORG-007", api, notebook, "?https://notebook.example.com:8443"},
		{"ORG-007", "https://notebook.example.com:8443", notebook, "?https://notebook.example.com:9443"},
		{"ORG-007", api, "http://[::1]:8443", "?http://[::1]:9443"},
		{"ORG-008", api, notebook, ""},
		{"ORG-008", api, notebook + ":3000", "?https://notebook.example.com:30000"},
		{"ORG-008", api, notebook + ":600", "?https://notebook.example.com:6001"},
		{"ORG-008", api, notebook + ":8443", ""},
		{"ORG-009", api, notebook, "?https://crossexamsub.notebook.example.com"},
		{"ORG-009", api, "http://192.168.7.7", ""},
		{"ORG-009", api, "http://localhost:3000", "?http://crossexamsub.localhost:3000"},
		{"ORG-010", api, notebook, "?https://crossexamsibling.example.com"},
		{"ORG-010", api, "https://example.com", ""},
		{"ORG-011", api, notebook, "?http://crossexamsub.notebook.example.com"},
		{"ORG-011", api, "https://notebook.app", "!http://crossexamsub.notebook.app"},
		{"ORG-014", api, notebook, "+https://localhost.evil.test +http://localhost.evil.test +http://localhostevil.test +http://127.0.0.1.evil.test"},
		{"ORG-014", "http://api.notebook.test", notebook, "+http://localhost.evil.test +http://localhostevil.test +http://127.0.0.1.evil.test"},
		{"ORG-015", api, "https://a.example", "+https://a.example-evil.test +https://a.example_.evil.test ~https://a.example!.evil.test " +
			"~https://a.example,.evil.test ~https://a.example~.evil.test"},
		{"ORG-016", api, notebook, "?https://notebook.example.com."},
		{"ORG-016", api, "http://192.168.7.7", ""},
		{"ORG-017", api, notebook, ""},
		{"ORG-017", api, "https://foo.example https://bar.example",
			"+https://barfoo.example +https://bar.examplefoo.example +https://foobar.example +https://foo.examplebar.example"},
		{"ORG-001", api, "", "+https://api.notebook.test.evil.test"},
		{"ORG-009", api, "", "?https://crossexamsub.api.notebook.test"},
		{"ORG-017", api, "https://foo.com https://boo.com",
			"+https://boofoo.com +https://boo.comfoo.com +https://bfoo.com +https://fooboo.com +https://foo.comboo.com +https://fboo.com"},
		{"ORG-017", api, "https://app.example.com https://example.com",
			"?https://exampleapp.example.com ?https://example.comapp.example.com +https://appexample.com +https://app.example.comexample.com"},
		{"ORG-018", api, notebook, "?https://notebook.xn--xample-2of.com"},
		{"ORG-018", api, "http://192.168.7.7:8502", "?http://[::ffff:c0a8:707]:8502"},
		{"ORG-018", api, "https://www.bbb.de", ""},
	} {
		if got := weighed(rules[tt.id](trusting(tt.target, strings.Fields(tt.trusted)...))); got != tt.want {
			t.Errorf("%s of %s:\n got %s\nwant %s", tt.id, tt.trusted, got, tt.want)
		}
	}
}

// A long list's hosts are run together with those beside them, and with the one that shares
// most of the end: as many as there are, and not as many squared.
func TestHostsOfLongListsAreRunTogether(t *testing.T) {
	list := strings.Fields("https://foo.com https://one.net https://two.org https://three.io https://boo.com https://192.0.2.1")
	got := weighed(runTogether(trusting("https://api.notebook.test", list...))) + " "
	for _, want := range []string{
		"+https://foo.comone.net", "+https://one.netfoo.com", // a comma was forgotten
		"+https://bfoo.com", "+https://fboo.com", // a tree of endings
	} {
		if !strings.Contains(got, want+" ") {
			t.Errorf("%s is not there: %s", want, got)
		}
	}
	for _, unlike := range []string{"foo.comtwo.org", "three.iofoo.com", "192"} {
		if strings.Contains(got, unlike) {
			t.Errorf("%s is there: %s", unlike, got)
		}
	}
	if misses := runTogether(trusting("https://api.notebook.test", "https://a.example.com", "https://a.example.com", "https://a.example.com", "https://a.example.com", "https://a.example.com")); len(misses) > 0 {
		t.Errorf("of one origin: %v", misses)
	}
}

func TestSharedHosting(t *testing.T) {
	for _, suffix := range sharedSuffixes {
		if s, in := cors.NewOrigin("https", anySite+suffix, "").PublicSuffix(); s != suffix || in != cors.Private {
			t.Errorf("%s is not in the private section of the public-suffix list", suffix)
		}
	}
	got := weighed(shared(trusting("https://api.notebook.test", "https://notebook.example.com", "https://me.github.io")))
	for _, want := range []string{"+https://crossexam-evil.github.io", "+https://notebook-crossexam.vercel.app", "+https://example-crossexam.pages.dev",
		"+https://me-crossexam.github.io", "+https://crossexam-evil.netlify.app"} {
		if strings.Count(" "+got+" ", " "+want+" ") != 1 {
			t.Errorf("%s is not there once: %s", want, got)
		}
	}
	got = weighed(shared(trusting("http://api.notebook.test", "https://notebook.example.com")))
	if !strings.Contains(got, "+http://crossexam-evil.github.io") || !strings.Contains(got, "!http://crossexam-evil.pages.dev") {
		t.Errorf("over http: %s", got)
	}
}

// Development origins of the operator's own are not held against the target.
func TestLocalOrigins(t *testing.T) {
	got := weighed(local(trusting("http://localhost", "http://localhost:3000")))
	if strings.Contains(got+" ", "http://localhost ") || strings.Contains(got, "http://localhost:3000") || !strings.Contains(got, "?http://localhost:8080") {
		t.Error(got)
	}
	if strings.Contains(got, "+") {
		t.Errorf("anyone can have one: %s", got)
	}
}

func TestReachOfNearMisses(t *testing.T) {
	target := trusting("https://api.example.com", "https://notebook.example.com")
	for id, want := range map[string]Severity{
		"ORG-001": High, "ORG-003": Medium, "ORG-006": Medium, "ORG-007": Medium, "ORG-009": Medium, "ORG-011": Medium,
		"ORG-013": Medium, "ORG-016": Medium, "ORG-018": Medium,
	} {
		if got := rules[id](target)[0].reach(target); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	for _, m := range rules["ORG-015"](target)[2:] {
		if m.reach(target) != Low {
			t.Errorf("%s, which can only be mapped: %s", m.Origin, m.reach(target))
		}
	}
}

func TestWhatAnAttackerNeeds(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://notebook.example.com", "http://192.168.7.7", "https://app.dev")
	for id, want := range map[string]string{
		"ORG-001": "anyone can register such a name",
		"ORG-006": "it takes a place on the victim's network path",
		"ORG-007": "it takes a page on a host that attackers cannot register",
		"ORG-009": "it takes a page on some host under example.com",
		"ORG-018": "it takes a registry that sells names of mixed scripts",
		"ORG-013": "it takes a server on the victim's machine or network",
	} {
		if got := rules[id](target)[0].Takes(); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	if got := rules["ORG-015"](target)[3].Takes(); !strings.Contains(got, "public DNS") {
		t.Error(got)
	}
	for _, m := range append(rules["ORG-011"](target)[1:2], rules["ORG-016"](target)[0]) {
		if m.unplayable() == "" {
			t.Errorf("%s can be played", m.Origin)
		}
	}
}

// Whatever is trusted, a near-miss is an origin as browsers write it, nobody's
// own, and one that anyone can register is on a domain of nobody's.
func FuzzNearMisses(f *testing.F) {
	f.Add("https://api.notebook.test", "https://notebook.example.com", "http://localhost:3000")
	f.Add("http://192.168.7.7:5055", "http://192.168.7.7:8502", "http://[::1]")
	f.Add("https://me.github.io", "https://a.b.c.co.uk:8443", "https://x.")
	f.Add("http:", "null", "0")
	f.Add("http://localhost:5055", "null", "https://xn--bcher-kva.test")
	f.Fuzz(func(t *testing.T, base, first, second string) {
		u, err := url.Parse(base)
		if err != nil || cors.OriginOf(u).IsOpaque() {
			return
		}
		target := Target{URL: cors.OriginOf(u).String()}
		for _, s := range []string{first, second} {
			if o, err := cors.ParseOrigin(s); err == nil {
				target.Trusted = append(target.Trusted, o)
			}
		}
		for id, rule := range rules {
			seen := map[cors.Origin]bool{}
			for _, m := range rule(target) {
				if o, err := cors.ParseOrigin(m.Origin.String()); err != nil || o != m.Origin || o.IsOpaque() {
					t.Errorf("%s: %s: %v", id, m.Origin, err)
				}
				if m.Origin == target.Origin() || slices.Contains(target.Trusted, m.Origin) || seen[m.Origin] {
					t.Errorf("%s: %s is trusted, the target's own or there twice", id, m.Origin)
				}
				seen[m.Origin] = true
				if m.Registrable && (m.sendable != realDNS || m.Origin.RegistrableDomain() == "" || m.Origin.SameSite(m.Of)) {
					t.Errorf("%s: %s is not for anyone", id, m.Origin)
				}
				if m.Takes() == "" || m.How == "" {
					t.Errorf("%s: nothing is said about %s", id, m.Origin)
				}
			}
		}
	})
}
