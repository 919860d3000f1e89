package scenarios

// originMatching is the family ORG: which origins the target takes for trusted
// ones.
func originMatching() []Scenario {
	guidance := []Guidance{hardeningStep("step 1"), asvs5("3.4.2"), cwe("942"), cwe("346"), chen2018()}
	browserOnly := []Guidance{hardeningStep("step 1"), asvs5("3.4.2"), fetchStandard("origin-header")}
	return []Scenario{
		{
			ID:       "ORG-001",
			Title:    "A trusted origin followed by a dot and another domain is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "A pattern needs an end: $ in nginx's map and in allow_origin_regex.",
			Plan:     nearMisses(ofEach(dotted), "No trusted origin has a host name that another domain can follow."),
		},
		{
			ID:       "ORG-002",
			Title:    "A trusted origin followed by letters is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "A comparison such as startswith() trusts every domain that begins with yours.",
			Plan:     nearMisses(ofEach(letters), "No trusted origin has a host name that letters can follow."),
		},
		{
			ID:       "ORG-003",
			Title:    "A host with letters before a trusted host or domain is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "A comparison such as endswith() trusts every domain that ends as yours does; a pattern needs ^https:// before the host.",
			Plan:     nearMisses(ofEach(lettersBefore), "No trusted origin has a host that letters can stand before."),
		},
		{
			ID:       "ORG-004",
			Title:    "A trusted origin without its first or last character is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "A search for the Origin inside the list (`origin in \"https://...\"` on a string, strstr) finds every part of it; search a list of whole strings.",
			Plan:     nearMisses(ofEach(cut), "No trusted origin can be cut and still be an origin."),
		},
		{
			ID:       "ORG-005",
			Title:    "A host with another character in place of a dot of a trusted host is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "In a pattern, write each dot as \\. (nginx map ~, allow_origin_regex): a bare dot stands for any character.",
			Plan:     nearMisses(ofEach(dotReplaced), "No trusted origin has a host name with a dot."),
		},
		{
			ID:       "ORG-006",
			Title:    "The http:// counterpart of a trusted https:// origin is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "Compare the scheme too: not \"https?://\", and not $http_host.",
			Plan:     nearMisses(ofEach(insecureSpelling), "No trusted https:// origin has an http:// counterpart that is not trusted itself."),
		},
		{
			ID:       "ORG-007",
			Title:    "A trusted host on another port is not granted",
			Level:    Should,
			Guidance: browserOnly,
			Fix:      exactly + "The port is part of an origin: take \"(:[0-9]+)?\" out of the pattern.",
			Plan:     nearMisses(ofEach(otherPort), noTrusted),
		},
		{
			ID:       "ORG-008",
			Title:    "A trusted origin whose port has one digit more is not granted",
			Level:    Must,
			Guidance: browserOnly,
			Fix:      exactly + "A pattern needs an end: $ behind the port.",
			Plan:     nearMisses(ofEach(longerPort), "No trusted origin has a port that a digit can follow."),
		},
		{
			ID:       "ORG-009",
			Title:    "A subdomain of a trusted host is not granted",
			Level:    Should,
			Guidance: guidance,
			Fix:      exactly + "List the subdomains that need access, one by one: a forgotten one that is taken over would read the API.",
			Plan:     nearMisses(ofEach(subdomain), "No trusted origin has a host name that can have subdomains."),
		},
		{
			ID:       "ORG-010",
			Title:    "A sibling of a trusted host under the same domain is not granted",
			Level:    Should,
			Guidance: guidance,
			Fix:      exactly + "List the hosts that need access instead of a pattern for the whole domain: a forgotten one that is taken over would read the API.",
			Plan:     nearMisses(ofEach(siblingHost), "No trusted host is below its registrable domain, so that its subdomains (ORG-009) are all there is."),
		},
		{
			ID:       "ORG-011",
			Title:    "A subdomain of a trusted host is not granted over http://",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "Where a pattern has to stay, begin it with ^https://: whoever controls the victim's network can answer for any http:// name.",
			Plan:     nearMisses(ofEach(insecureSubdomain), "No trusted https:// origin has a host name that can have subdomains."),
		},
		{
			ID:       "ORG-012",
			Title:    "Sites on shared hosting services are not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "Anyone can have a site on github.io, pages.dev, vercel.app and the like: list preview deployments one by one, or give them an API of their own.",
			Plan:     nearMisses(shared, "Every site on the shared hosting services that Crossexam knows is trusted."),
		},
		{
			ID:       "ORG-013",
			Title:    "Loopback and development origins are not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "Take localhost and 127.0.0.1 out of CORS_ORIGINS in production; development has a configuration of its own.",
			Plan:     nearMisses(local, "Every development origin that Crossexam knows is trusted or the target's own."),
		},
		{
			ID:       "ORG-014",
			Title:    "A name on the web that begins with localhost is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "A comparison such as startswith(\"http://localhost\") trusts localhost.evil.example.",
			Plan:     nearMisses(localNames, "Every name that begins with localhost is trusted."),
		},
		{
			ID:       "ORG-015",
			Title:    "A trusted host followed by punctuation and another domain is not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "A pattern needs an end: $, not \\b and not a list of characters that must not follow.",
			Plan:     nearMisses(ofEach(punctuated), "No trusted origin has a host name that punctuation can follow."),
		},
		{
			ID:       "ORG-016",
			Title:    "A trusted host with a trailing dot is not granted",
			Level:    Should,
			Guidance: browserOnly,
			Fix:      exactly + "Do not normalise the Origin header before the comparison: browsers send it in one form only.",
			Plan:     nearMisses(ofEach(trailingDot), "No trusted origin has a host name that a dot can follow."),
		},
		{
			ID:       "ORG-017",
			Title:    "Two trusted hosts run together are not granted",
			Level:    Must,
			Guidance: guidance,
			Fix:      exactly + "In a pattern of several hosts, look for a missing separator (|, comma) and for + or * behind a group of names.",
			Plan:     nearMisses(runTogether, "There are no two trusted host names to run together."),
		},
		{
			ID:       "ORG-018",
			Title:    "A host that looks like a trusted one, or an address in another notation, is not granted",
			Level:    Should,
			Guidance: browserOnly,
			Fix:      exactly + "Do not decode or transliterate host names before the comparison: browsers send xn-- labels as they are.",
			Plan:     nearMisses(ofEach(lookAlike), "No trusted origin has a host with a look-alike or another notation."),
		},
		{
			ID:       "ORG-019",
			Title:    "Spellings of a trusted origin that no browser sends are not granted",
			Level:    Should,
			Guidance: []Guidance{fetchStandard("origin-header"), fetchStandard("cors-check"), cwe("942")},
			Fix:      exactly + "Do not change its case, split it at commas or parse it as a URL.",
			Plan:     planUnsendable,
		},
	}
}

// exactly begins the fix of each scenario of the family, since it is the same
// mistake everywhere.
const exactly = "Compare the whole Origin header, character by character, with a list of exact origins (CORS_ORIGINS, allow_origins; " +
	"in nginx a map of anchored, escaped patterns, \"~^https://app[.]example[.]com$\", since its plain strings ignore case). "
