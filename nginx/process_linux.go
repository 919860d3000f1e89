package nginx

import (
	"os/exec"
	"syscall"
)

// endWithUs keeps Ctrl-C at the terminal from nginx, so that it is ended in order,
// and has the kernel end it should we be killed.
func endWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
