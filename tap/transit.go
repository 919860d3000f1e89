package tap

import "sync"

// sureBody is how much of a body is read in any case, in bytes.
const sureBody = 256 << 10

// A transit bounds the bodies that are on their way to the browser, all together: a page
// that asks for many large ones and reads none has them wait here. A nil one bounds
// nothing. It is safe for concurrent use.
type transit struct {
	mu   sync.Mutex
	left int64 // bytes; less than none where more than enough asked for the sure ones
}

// newTransit has room for as many bodies of the largest size as are asked for at once.
func newTransit(l Limits) *transit { return &transit{left: int64(l.AtOnce()) * l.BodyBytes} }

// A berth is the room of one body.
type berth struct {
	of    *transit // nil where nothing is bounded
	bytes int64
}

// enter takes room for a body of at most so many bytes.
func (t *transit) enter(most int64) *berth {
	if t == nil {
		return &berth{bytes: most}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b := &berth{of: t, bytes: min(most, max(t.left, sureBody))}
	t.left -= b.bytes
	return b
}

// shrink gives back all but what the body needs.
func (b *berth) shrink(bytes int64) {
	if b.of == nil {
		return
	}
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.left += b.bytes - bytes
	b.bytes = bytes
}
