package target

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// endpointName is what stands behind the # of an endpoint in reports and in patterns of
// accepted deviations, where * is no character but stands for any.
var endpointName = regexp.MustCompile(`^[A-Za-z0-9._~/+:=-]{1,64}$`)

func checkEndpointName(name string) error {
	if name != "" && !endpointName.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of an endpoint: write up to 64 letters, digits and ._~/+:=-, such as me", name)
	}
	return nil
}

// nameEndpoints names the requests that share a method and a path, such as two GraphQL
// queries, so that each is judged, shown and accepted on its own: by what they call, or by
// the header in which they differ. One may go without a name. fail is told, with the index
// of the endpoint, which reads cannot be told apart. Of writes of one method one is tried,
// so that they may.
func nameEndpoints(list []scenarios.Endpoint, fail func(i int, err error)) {
	groups := map[string][]int{}
	for i, e := range list {
		groups[e.Method+" "+e.Path] = append(groups[e.Method+" "+e.Path], i)
	}
	for i, e := range list {
		group := groups[e.Method+" "+e.Path]
		if group[0] != i || !differ(list, group) {
			continue
		}
		names := map[string]int{} // the endpoint that has it
		for _, j := range group {
			if list[j].Name == "" {
				list[j].Name = called(list, group, j)
			}
			switch other, taken := names[list[j].Name]; {
			case !taken:
				names[list[j].Name] = j
			case list[j].Writes() || sameRequest(list[j], list[other]):
			case list[j].Name == "":
				fail(j, fmt.Errorf("there is another request to %s %s, and nothing tells what this one asks for: give it a name, such as name: me", e.Method, e.Path))
			default:
				fail(j, fmt.Errorf("another request to %s %s is called %s too: give this one a name of its own, such as name: %s-2", e.Method, e.Path, list[j].Name, list[j].Name))
			}
		}
		if k := slices.IndexFunc(group, func(j int) bool { return list[j].Writes() && !list[j].SafeToWrite }); k >= 0 &&
			slices.ContainsFunc(group, func(j int) bool { return list[j].Reads }) {
			fail(group[k], errors.New("another request to this path reads, and is sent: what is withheld is told by method and path, so that this write would be sent too. Leave it out, or say safe_to_write: true if that may happen"))
		}
	}
}

func sameRequest(a, b scenarios.Endpoint) bool {
	return a.Body == b.Body && slices.Equal(a.Headers, b.Headers)
}

func differ(list []scenarios.Endpoint, group []int) bool {
	return slices.ContainsFunc(group, func(j int) bool { return !sameRequest(list[j], list[group[0]]) })
}

// called is what a request calls: the operation of a GraphQL document or the method of
// JSON-RPC. Where it has no body it is the value of a header that the others do not send
// so. It is empty where nothing says it.
func called(list []scenarios.Endpoint, group []int, j int) string {
	e := list[j]
	name := requestName(e.Body)
	for _, h := range e.Headers {
		alone := !slices.ContainsFunc(group, func(k int) bool {
			v, _ := list[k].Headers.Get(h.Name)
			return k != j && v == h.Value
		})
		if name == "" && alone {
			name = nameable(h.Value)
		}
	}
	return name
}

// requestName is the name of what a body in JSON calls; empty where nothing says it.
func requestName(body string) string {
	var call struct {
		OperationName string `json:"operationName"`
		Query         string `json:"query"`
		Method        string `json:"method"`
	}
	if json.Unmarshal([]byte(body), &call) != nil {
		return ""
	}
	return nameable(cmp.Or(call.OperationName, call.Method, operationName(call.Query)))
}

func nameable(name string) string {
	name = strings.Trim(unnameable.ReplaceAllString(name, "-"), "-")
	return name[:min(len(name), 64)]
}

var (
	unnameable = regexp.MustCompile(`[^A-Za-z0-9._~/+:=-]+`)
	// named is the name of a GraphQL operation, and anonymous the first field of one that
	// has none, behind its alias (GraphQL specification, section 2.3).
	named     = regexp.MustCompile(`^\s*(?:query|mutation|subscription)\s+([_A-Za-z][_0-9A-Za-z]*)`)
	anonymous = regexp.MustCompile(`^[^{]*\{\s*(?:[_A-Za-z][_0-9A-Za-z]*\s*:\s*)?([_A-Za-z][_0-9A-Za-z]*)`)
)

// operationName names what a GraphQL document asks for.
func operationName(document string) string {
	for _, e := range []*regexp.Regexp{named, anonymous} {
		if m := e.FindStringSubmatch(document); m != nil {
			return m[1]
		}
	}
	return ""
}
