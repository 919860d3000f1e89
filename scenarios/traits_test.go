package scenarios

import "testing"

// Whatever a scenario plans is in the tables, which do not contradict themselves.
func TestTraits(t *testing.T) {
	for name, target := range targets() {
		for _, s := range Catalogue() {
			cases, _ := s.Plan(target)
			for _, c := range cases {
				for _, a := range c.Attempts {
					if _, ok := vectorTable[a.Vector]; !ok {
						t.Fatalf("%s on %s: the vector %q has no traits", s.ID, name, a.Vector)
					}
					for _, kind := range a.Identity.Kinds() {
						if _, ok := credentialTable[kind]; !ok {
							t.Fatalf("%s on %s: the credential %q has no traits", s.ID, name, kind)
						}
					}
				}
			}
		}
	}
	for v, traits := range vectorTable {
		if (v.Place() == "") != (v == Probe) {
			t.Errorf("%s is made from %q", v, v.Place())
		}
		if v.SendsNullOrigin() != (traits.who != "") {
			t.Errorf("%s sends null: %t, and is named %q", v, v.SendsNullOrigin(), traits.who)
		}
		if v.IsFetch() && v.Redirect() != 0 {
			t.Errorf("%s fetches another URL than the target's", v)
		}
	}
	for c, traits := range credentialTable {
		if c.noun() == "" {
			t.Errorf("%q has no name", c)
		}
		if traits.sameSite && !c.Ambient() || c.Uninvited() && !c.Ambient() || c.ofPlace() && c.sends() {
			t.Errorf("%q contradicts itself: %+v", c, traits)
		}
		if (c.OfVisitor() != "") != (c.Ambient() || c.ofPlace()) {
			t.Errorf("%q of a visitor: %q", c, c.OfVisitor())
		}
	}
}
