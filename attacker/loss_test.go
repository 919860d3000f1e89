package attacker

import (
	"errors"
	"testing"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
)

// What cannot be decoded is a loss, once; what chromedp does not know is none.
func TestLost(t *testing.T) {
	decode := func(params string) error {
		_, err := cdproto.UnmarshalMessage(&cdproto.Message{Method: "Network.loadingFailed", Params: []byte(params)})
		return err
	}
	for name, c := range map[string]struct {
		format string
		err    error
		lost   bool
	}{
		"another type":  {"could not unmarshal event: %v", decode(`{"requestId": 7}`), true},
		"half":          {"could not unmarshal event: %v", decode(`{"requestId": `), true},
		"other words":   {"%s", decode(`{"requestId": 7}`), true},
		"unknown event": {"could not unmarshal event: %v", cdp.ErrUnknownCommandOrEvent("Nothing.known"), false},
		"bookkeeping":   {"could not unmarshal event: %v", errors.New("no top-level frame"), false},
	} {
		if c.err == nil {
			t.Fatalf("%s is decoded", name)
		}
		var b Browser
		b.protocolError(c.format, c.err)
		lost := b.Lost()
		var loss *lossError
		if (lost != nil) != c.lost || c.lost && !errors.As(lost, &loss) {
			t.Errorf("%s (%v): %v", name, c.err, lost)
		}
		if b.Lost() != nil {
			t.Errorf("%s: it is told twice", name)
		}
	}
}
