package main

import "os/exec"

// asNobody is for what root alone does, and Windows has no root.
func asNobody(*exec.Cmd) { panic("no test that needs root runs on Windows") }
