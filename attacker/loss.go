package attacker

import (
	"errors"
	"reflect"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// A lossError says that a message of the browser could not be decoded: what it was
// evidence of is lost.
type lossError struct{ err error }

func (e *lossError) Error() string {
	return "an event of the browser could not be read: " + e.err.Error()
}

func (e *lossError) Unwrap() error { return e.err }

// protocolError takes what chromedp complains of. A message that could not be decoded
// must not pass in silence; other complaints are about its own bookkeeping.
func (b *Browser) protocolError(_ string, args ...any) {
	for _, arg := range args {
		err, ok := arg.(error)
		if !ok || !undecoded(err) {
			continue
		}
		b.mu.Lock()
		if b.lost == nil {
			b.lost = &lossError{err}
		}
		b.mu.Unlock()
	}
}

// undecoded reports whether an error is one of reading JSON. The type for a value of
// the wrong kind has no name that is the same in all versions of Go, so that an
// error of that type is made to compare with.
func undecoded(err error) bool {
	var syntax *jsonv2.SyntacticError
	if errors.As(err, &syntax) {
		return true
	}
	semantic := reflect.TypeOf(jsonv2.Unmarshal([]byte("7"), new(string)))
	for ; err != nil; err = errors.Unwrap(err) {
		if reflect.TypeOf(err) == semantic {
			return true
		}
	}
	return false
}

// Lost is a [*lossError] when evidence was lost since the last call, else nil.
func (b *Browser) Lost() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	lost := b.lost
	b.lost = nil
	return lost
}
