package scenarios

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCatalogueHasTheScenariosAndTheirLevels(t *testing.T) {
	want := strings.Fields(`
		WLD-001/must WLD-002/must WLD-003/must WLD-004/should WLD-005/must WLD-006/should WLD-007/should
		ORG-001/must ORG-002/must ORG-003/must ORG-004/must ORG-005/must ORG-006/must ORG-007/should ORG-008/must
		ORG-009/should ORG-010/should ORG-011/must ORG-012/must ORG-013/must ORG-014/must ORG-015/must ORG-016/should
		ORG-017/must ORG-018/should ORG-019/should ORG-020/should ORG-021/must
		NUL-001/must NUL-002/must NUL-003/must NUL-004/should
		CRD-001/should CRD-002/must CRD-003/must CRD-004/must CRD-005/must
		PRE-001/must PRE-002/must PRE-003/must PRE-004/should PRE-005/should PRE-006/must PRE-007/must PRE-008/must PRE-009/should PRE-010/should
		ERR-001/must ERR-002/must ERR-003/must ERR-004/should ERR-005/should ERR-006/must ERR-007/must
		HDR-001/must HDR-002/should HDR-003/should HDR-004/should HDR-005/must HDR-006/must HDR-007/should HDR-008/must HDR-009/info
		TRU-001/must TRU-002/must TRU-003/must TRU-004/should TRU-005/must
		CFG-001/must CFG-002/must CFG-003/must
		NET-001/must NET-002/info NET-003/must NET-004/must
		ALT-001/must ALT-002/must ALT-003/must ALT-004/must`)
	var got []string
	for _, s := range Catalogue() {
		got = append(got, s.ID+"/"+string(s.Level))
	}
	for _, is := range got {
		if !slices.Contains(want, is) {
			t.Errorf("add %s to this list, after what it follows in the catalogue", is)
		}
	}
	for _, was := range want {
		if !slices.Contains(got, was) {
			t.Errorf("the catalogue lacks %s: IDs and levels are an interface", was)
		}
	}
	if !t.Failed() && !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestScenariosAreComplete(t *testing.T) {
	id := regexp.MustCompile(`^[A-Z]{3}-[0-9]{3}$`)
	seen := map[string]bool{}
	for _, s := range Catalogue() {
		t.Run(s.ID, func(t *testing.T) {
			if !id.MatchString(s.ID) || seen[s.ID] {
				t.Errorf("the ID %q is malformed or taken", s.ID)
			}
			seen[s.ID] = true
			if s.Title == "" || strings.HasSuffix(s.Title, ".") || seen[s.Title] {
				t.Errorf("the title %q is empty, ends with a period or is taken", s.Title)
			}
			seen[s.Title] = true
			if !strings.HasSuffix(s.Fix, ".") {
				t.Errorf("the fix is no sentence: %q", s.Fix)
			}
			if s.Plan == nil {
				t.Error("there is no plan")
			}
			if len(s.Guidance) == 0 {
				t.Error("nobody asks for it")
			}
		})
	}
}

// What a scenario is about, whose page can attack and what it needs is said in the
// catalogue, and holds for what it asks for.
func TestScenariosSayWhatTheyAreAbout(t *testing.T) {
	topics := []Topic{Reading, Writing, FrontEnd, Errors, LocalNetwork, Configuration, Hygiene}
	for _, s := range Catalogue() {
		if !slices.Contains(topics, s.Topic) {
			t.Errorf("%s is about %q", s.ID, s.Topic)
		}
		// Of origins that are not to be granted each is an attacker's, but for spellings that no
		// browser sends.
		granted := (s.Family() == "ORG" || s.Family() == "NUL") && s.ID != "ORG-019"
		if known := slices.Contains(Attackers(), s.Attacker); s.Attacker != "" && !known || s.Attacker == "" && (granted || s.Anyone || s.Indirect) {
			t.Errorf("%s plays the page of %q", s.ID, s.Attacker)
		}
		planned, attacked, cached := false, false, false
		for name, target := range targets() {
			cases, _ := s.Plan(target)
			planned = planned || len(cases) > 0
			for _, c := range cases {
				for _, a := range c.Attempts {
					byPage := a.Vector != Probe && !a.Trusted
					attacked = attacked || byPage
					cached = cached || a.Through != ""
					if s.Anyone && byPage && a.Page.Host() != evilHost {
						t.Errorf("%s on %s attacks from %s, which not everyone has", s.ID, name, a.Page)
					}
				}
			}
		}
		if cached != (s.Needs == SharedCache) {
			t.Errorf("%s passes a shared cache: %t, and says that it needs %q", s.ID, cached, s.Needs)
		}
		unattacked := s.Topic == FrontEnd || s.Topic == Configuration
		if attacked && unattacked || planned && !attacked && (s.Topic == Reading || s.Topic == Writing || s.Anyone) && s.ID != "ORG-019" && s.ID != "ORG-020" {
			t.Errorf("%s is about %s, and a page that is not trusted has a part in it: %t", s.ID, s.Topic, attacked)
		}
	}
}

// The numbers of CATALOGUE.md: those that were read.
func TestGuidanceIsOfTheSourcesThatWereRead(t *testing.T) {
	read := map[string][]string{
		"Open Notebook hardening guide": {"step 1", "step 2", "step 3", "step 4", "step 5", "section on defaults", "section on credentials", "section on placement", "section on errors"},
		"Fetch standard": {"#cors-check", "#cors-preflight-fetch", "#cors-preflight-cache", "#http-new-header-syntax", "#origin-header",
			"#cors-protocol-and-credentials", "#cors-protocol-and-http-caches", "#basic-safe-cors-protocol-setup", "#methods"},
		"OWASP ASVS 5.0.0":                  {"3.4.2", "3.5.1", "3.5.2", "3.5.3", "3.5.8", "3.3.2", "3.4.1", "4.4.2", "14.3.2"},
		"OWASP ASVS 4.0.3":                  {"14.5.3"},
		"OWASP WSTG":                        {"WSTG-CLNT-07"},
		"OWASP API Security Top 10":         {"API8:2023"},
		"CWE":                               {"CWE-942", "CWE-346"},
		"RFC 9110":                          {"section 12.5.5"},
		"RFC 9111":                          {"section 4.1"},
		"Chen et al., USENIX Security 2018": {"We Still Don't Have Secure Cross-Domain Requests"},
	}
	for _, s := range Catalogue() {
		for _, g := range s.Guidance {
			if !slices.Contains(read[g.Source], g.Ref) {
				t.Errorf("%s cites %s %s, which nobody read", s.ID, g.Source, g.Ref)
			}
			if !strings.HasPrefix(g.URL, "https://") {
				t.Errorf("%s: %s has no link", s.ID, g.Source)
			}
		}
	}
}

func TestFind(t *testing.T) {
	if s, ok := Find("NUL-001"); !ok || s.ID != "NUL-001" || s.Family() != "NUL" {
		t.Errorf("Find(NUL-001) = %s, %t", s.ID, ok)
	}
	if s, ok := Find("NUL-999"); ok {
		t.Errorf("Find(NUL-999) = %s", s.ID)
	}
}
