package report

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// What the victim alone may read is in no part of it; that something was stolen, how
// much, and the lines that decide, stay.
func TestWithoutData(t *testing.T) {
	record := sample()
	record.Target.Premises = []scenarios.Premise{{
		Endpoint: "GET /api/notebooks", Credential: scenarios.Cookie, Finding: scenarios.Private,
		Stranger: scenarios.Reply{Status: 401}, Victim: scenarios.Reply{Status: 200}, Witness: scenarios.Witness{Parts: []string{"Merger talks"}},
	}}
	r := reportOf(record, Meta{})
	before, unchanged := jsonOf(t, r), reportOf(record, Meta{})
	if !strings.Contains(before, "Merger talks") || !strings.Contains(r.Premises[0].Sentence, "Merger talks") {
		t.Fatal("the sample has no data of the victim")
	}
	without := r.WithoutData()
	text := jsonOf(t, without)
	for _, private := range []string{"Merger talks", `\"id\":`, `"application/json"`} {
		if strings.Contains(text, private) {
			t.Errorf("%s is in it:\n%s", private, text)
		}
	}
	for _, kept := range []string{"GET /api/notebooks: 401 to a stranger, 200 with", "Access-Control-Allow-Origin", `"loot_sha256": "` + r.Results[0].Proof.LootSHA256} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is not in it:\n%s", kept, text)
		}
	}
	if !reflect.DeepEqual(r, unchanged) {
		t.Error("the report itself was changed")
	}
	// What redaction made two texts of does not keep it in.
	p := Premise{Witness: "`Merger [redacted]`", Sentence: "GET /x: 200 to the victim with `Merger talks`"}
	if p.leaveOutData(); strings.Contains(p.Sentence+p.Witness, "Merger") {
		t.Errorf("%+v", p)
	}
}

func jsonOf(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
