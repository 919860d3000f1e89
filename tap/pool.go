package tap

import (
	"sync"
	"time"
)

// A pool keeps connections open between exchanges. None is watched: a connection that
// the server closes is found out when it is used.
//
// Some servers have one connection at a time, such as one of Python's http.server without
// threads: they answer nobody else while one is kept open that has nothing to say. So
// what is kept is closed when an answer on another connection is long in coming, and
// nothing is kept any more where that was seen to help.
type pool struct {
	mu      sync.Mutex
	idle    []*conn
	closed  bool
	waiting int       // new connections on which no answer has begun for longer than usual
	gaveWay time.Time // when something was closed for those
	helped  int       // how often in a row an answer came as soon as that was done
}

const (
	maxIdle     = 16
	maxIdleTime = 30 * time.Second // longer, and a firewall may have forgotten it
	// usualWait is longer than a server takes that has nothing else to do, in most cases. To
	// give way for nothing costs the time to connect.
	usualWait = time.Second
	// atOnceTime is for an answer that waited for nothing but a connection to end.
	atOnceTime = 200 * time.Millisecond
	// maxHelped is how often that is no chance.
	maxHelped = 3
)

func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		c := p.idle[last]
		p.idle = p.idle[:last]
		if time.Since(c.since) < maxIdleTime {
			return c
		}
		c.raw.Close()
	}
	return nil
}

func (p *pool) keep(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting > 0 {
		p.gaveWay = time.Now()
	}
	if p.closed || p.waiting > 0 || p.helped >= maxHelped || len(p.idle) >= maxIdle {
		c.raw.Close()
		return
	}
	c.kept, c.since, c.upgrade, c.begun = true, time.Now(), false, nil
	p.idle = append(p.idle, c)
}

// awaits takes notice of an answer that is waited for on a new connection. The caller says
// when it has begun, if it does, and when the exchange is over.
func (p *pool) awaits() (begun, over func()) {
	var waits, ended bool // by the lock of the pool
	timer := time.AfterFunc(usualWait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if ended {
			return
		}
		waits = true
		p.waiting++
		if len(p.idle) > 0 {
			p.gaveWay = time.Now()
			p.closeIdle()
		}
	})
	end := func(answered bool) {
		timer.Stop()
		p.mu.Lock()
		defer p.mu.Unlock()
		if ended {
			return
		}
		ended = true
		if !waits {
			return
		}
		p.waiting--
		if p.helped < maxHelped {
			if answered && time.Since(p.gaveWay) < atOnceTime {
				p.helped++
			} else {
				p.helped = 0
			}
		}
	}
	return func() { end(true) }, func() { end(false) }
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.closeIdle()
}

func (p *pool) closeIdle() {
	for _, c := range p.idle {
		c.raw.Close()
	}
	p.idle = nil
}
