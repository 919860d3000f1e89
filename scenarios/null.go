package scenarios

// nullOrigin is the family NUL: pages whose origin is "null", which any page can
// get by means of its own.
func nullOrigin() []Scenario {
	guidance := []Guidance{asvs4("14.5.3"), fetchStandard("origin-header"), hardeningStep("step 1"), chen2018(), cwe("942")}
	return []Scenario{
		{
			ID:       "NUL-001",
			Title:    "A sandboxed or data: frame or page, whose origin is null, cannot read a private endpoint",
			Level:    Must,
			Topic:    Reading,
			Attacker: NullPage,
			Anyone:   true,
			Guidance: guidance,
			Fix: "Take \"null\" out of the list of allowed origins: any page on the web can make a sandboxed frame. " +
				"For pages opened from a file, serve them from http://localhost instead.",
			Plan: nullThefts(SandboxedFrame, SandboxedPageFrame, SandboxedPage, DataFrame),
		},
		{
			ID:       "NUL-002",
			Title:    "A data: worker, whose origin is null, cannot read a private endpoint",
			Level:    Must,
			Topic:    Reading,
			Attacker: NullPage,
			Anyone:   true,
			Guidance: guidance,
			Fix: "Take \"null\" out of the list of allowed origins: " +
				"any page on the web can start a worker from a data: URL.",
			Plan: nullThefts(DataWorker),
		},
		{
			ID:       "NUL-003",
			Title:    "A request that another origin redirected, whose origin is null, cannot read a private endpoint",
			Level:    Must,
			Topic:    Reading,
			Attacker: NullPage,
			Anyone:   true,
			Guidance: guidance,
			Fix: "Take \"null\" out of the list of allowed origins: a redirect from one of the attacker's hosts to the API makes the browser send it. " +
				"If the front end needs it because its own requests are redirected, give it the API's final URL.",
			Plan: nullThefts(Redirect302, Redirect307),
		},
		{
			ID:       "NUL-004",
			Title:    "A page opened from a file, whose origin is null, cannot read a private endpoint",
			Level:    Should,
			Topic:    Reading,
			Attacker: NullPage,
			Anyone:   true,
			Guidance: guidance,
			Fix: "Take \"null\" out of the list of allowed origins: an HTML attachment that the victim opens would be trusted too. " +
				"Serve local tools from http://localhost with a port of their own, and list that origin.",
			Plan: nullThefts(FilePage),
		},
	}
}

const nothingOpens = "No credential that a page of any origin can use opens a private endpoint."

const nothingExposed = "The victim has no credential that a page of any origin can use."

func nullThefts(vectors ...Vector) func(Target) ([]Case, string) {
	return func(t Target) ([]Case, string) {
		creds := exposed(t)
		if creds[0] == Anonymous {
			return nil, nothingExposed
		}
		return thefts(attack(t, Anonymous), creds, vectors...)
	}
}
