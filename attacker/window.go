package attacker

import (
	"os"
	"path/filepath"
	"runtime"
)

// display are the variables by which a browser with a window finds its display.
var display = []string{"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE"}

// HasDisplay reports whether a browser can have a window here, as far as the
// environment says.
func HasDisplay() bool {
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// variables are those of the environment that the browser needs besides the usual ones.
func (o Options) variables() []string {
	if !o.Window {
		return nil
	}
	var env []string
	for _, name := range display {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	// Its usual place is below the user's home, which is not the browser's.
	if home, err := os.UserHomeDir(); err == nil && os.Getenv("XAUTHORITY") == "" {
		env = append(env, "XAUTHORITY="+filepath.Join(home, ".Xauthority"))
	}
	return env
}
