package sweep

import (
	"fmt"
	"slices"

	"github.com/crossexam/crossexam/scenarios"
)

// Doubt says in a sentence why it is not known that nothing is granted, and is empty
// where it is known, by header, of every endpoint, of which one at least is private: how a
// refusal, or what everybody gets, is granted, says nothing of a private reply.
func (r Result) Doubt() string {
	i := slices.IndexFunc(r.Endpoints, func(e Endpoint) bool { return e.Unanswered != "" })
	switch {
	case len(r.Endpoints) == 0:
		return "no endpoint was found that can be read: name one with `read`"
	case i >= 0:
		n := 0
		for _, e := range r.Endpoints {
			if e.Unanswered != "" {
				n++
			}
		}
		return fmt.Sprintf("%d of %d endpoints did not answer every question: %s (%s)", n, len(r.Endpoints), r.Endpoints[i].Endpoint, r.Endpoints[i].Unanswered)
	case r.LoginRefused != "":
		return r.LoginRefused + ": give one that is good"
	case !slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return e.Finding != scenarios.CredentialRefused }):
		return fmt.Sprintf("the victim's credential is refused (%s answered %d): give one that is good, or name other endpoints with `read`", r.Endpoints[0].Endpoint, r.Endpoints[0].Status)
	case !slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return e.Readable() || e.Private() }):
		status, n := r.mostFrequent()
		return fmt.Sprintf("no endpoint gave the victim a reply that can be read (%d of %d answered %d): give a credential, or name other endpoints with `read`", n, len(r.Endpoints), status)
	case !slices.ContainsFunc(r.Endpoints, Endpoint.Private):
		return r.nothingPrivate() + ": give a credential that opens it, or name an endpoint with private data with `read`"
	}
	return ""
}

// mostFrequent is the status that most replies to the victim have, and how many have it.
func (r Result) mostFrequent() (status, n int) {
	statuses := map[int]int{}
	for _, e := range r.Endpoints {
		statuses[e.Status]++
	}
	for s, m := range statuses {
		if m > n || m == n && s < status {
			status, n = s, m
		}
	}
	return status, n
}

// nothingPrivate says why none of the endpoints is private, by the one of them that tells
// most.
func (r Result) nothingPrivate() string {
	for _, why := range []struct {
		finding scenarios.Finding
		text    string
	}{
		{scenarios.CredentialRefused, "the victim's credential is refused"},
		{scenarios.Ended, "the victim's session has ended"},
		{scenarios.LoginNeeded, "a login is asked for, and no credential was given"},
		{scenarios.Unsteady, "the reply changes by itself, so that nobody can tell the victim's from a stranger's"},
		{scenarios.Open, "a stranger gets the same as the victim"},
	} {
		for _, e := range r.Endpoints {
			if e.Finding == why.finding {
				return fmt.Sprintf("no private reply was seen; at %s, which answers %d, %s", e.Endpoint, e.Status, why.text)
			}
		}
	}
	return fmt.Sprintf("no private reply was seen; %s answers %d", r.Endpoints[0].Endpoint, r.Endpoints[0].Status)
}
