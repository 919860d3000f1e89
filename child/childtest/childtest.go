// Package childtest is for tests that start programs which do not come with this project.
package childtest

import "testing"

// Missing ends a test that needs what is not installed, which err says. It fails, for a
// skipped test proves nothing, and `make test` installs all of it; with `go test -short`,
// as in `make test-fast`, which installs nothing, it is skipped.
func Missing(t testing.TB, err error) {
	t.Helper()
	if testing.Short() {
		t.Skipf("%v: scripts/stacks installs it", err)
	}
	t.Fatalf("%v: run scripts/stacks, or make test, which runs it", err)
}
