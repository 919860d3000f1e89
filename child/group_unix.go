//go:build unix

package child

import "syscall"

// askGroup asks a process group to end. An error means that it has ended.
func askGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
