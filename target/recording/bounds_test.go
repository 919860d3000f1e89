package recording

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"
)

// TestLongValues: what a recording makes of memory does not go with its size. A long
// text is cut, anything else that is long is refused.
func TestLongValues(t *testing.T) {
	const size = 40 << 20
	long := func(c byte) io.Reader { return io.LimitReader(endless(c), size) }
	text := strings.NewReader
	const begin, request = `{"log":{"entries":[`, `{"request":{"method":"GET","url":"https://a.example/"},"response":{"status":200,"content":{"text":"`
	for name, c := range map[string]struct {
		in      io.Reader
		refused bool
	}{
		"a body":            {io.MultiReader(text(begin+request), long('a'), text(`"}}}]}}`)), false},
		"a body of escapes": {io.MultiReader(text(begin+request), long('\\'), text(`"}}}]}}`)), false},
		"in what is left":   {io.MultiReader(text(`{"x":"`), long('a'), text(`",`+begin[1:]+request+`"}}}]}}`)), false},
		"a number":          {io.MultiReader(text(begin+`{"x":`), long('1'), text(`}]}}`)), true},
		"blanks":            {io.MultiReader(text(begin), long(' '), text(`]}}`)), true},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := ReadHAR(c.in)
		runtime.ReadMemStats(&after)
		if c.refused != (err != nil) || err == nil && len(r.Requests) != 1 || err != nil && !strings.Contains(err.Error(), "larger than") {
			t.Errorf("%s: %v, %d requests", name, err, len(r.Requests))
		}
		most := uint64(20)
		if c.refused {
			most = 140 // of which the last buffer is half
		}
		if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > most {
			t.Errorf("%s: %d MB in all", name, allocated)
		}
	}
}

// TestShortened: a text is cut between its characters as they are written, and nothing
// else is changed.
func TestShortened(t *testing.T) {
	for _, unit := range []string{"a", `\\`, `\"`, `\u00e9`, `a\n`, "\u00e9"} {
		for _, shift := range []int{0, 1, 2, 3, 4, 5, 6, 7} {
			whole := `{"k": ["` + strings.Repeat("x", shift) + strings.Repeat(unit, textLimit/len(unit)+20) + `", "after \" it", 1]}`
			got, err := io.ReadAll(&shortened{r: strings.NewReader(whole), used: func() int64 { return 0 }})
			var v struct{ K []any }
			if err != nil || json.Unmarshal(got, &v) != nil || len(v.K) != 3 || v.K[1] != `after " it` {
				t.Fatalf("%q, %d: %v, ...%q", unit, shift, err, got[max(0, len(got)-60):])
			}
			if len(got) > textLimit+60 || len(got) >= len(whole) {
				t.Errorf("%q: it has %d bytes", unit, len(got))
			}
		}
	}
	same := []byte(`{"a": "b\\\"c", "d": [1, "", "\\"]}`)
	if got, err := io.ReadAll(&shortened{r: bytes.NewReader(same), used: func() int64 { return 0 }}); err != nil || !bytes.Equal(got, same) {
		t.Errorf("%s, %v", got, err)
	}
}
