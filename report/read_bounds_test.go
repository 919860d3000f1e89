package report

import (
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
)

// A report that somebody sent takes no more memory than one of ours could.
func TestReadIsBounded(t *testing.T) {
	const head = `{"schema":"crossexam/report/v1","results":[`
	for name, c := range map[string]struct{ text, says string }{
		"deep":           {head + strings.Repeat("[", 1<<20), "deep"},
		"many results":   {head + strings.Repeat("{},", 500_000) + "{}]}", "more than 20000 results"},
		"many exchanges": {head + `{"proof":{"exchanges":[` + strings.Repeat("{},", 590_000) + "{}]}}]}", "result 1"},
		"many values":    {head + strings.Repeat(`{"proof":{}},`, 1_200_000) + "{}]}", "values"},
	} {
		allocated := func() uint64 {
			runtime.GC()
			sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
			metrics.Read(sample)
			return sample[0].Value.Uint64()
		}
		before := allocated()
		_, err := Read(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		// All that was allocated, which is more than there was at once.
		if mb := (allocated() - before) >> 20; mb > 700 {
			t.Errorf("%s: %d MB", name, mb)
		} else {
			t.Logf("%s: %d MB", name, mb)
		}
	}
}
