package scenarios

// nullOrigin is the family NUL: pages whose origin is "null", which any page can
// get for a frame of its own.
func nullOrigin() []Scenario {
	return []Scenario{{
		ID:       "NUL-001",
		Title:    "A sandboxed or data: frame, whose origin is null, cannot read a private endpoint",
		Level:    Must,
		Guidance: []Guidance{asvs4("14.5.3"), fetchStandard("origin-header"), hardeningStep("step 1"), chen2018(), cwe("942")},
		Fix: "Take \"null\" out of the list of allowed origins: any page on the web can make a sandboxed frame. " +
			"For pages opened from a file, serve them from http://localhost instead.",
		Plan: planNullFrames,
	}}
}

func planNullFrames(t Target) ([]Case, string) {
	creds := exposed(t)
	if creds[0] == Anonymous {
		return nil, "The victim has no credential that a page of any origin can use."
	}
	return thefts(attack(t, Anonymous), creds, SandboxedFrame, DataFrame)
}
