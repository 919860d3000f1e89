//go:build unix && !linux

package attacker

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the browser into a process group of its own, so that Ctrl-C at
// the terminal reaches us alone and we end the browser in order.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
