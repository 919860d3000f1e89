package child

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a process group of its own, and has the kernel send
// it the signal should we be killed.
func ownGroup(cmd *exec.Cmd, death syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death}
}
