package engine_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// Two APIs in one browser: one that echoes every origin, and one that has a list.
func ExampleExamine() {
	ctx := context.Background()
	lab, err := engine.OpenLab(ctx, attacker.Options{})
	if err != nil {
		fmt.Println("no lab:", err)
		return
	}
	defer lab.Close()
	for _, policy := range []fixtures.Policy{fixtures.WildcardEchoAlways(), fixtures.Hardened()} {
		// A deployment of your own is made by target.Config, with Complete.
		staged, err := engine.StageNotebook(lab, fixtures.Notebook{
			Policy:  policy,
			Login:   fixtures.SessionCookie,
			Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
		})
		if err != nil {
			fmt.Println("no target:", err)
			return
		}
		defer staged.Close()
		plan := engine.NewPlan(scenarios.Catalogue(), staged.Deployment.Facts).
			Select(func(i engine.Item) bool { return slices.Contains(i.Labels(), "WLD") })
		record, err := engine.ExaminePlan(ctx, lab, staged.Deployment, plan, engine.Hooks{})
		if err != nil {
			fmt.Println("could not judge:", err)
			return
		}
		fmt.Println(policy.Name, convicted(record))
	}
	// Output:
	// wildcard-echo-always [WLD-001 WLD-002 WLD-007]
	// hardened []
}
