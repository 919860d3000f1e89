package cors

import (
	"testing"
	"time"
)

func TestMaxAge(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"0": 0, "600": 10 * time.Minute, " 86400\t": 24 * time.Hour, "007": 7 * time.Second,
		"99999999999999999999": 9223372036 * time.Second,
	} {
		if got, ok := MaxAge(lines(HeaderMaxAge, value)); got != want || !ok {
			t.Errorf("MaxAge of %q = %v, %v, want %v", value, got, ok, want)
		}
	}
	for _, h := range []Headers{nil, lines(HeaderMaxAge, ""), lines(HeaderMaxAge, "-1"), lines(HeaderMaxAge, "1.5"),
		lines(HeaderMaxAge, "1h"), lines(HeaderMaxAge, "600", HeaderMaxAge, "600")} {
		if got, ok := MaxAge(h); got != 0 || ok {
			t.Errorf("MaxAge of %q = %v, %v", h, got, ok)
		}
	}
}
