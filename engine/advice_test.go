package engine

import (
	"os"
	"regexp"
	"testing"
)

// Each kind of diagnosis that is declared says what to do.
func TestEveryDiagnosisSaysWhatToDo(t *testing.T) {
	source, err := os.ReadFile("diagnosis.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := regexp.MustCompile(`(?m)^\t(\w+)\s+DiagnosisKind = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(kinds) < 20 {
		t.Fatalf("%d kinds were found", len(kinds))
	}
	for _, k := range kinds {
		if (Diagnosis{Kind: DiagnosisKind(k[2])}).Advice() == "" {
			t.Errorf("%s does not", k[1])
		}
	}
	for rate, want := range map[float64]string{3.27: "` 3.2,", 0.01: "` 0.1,", 0: "a lower"} {
		if s := (Diagnosis{Kind: RateLimited, Number: rate}).Advice(); !regexp.MustCompile(regexp.QuoteMeta(want)).MatchString(s) {
			t.Errorf("of a rate of %g that got through it is: %s", rate, s)
		}
	}
}
