package scenarios

import "slices"

// Catalogue gives all scenarios, family by family.
func Catalogue() []Scenario {
	return slices.Concat(
		wildcardDefaults(),
		originMatching(),
		nullOrigin(),
		credentials(),
		preflights(),
		errorResponses(),
		headerSyntax(),
		trustedFrontEnd(),
		configuration(),
		localNetwork(),
		otherWays(),
	)
}

// Find gives the scenario with this ID.
func Find(id string) (Scenario, bool) {
	for _, s := range Catalogue() {
		if s.ID == id {
			return s, true
		}
	}
	return Scenario{}, false
}
