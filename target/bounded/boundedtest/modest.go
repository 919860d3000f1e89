// Package boundedtest holds what reads files of others to the memory and the time
// that it may take for them.
package boundedtest

import (
	"runtime/metrics"
	"testing"
	"time"
)

// The bounds, beside what grows with the input.
const (
	memory  = 64 << 20 // bytes
	forByte = 4096     // bytes of memory for each of the input
	most    = 30 * time.Second
)

// Modest fails the test where reading an input of as many bytes allocates more, in
// all, than 64 MiB and 4 KiB for each byte, or takes more than 30 seconds: far more
// than an honest file needs, and far less than one that doubles with each line.
func Modest(t testing.TB, size int, read func()) {
	t.Helper()
	before, start := allocated(), time.Now()
	read()
	if got, may := allocated()-before, uint64(memory+forByte*size); got > may {
		t.Errorf("%d bytes took %d MB", size, got>>20)
	}
	if took := time.Since(start); took > most {
		t.Errorf("%d bytes took %s", size, took)
	}
}

// allocated is what was ever allocated on the heap, in bytes.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
