package scratch

import (
	"errors"
	"os"
)

// Lock takes the lock of a folder that is there to stay, until the file is closed or
// the process ends; it fails at once while another process has it. Where there are no
// such locks there is none to take.
func Lock(dir string) (*os.File, error) {
	f, err := lock(dir, os.O_CREATE)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return f, err
}
