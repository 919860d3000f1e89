package main

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// What flags and variables say of limits.
func TestLimitsAsFlags(t *testing.T) {
	flags := func(args ...string) *pflag.FlagSet {
		f := pflag.NewFlagSet("test", pflag.ContinueOnError)
		addSettings(f)
		if err := f.Parse(args); err != nil {
			t.Fatal(err)
		}
		return f
	}
	t.Setenv("CROSSEXAM_CONCURRENCY", "3")
	t.Setenv("CROSSEXAM_HEADER_TIMEOUT", "20s")
	c, err := configured(flags("--header-timeout=1m30s"), []string{"http://127.0.0.1:1"})
	if err != nil || c.Limits.Concurrency != 3 || c.Limits.Header != 90*time.Second {
		t.Errorf("%+v, %v", c.Limits, err)
	}
	for _, wrong := range []string{"--concurrency=0", "--concurrency=many", "--concurrency=1.5", "--header-timeout=30", "--header-timeout=-1s", "--header-timeout=soon"} {
		name, value, _ := strings.Cut(wrong, "=")
		if _, err := configured(flags(wrong), []string{"http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), name+": \""+value+"\" is not a") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
