// Package child runs programs as child processes: in a process group of their own,
// with what they print kept, awaited until they are ready, and ended whole, with
// all that they started. Which programs, and what their output means, others know.
package child

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// A Command says what to start.
type Command struct {
	Argv []string // the program and its arguments, for no shell
	Dir  string   // empty is this process's own
	Env  []string // "NAME=value"; nil is this process's own
	// Files are open files that the program inherits, as its file descriptors from 3 on.
	Files []*os.File
	// Tee gets what the program prints, on both of its outputs, besides the log; nil
	// for nobody.
	Tee io.Writer
	// Orderly has the program asked to end, and not killed, should this process be
	// killed: it is for programs whose own children would live on. Linux only, where
	// the others are killed.
	Orderly bool
}

// A Process is a program with all that it started. It is ended by whoever started
// it.
type Process struct {
	cmd   *exec.Cmd
	log   log
	ended chan struct{}
	err   error // why, when it has ended
}

// graceTime is for a program that was asked to end, and then for its output.
const graceTime = 3 * time.Second

// Start starts a program in a process group of its own, so that Ctrl-C at the
// terminal does not reach it and it is ended in order.
func Start(c Command) (*Process, error) {
	p := &Process{cmd: exec.Command(c.Argv[0], c.Argv[1:]...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.ExtraFiles = c.Dir, c.Env, c.Files
	var sink io.Writer = &p.log
	if c.Tee != nil {
		sink = io.MultiWriter(&p.log, c.Tee)
	}
	p.cmd.Stdout, p.cmd.Stderr = sink, sink
	p.cmd.WaitDelay = graceTime // a grandchild may hold the output open
	death := syscall.SIGKILL
	if c.Orderly {
		death = syscall.SIGTERM
	}
	ownGroup(p.cmd, death)
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
		return nil, fmt.Errorf("starting %s: %w", c.Argv[0], err)
	}
	return p, nil
}

// OwnGroup has a program that somebody else starts put into a process group of its
// own, and killed should this process be killed (on Linux).
func OwnGroup(cmd *exec.Cmd) { ownGroup(cmd, syscall.SIGKILL) }

// KillGroup kills a process group, by the id of the process that it began with.
// That it is gone already is no error.
func KillGroup(pid int) { killGroup(pid) }

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err is how the program ended: nil for exit status 0. It is valid after Ended.
func (p *Process) Err() error { return p.err }

// Terminate asks the program and all that it started to end, and does not wait.
func (p *Process) Terminate() { askGroup(p.cmd.Process.Pid) }

// Close ends the program, if need be by force, and what is left of its group.
func (p *Process) Close() error {
	p.Terminate()
	timer := time.NewTimer(graceTime)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
	}
	killGroup(p.cmd.Process.Pid)
	timer.Reset(2 * graceTime)
	select {
	case <-p.ended:
		return nil
	case <-timer.C:
		return fmt.Errorf("the process %d of %s does not end", p.cmd.Process.Pid, p.cmd.Path)
	}
}

// Outcome says how the program ended, with the last line that it printed.
func (p *Process) Outcome() string {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return how + p.LastLine()
}

// An EndedError says how a program ended that was to become ready.
type EndedError struct{ How string }

func (e EndedError) Error() string { return e.How }

// Await calls ask until it gives nil, which says that the program is ready: that
// can only be found out by asking. The error is an [EndedError] where the program
// ended before, and otherwise that of the context, whose deadline the caller sets.
func (p *Process) Await(ctx context.Context, ask func(context.Context) error) error {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.ended:
			cancel()
		case <-asking.Done():
		}
	}()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := ask(asking)
		select {
		case <-p.ended:
			return EndedError{p.Outcome()}
		case <-ctx.Done():
			return context.Cause(ctx)
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-p.ended:
		case <-ctx.Done():
		}
	}
}

// FreePort finds a port of 127.0.0.1 that nothing listens on at the moment. It is below those
// that systems give out by themselves (from 32768 on Linux, 49152 elsewhere): one of these
// may belong to any connection or listener before the program that is started has it.
func FreePort() (int, error) {
	const first, last, tries = 20000, 32767, 100
	var err error
	for range tries {
		port := first + rand.IntN(last-first+1)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("looking for a free port: %w", err)
}
