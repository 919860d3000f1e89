package fleet

import "github.com/crossexam/crossexam/target"

// Load reads a fleet.yaml. The error is [target.Problems].
func Load(path string) ([]Target, error) {
	listed, err := target.LoadFleet(path)
	if err != nil {
		return nil, err
	}
	targets := make([]Target, len(listed))
	for i, l := range listed {
		targets[i] = Target{Name: l.Name, Owner: l.Owner, URL: l.URL, Configuration: l.Hash, Config: l.Config}
	}
	return targets, nil
}
