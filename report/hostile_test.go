package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/crossexam/crossexam/engine"
)

// No output has a byte that a terminal obeys, or a character that a reader does not
// see, wherever a target puts it.
func TestOutputsOfHostileTargets(t *testing.T) {
	const bytes = "\x1b[31m\x1b]8;;http://evil.test\x1b\\\x07\u009b2J\u202e\u2066\u200b\ufeff\u2028\U000e0041\x00\x7f\xff"
	record := compared(accepting(sample(), "CRD-002"))
	record.Fault = &engine.Fault{Stage: engine.StageRun, Err: errorOf("broke off"), Advice: "again"}
	all := places(reflect.ValueOf(&record).Elem(), "")
	for _, p := range all {
		p.set(bytes)
	}
	if len(all) < 100 {
		t.Fatalf("only %d places", len(all))
	}
	outputs := rendered(t, reportOf(record, Meta{}), nil)
	outputs["junit.xml"] = Redactor(record, nil)(record.Results[0].Judgement.Reason)
	for name, text := range outputs {
		found := false
		for i, r := range text {
			if !unicode.IsPrint(r) && r != '\n' && r != '\t' || r == unicode.ReplacementChar && strings.HasPrefix(text[i:], "\xff") {
				t.Errorf("%s has %q: %q", name, r, text[max(0, i-60):min(len(text), i+20)])
				break
			}
			found = found || r == '8' && strings.HasPrefix(text[i:], "8;;http")
		}
		if !found && name != "summary.md" && !strings.HasSuffix(name, ".sarif") && !strings.HasSuffix(name, ".html") {
			t.Errorf("%s shows nothing of it: the test proves nothing", name)
		}
	}
	var back Report
	if err := json.Unmarshal([]byte(outputs["report.json"]), &back); err != nil {
		t.Fatal(err)
	}
	if reason := back.Results[0].Reason; !strings.Contains(reason, "\u009b2J\u202e\u2066\u200b\ufeff\u2028\U000e0041") {
		t.Errorf("report.json means something else: %q", reason)
	}
}

type errorOf string

func (e errorOf) Error() string { return string(e) }
