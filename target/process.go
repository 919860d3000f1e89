package target

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// A process is a program with all that it started.
type process struct {
	cmd    *exec.Cmd
	output *output
	ended  chan struct{} // closed when the program has ended
	err    error         // why, when it has
}

// graceTime is for a program that was asked to end, and then for its output.
const graceTime = 3 * time.Second

// startProcess starts a program in a process group of its own. What it prints goes
// to tee too, if that is not nil.
func startProcess(argv []string, dir string, env []string, tee io.Writer) (*process, error) {
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), output: &output{}, ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, env
	var sink io.Writer = p.output
	if tee != nil {
		sink = io.MultiWriter(p.output, tee)
	}
	p.cmd.Stdout, p.cmd.Stderr = sink, sink
	p.cmd.WaitDelay = graceTime // a grandchild may hold the output open
	ownGroup(p.cmd)
	started := make(chan error)
	go func() {
		// The kernel ends the program when the thread that started it does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	return p, nil
}

// environment is this process's own, for programs that it starts: without what is
// for Crossexam alone, the victim's secrets among it.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "CROSSEXAM_") })
}

// hide takes secrets out of a text that a program had a say in.
func hide(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	return text
}

// terminate asks the program to end.
func (p *process) terminate() { askGroup(p.cmd.Process) }

// close ends the program, if need be by force, and what is left of its group.
func (p *process) close() error {
	p.terminate()
	timer := time.NewTimer(graceTime)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
	}
	killGroup(p.cmd.Process)
	select {
	case <-p.ended:
		return nil
	case <-time.After(2 * graceTime):
		return fmt.Errorf("the process %d of %s does not end", p.cmd.Process.Pid, p.cmd.Path)
	}
}

// outcome says how the program ended, with the last line that it printed.
func (p *process) outcome() string {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return how + p.output.lastLine()
}

// outputLimit bounds what is kept of the beginning of a program's output, and of
// its end, in bytes.
const outputLimit = 256 << 10

// output keeps the beginning and the end of what a program prints.
type output struct {
	mu    sync.Mutex
	first []byte
	last  []byte
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.first = append(o.first, b[:min(len(b), outputLimit-len(o.first))]...)
	o.last = append(o.last, b...)
	if extra := len(o.last) - outputLimit; extra > 0 {
		o.last = append(o.last[:0], o.last[extra:]...)
	}
	return len(b), nil
}

func (o *output) begin() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.first)
}

// lastLine is the last line that is not blank, after a colon, or empty.
func (o *output) lastLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := bytes.TrimSpace(o.last)
	if len(text) == 0 {
		return ""
	}
	line := string(text[bytes.LastIndexByte(text, '\n')+1:])
	return ": " + strings.ToValidUTF8(shorten(line, 300), "�")
}
