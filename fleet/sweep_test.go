package fleet

import (
	"testing"
	"time"
)

func TestInterval(t *testing.T) {
	for _, c := range []struct {
		url, config string
		want        time.Duration
	}{
		{"https://a.example.com", `{}`, 50 * time.Millisecond},
		{"https://a.example.com", `{"limits":{"requests_per_second":0.5}}`, 2 * time.Second},
		{"http://127.0.0.1:1", `{}`, 0},
		{"http://127.0.0.1:1", `{"limits":{"requests_per_second":10}}`, 100 * time.Millisecond},
	} {
		if got := interval(Target{URL: c.url, Config: []byte(c.config)}); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.url, c.config, got, c.want)
		}
	}
}
