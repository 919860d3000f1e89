package scenarios

import "slices"

// unsteadyPolicy is a target that decides now so and now otherwise on the same request: what
// one of its answers violates is no rule of all of it.
func unsteadyPolicy() causeKind {
	return causeKind{
		id:    "policy-unsteady",
		words: saying("the target answers one and the same request now so and now otherwise, and some of its answers violate this"),
		shows: func(f Judged) bool { return f.Unsteady },
		mends: "Have every server behind this URL run the same version and configuration, that of the servers that do not answer like this (all replicas of a load balancer, the old ones of a deployment too, an edge cache), and examine again.",
	}
}

// TurnsOnGrant reports whether a scenario is about who is granted what, so that it falls
// with an answer that grants otherwise.
func (s Scenario) TurnsOnGrant() bool {
	return slices.Contains([]string{"WLD", "ORG", "NUL", "PRE", "ERR", "TRU"}, s.Family()) || slices.Contains([]string{"CRD-002", "CRD-004", "NET-001", "ALT-002"}, s.ID)
}
