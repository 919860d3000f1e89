package target

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a process group of its own, and has the kernel kill
// it should we be killed.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
