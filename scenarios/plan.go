package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// planned returns the cases, or why there are none.
func planned(cases []Case, none string) ([]Case, string) {
	if len(cases) == 0 {
		return nil, none
	}
	return cases, ""
}

// single is a case of one attempt.
func single(s Subject, a Attempt, judge func(Observation) Judgement) Case {
	return Case{
		Subject:  s,
		Attempts: []Attempt{a},
		Judge:    func(obs Observations) Judgement { return judge(obs.Of(a)) },
	}
}

// everyone is the attacker and each trusted origin, each with the first
// credential it can use.
func everyone(t Target) []visit {
	vs := []visit{attack(t, exposed(t)[0])}
	for _, o := range t.Trusted {
		vs = append(vs, frontEnd(t, o, used(t)[0]))
	}
	return vs
}

// exposed are the credentials that a page of any origin can use: those the browser
// adds by itself, and the victim's place in the network.
func exposed(t Target) []Credential {
	cs := t.Ambient()
	if t.Has(Network) {
		cs = append(cs, Network)
	}
	if len(cs) == 0 {
		cs = []Credential{Anonymous}
	}
	return cs
}

// used are the credentials that the front end uses: none of those that need credentials
// mode "include" where the policy says that it needs no such mode.
func used(t Target) []Credential {
	cs := t.Credentials
	if t.Policy.Credentials == NoCredentials {
		cs = slices.DeleteFunc(slices.Clone(cs), func(c Credential) bool { return c.Ambient() && !c.Uninvited() })
	}
	if len(cs) == 0 {
		return []Credential{Anonymous}
	}
	return cs
}

// usedMethods are those of the target's endpoints and of its declared policy,
// without the ones that only read.
func usedMethods(t Target) []string { return writing(t.Policy.Methods, t.Endpoints) }

// frontEndMethods are those that the operator declared: what only the API's own
// document names may be for others than the trusted front end.
func frontEndMethods(t Target) []string {
	discovered := func(e Endpoint) bool { return e.Discovered }
	return writing(t.Policy.Methods, slices.DeleteFunc(slices.Clone(t.Endpoints), discovered))
}

func noFrontEndMethods(t Target) string {
	if methods := usedMethods(t); len(methods) > 0 {
		return "The API's own document names " + strings.Join(methods, ", ") +
			", and nobody declared which of them the front end uses: declare the policy's methods."
	}
	return "The target declares no method beyond those that only read."
}

func writing(methods []string, endpoints []Endpoint) []string {
	all := slices.Clone(methods)
	for _, e := range endpoints {
		if !e.Reads {
			all = append(all, e.Method)
		}
	}
	var used []string
	for _, m := range all {
		if m != "*" && !cors.IsSafeMethod(m) && !slices.Contains(used, m) {
			used = append(used, m)
		}
	}
	return used
}

// endpointFor is the declared endpoint with this method, or else the method on
// the path where a write is most likely to be expected.
func endpointFor(t Target, method string) Endpoint {
	byMethod := func(e Endpoint) bool { return e.Method == method && !e.Reads }
	if i := slices.IndexFunc(t.Endpoints, byMethod); i >= 0 {
		return t.Endpoints[i]
	}
	if i := slices.IndexFunc(t.Endpoints, Endpoint.Writes); i >= 0 {
		return Endpoint{Method: method, Path: t.Endpoints[i].Path}
	}
	return Endpoint{Method: method, Path: firstRead(t).Path}
}

// byGET are those of the endpoints whose replies a cache may keep.
func byGET(reads []Endpoint) []Endpoint {
	return slices.DeleteFunc(slices.Clone(reads), func(e Endpoint) bool { return e.Method != "GET" })
}

const noCached = "No endpoint is read by GET, and caches keep no replies to anything else."

// firstRead is the endpoint to read where one has to stand for all.
func firstRead(t Target) Endpoint {
	if reads := t.Reads(); len(reads) > 0 {
		return reads[0]
	}
	return Endpoint{Method: "GET", Path: "/"}
}

func hasFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, s) })
}

func without[T comparable](list []T, item T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(have T) bool { return have == item })
}
