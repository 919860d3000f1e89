package engine

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// A browser whose answers about the local network cannot be trusted takes the
// verdicts that depend on them away, and no other.
func TestFailedPermissionControlTakesItsVerdictsOnly(t *testing.T) {
	browsertest.Needed(t)
	lab, err := OpenLab(t.Context(), attacker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	staged, err := StageNotebookAt(lab, fixtures.Notebook{Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")}}, LocalURL)
	if err != nil {
		t.Fatal(err)
	}
	defer staged.Close()
	plan := NewPlan(scenarios.Catalogue(), staged.Deployment.Facts).Select(func(i Item) bool {
		return i.Scenario.ID == "WLD-003" || i.Scenario.Family() == "NET"
	})
	x, err := StartPlan(t.Context(), lab, staged.Deployment, plan)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	// The fixture of the control dies after the controls of the run.
	if err := lab.controls[scenarios.Network].open.server.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]scenarios.Verdict{
		"WLD-003": scenarios.Conforms, "NET-001": scenarios.CannotTell, "NET-002": scenarios.CannotTell,
		"NET-003": scenarios.Conforms, "NET-004": scenarios.Conforms,
	}
	for _, item := range plan.Items {
		r, err := x.Result(t.Context(), item)
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict() != want[item.Scenario.ID] {
			t.Errorf("%s: %s: %s", item.Scenario.ID, r.Verdict(), r.Judgement.Reason)
		}
		if r.Verdict() == scenarios.CannotTell && !strings.Contains(r.Judgement.Reason, "the control local-network/") {
			t.Errorf("%s does not name the control: %s", item.Scenario.ID, r.Judgement.Reason)
		}
	}
	failed := 0
	for _, c := range x.Record().Controls {
		if strings.HasPrefix(c.ID, "local-network/") && c.Outcome == Failed {
			failed++
		}
	}
	// That nothing was read is what a refused page is expected to show, but not
	// without Chrome's reason.
	if failed == 0 {
		t.Errorf("the record has no failed control: %+v", x.Record().Controls)
	}
}

func TestJudgePermission(t *testing.T) {
	read := scenarios.Observation{
		Page:      &scenarios.PageView{Readable: true, Status: 200},
		Exchanges: []cors.Exchange{{Request: cors.Request{Method: "GET"}, Response: &cors.Response{Status: 200}}},
		Loot:      &scenarios.Loot{Bytes: 7},
	}
	lootless := read
	lootless.Loot = nil
	guarded := scenarios.Observation{Block: scenarios.Block{Reason: cors.LocalNetworkAccessPermissionDenied}}
	broken := scenarios.Observation{Fault: "no network event"}
	for _, c := range []struct {
		name       string
		permission scenarios.Permission
		seen       scenarios.Observation
		want       Outcome
		detail     string
	}{
		{"granted, read", scenarios.Granted, read, Passed, "7 bytes"},
		{"granted, not collected", scenarios.Granted, lootless, Failed, "collector"},
		{"granted, guarded", scenarios.Granted, guarded, Failed, "LocalNetworkAccessPermissionDenied"},
		{"granted, broken", scenarios.Granted, broken, Failed, "no network event"},
		{"refused, guarded", scenarios.Refused, guarded, Passed, "LocalNetworkAccessPermissionDenied"},
		{"refused, read", scenarios.Refused, read, Failed, "without asking"},
		{"refused, nothing", scenarios.Refused, scenarios.Observation{}, Failed, "nothing was observed"},
	} {
		if got := judgePermission(c.permission, c.seen); got.Outcome != c.want || !strings.Contains(got.Detail, c.detail) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
