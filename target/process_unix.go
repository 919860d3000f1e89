//go:build unix

package target

import (
	"os"
	"syscall"
)

// askGroup asks a process group to end. An error means that it has ended.
func askGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
