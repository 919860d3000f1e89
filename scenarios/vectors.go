package scenarios

// otherWays is the family ALT: ways into an API that are not a fetch.
func otherWays() []Scenario {
	return []Scenario{
		{
			ID:       "ALT-001",
			Title:    "A WebSocket handshake from an arbitrary origin is refused",
			Level:    Must,
			Topic:    Reading,
			Attacker: AnySite,
			Anyone:   true,
			Guidance: []Guidance{asvs5("4.4.2"), cwe("346")},
			Fix:      "Compare the Origin header of the handshake with the front end's origins before accepting it: no CORS middleware does, and browsers put no CORS check before a WebSocket.",
			Plan:     planSockets,
		},
		{
			ID:       "ALT-002",
			Title:    "A page on an arbitrary origin cannot read an event stream with the victim's credential",
			Level:    Must,
			Topic:    Reading,
			Attacker: AnySite,
			Anyone:   true,
			Guidance: []Guidance{asvs5("3.4.2"), fetchStandard("cors-check"), hardeningStep("step 1"), cwe("942")},
			Fix: "Remove Access-Control-Allow-Origin headers that the stream's handler adds by hand, " +
				"and let the one CORS layer with the front end's origins answer for it too.",
			Plan: planStreams,
		},
		{
			ID:       "ALT-003",
			Title:    "A JSON write endpoint refuses bodies of types that need no preflight",
			Level:    Must,
			Topic:    Writing,
			Attacker: AnySite,
			Indirect: true,
			Guidance: []Guidance{asvs5("3.5.1"), asvs5("3.5.2"), asvs5("3.5.3"), fetchStandard("cors-preflight-fetch"), cwe("346")},
			Fix: "Answer 415 or 422 unless the Content-Type is application/json: the browser then has to ask first, and CORS decides. " +
				"Check the header before parsing, or ask for a CSRF token.",
			Plan: planBodyTypes,
		},
		{
			ID:       "ALT-004",
			Title:    "A private reply does not run as a script in a page of another origin",
			Level:    Must,
			Topic:    Reading,
			Attacker: AnySite,
			Indirect: true,
			Anyone:   true,
			Guidance: []Guidance{asvs5("3.5.8"), cwe("346")},
			Fix: "Send X-Content-Type-Options: nosniff and Content-Type: application/json on every reply, and take JSONP (a callback parameter) out: " +
				"a script element asks for no CORS grant and takes the victim's cookies along.",
			Plan: planScripts,
		},
	}
}

// planStreams covers what is declared: nothing else says that a path streams. A
// page may read a stream by fetch too, which sees errors as well.
func planStreams(t Target) ([]Case, string) {
	creds := exposed(t)
	switch {
	case len(t.EventStreams) == 0:
		return nil, "The target declares no event stream."
	case creds[0] == Anonymous:
		return nil, nothingExposed
	}
	var cases []Case
	for _, path := range t.EventStreams {
		for _, c := range creds {
			cases = append(cases, theft(attack(t, c), Endpoint{Method: "GET", Path: path, Private: true}, []Vector{EventSource, Fetch}))
		}
	}
	return cases, ""
}
