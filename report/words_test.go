package report

import "testing"

// What a reader is told to do is in the words of the front end, as what happened is.
func TestWord(t *testing.T) {
	r := Report{Results: []Result{{Reason: "a", Fix: "b", WouldTell: "f"}}, Diagnoses: []Diagnosis{{Advice: "g"}}, Notes: []string{"c"}, Fault: &Fault{Error: "d", Advice: "e"}}
	r.word(func(s string) string { return s + "!" })
	if c := r.Results[0]; c.Reason != "a!" || c.Fix != "b!" || c.WouldTell != "f!" || r.Diagnoses[0].Advice != "g!" || r.Notes[0] != "c!" || r.Fault.Error != "d!" || r.Fault.Advice != "e!" {
		t.Errorf("%+v, %+v, %v, %+v", c, r.Diagnoses, r.Notes, r.Fault)
	}
}

func TestFew(t *testing.T) {
	for want, items := range map[string][]string{"": nil, "a, b": {"a", "b"}, "a, b, c": {"a", "b", "c"}, "a, b and 2 more": {"a", "b", "c", "d"}} {
		if got := few(items, 2); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
