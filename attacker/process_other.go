//go:build !unix

package attacker

import (
	"errors"
	"os"
)

// lockProfile makes no lock where there is no flock: profiles are then removed
// at the end of a run only, never swept.
func lockProfile(dir string) (*os.File, error) {
	return nil, errors.ErrUnsupported
}
