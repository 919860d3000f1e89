package scenarios

import "slices"

// Catalogue returns all scenarios, family by family.
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

// Find returns the scenario with this ID.
func Find(id string) (Scenario, bool) {
	for _, s := range Catalogue() {
		if s.ID == id {
			return s, true
		}
	}
	return Scenario{}, false
}

// FamilyTitle names a family for people who do not know the codes.
func FamilyTitle(code string) string {
	switch code {
	case "WLD":
		return "Wildcard defaults"
	case "ORG":
		return "Which origins are trusted"
	case "NUL":
		return "The null origin"
	case "CRD":
		return "Credentials"
	case "PRE":
		return "Preflights"
	case "ERR":
		return "Error responses"
	case "HDR":
		return "Header syntax and caches"
	case "TRU":
		return "The trusted front end works"
	case "CFG":
		return "How the deployment is configured"
	case "NET":
		return "Local networks"
	case "ALT":
		return "Other ways in"
	}
	return code
}
