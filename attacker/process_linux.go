package attacker

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the browser into a process group of its own, so that Ctrl-C at
// the terminal reaches us alone and we end the browser in order, and has the
// kernel kill it should we be killed.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
