package target

import (
	"bytes"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

// Whatever a program logs at its start, what is found in it was there.
func FuzzReadStartupLog(f *testing.F) {
	p := Preset{Name: "x", warningPattern: `CORS is open to all`, originsPattern: `origins: (.*)`}
	f.Add([]byte("CORS is open to all\norigins: ['a', 'b']\r\norigins: ["))
	f.Add(bytes.Repeat([]byte("origins: ["), 10_000))
	f.Fuzz(func(t *testing.T, data []byte) {
		var found *scenarios.StartupLog
		var err error
		boundedtest.Modest(t, len(data), func() { found, err = ReadStartupLog(bytes.NewReader(data), p) })
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte(found.Said)) {
			t.Errorf("it said %q", found.Said)
		}
	})
}
