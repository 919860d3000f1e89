//go:build !unix

package target

import (
	"os"
	"os/exec"
)

// There are no process groups here: what a program started stays.

func askGroup(p *os.Process) { _ = p.Kill() }

func killGroup(p *os.Process) { _ = p.Kill() }

func ownGroup(*exec.Cmd) {}
