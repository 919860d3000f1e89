//go:build !unix

package scratch

import (
	"errors"
	"os"
)

// lock makes no lock where there is no flock: folders are then removed at the end
// of a run only, never swept.
func lock(string, int) (*os.File, error) { return nil, errors.ErrUnsupported }

func isOurs(os.FileInfo) bool { return false }
