package scenarios

import (
	"slices"
	"sync"
)

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
	s, ok := byID()[id]
	return s, ok
}

// byID is the catalogue by its IDs, made once: reports ask for it thousands of times.
var byID = sync.OnceValue(func() map[string]Scenario {
	all := map[string]Scenario{}
	for _, s := range Catalogue() {
		all[s.ID] = s
	}
	return all
})

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
