package suite

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// A spec is the items of one scenario for one endpoint and credential, which
// differ in the origin. Where the target is not known yet, it is the scenario
// without a case.
type spec struct {
	name   string
	labels Labels
	items  []engine.Item
}

type family struct {
	name  string
	specs []spec
}

// families gathers the items of a plan, whose order it keeps.
func families(items []engine.Item) []family {
	var all []family
	for _, item := range items {
		if n := len(all); n == 0 || all[n-1].name != item.Scenario.Family() {
			all = append(all, family{name: item.Scenario.Family()})
		}
		f := &all[len(all)-1]
		name := specName(item)
		i := slices.IndexFunc(f.specs, func(s spec) bool { return s.name == name })
		if i < 0 {
			i = len(f.specs)
			f.specs = append(f.specs, spec{name: name, labels: Labels(item.Labels())})
		}
		f.specs[i].items = append(f.specs[i].items, item)
	}
	return all
}

// specName is stable from run to run: reports are compared by it.
func specName(item engine.Item) string { return nameOf(item.Scenario, item.Subject()) }

func nameOf(s scenarios.Scenario, subject scenarios.Subject) string {
	name := s.ID + " " + s.Title
	if subject.Endpoint != "" {
		name += ": " + subject.Endpoint
	}
	if subject.Credential != "" {
		name += " with " + string(subject.Credential)
	}
	return name
}

// known lists the labels of the items, for the message about a filter that
// matches nothing.
func known(items []engine.Item) string {
	seen := map[string]bool{}
	var list []string
	for _, item := range items {
		for _, l := range item.Labels()[1:] {
			if !seen[l] {
				seen[l] = true
				list = append(list, l)
			}
		}
	}
	return strings.Join(list, ", ")
}
