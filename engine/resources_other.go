//go:build !linux

package engine

// freeSpace is not known here.
func freeSpace(string) (free uint64, known bool) { return 0, false }

// freeMemory is not known here.
func freeMemory() (free uint64, known bool) { return 0, false }
