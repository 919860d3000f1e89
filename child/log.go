package child

import (
	"bytes"
	"strings"
	"sync"
)

// logLimit bounds what is kept of the beginning of a program's output, and of its
// end, in bytes.
const logLimit = 256 << 10

// log keeps the beginning and the end of what a program prints.
type log struct {
	mu    sync.Mutex
	first []byte
	last  []byte
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first = append(l.first, b[:min(len(b), logLimit-len(l.first))]...)
	l.last = append(l.last, b...)
	if extra := len(l.last) - logLimit; extra > 0 {
		l.last = append(l.last[:0], l.last[extra:]...)
	}
	return len(b), nil
}

// Beginning is the beginning of what the program has printed so far, at most 256 KiB.
func (p *Process) Beginning() string {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	return string(p.log.first)
}

// Log is the end of what the program has printed so far, at most 256 KiB.
func (p *Process) Log() string {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	return string(p.log.last)
}

// LastLine is the last line that is not blank, after a colon, or empty. Of a long
// one it is the beginning.
func (p *Process) LastLine() string {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	text := bytes.TrimSpace(p.log.last)
	if len(text) == 0 {
		return ""
	}
	line := text[bytes.LastIndexByte(text, '\n')+1:]
	return ": " + strings.ToValidUTF8(string(line[:min(len(line), 300)]), "�")
}
