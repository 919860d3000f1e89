package attacker

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// refusedPatience is how long a browser has to answer after it said that the system
// lets it start no more processes: one that lacks a helper only answers at once, and
// one that lacks more never does.
const refusedPatience = 5 * time.Second

// complaintLimit bounds a line of a browser that is looked at, in bytes.
const complaintLimit = 4 << 10

// complaints is where a browser prints to. It is written to by one goroutine at a time.
type complaints struct {
	// told is told, once, of the line by which the system refused another process.
	told func(line string)
	line []byte
	once bool
}

func (c *complaints) Write(b []byte) (int, error) {
	for rest := b; !c.once; {
		part, after, ended := bytes.Cut(rest, []byte("\n"))
		c.line = append(c.line, part[:min(len(part), complaintLimit-len(c.line))]...)
		if isRefusal(string(c.line)) {
			c.once = true
			c.told(string(c.line))
		}
		if !ended {
			break
		}
		c.line, rest = c.line[:0], after
	}
	return len(b), nil
}

// isRefusal reports whether a text has what the system says of fork(2) and
// pthread_create(3) where there may be no more processes.
func isRefusal(text string) bool {
	return strings.Contains(strings.ToLower(text), syscall.EAGAIN.Error())
}

// tooManyProcesses is the error of a browser that said this, of which one line counts.
func tooManyProcesses(said string) error {
	for line := range strings.Lines(said) {
		if isRefusal(line) {
			said = line
			break
		}
	}
	return fmt.Errorf("the system let it start no more processes or threads: raise the limit on them (ulimit -u, or the pids limit of a container); it said: %s", strings.Trim(said, ": \n"))
}
