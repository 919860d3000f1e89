package tap

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// What the client has to say is said one after the other: each once the target has
// answered the one before, or is silent.
func TestTalk(t *testing.T) {
	text := func(s string) string { return string(frame(opText, []byte(s))) }
	for name, c := range map[string]struct {
		messages []string
		answers  map[string]string // by message: frames; the empty one is what comes without any
		said     string
		whole    bool
		told     string // what reached the target, separated by commas
	}{
		"no message":         {nil, map[string]string{"": text("hello") + text("more")}, "hello", true, ""},
		"one":                {[]string{"init"}, map[string]string{"init": text("ack") + text("data")}, "ack\ndata", true, "init"},
		"two":                {[]string{"init", "subscribe"}, map[string]string{"init": text("ack"), "subscribe": text("data") + text("more")}, "ack\ndata\nmore", true, "init,subscribe"},
		"no answer to one":   {[]string{"init", "subscribe"}, map[string]string{"subscribe": text("data")}, "data", true, "init,subscribe"},
		"two answers to one": {[]string{"init", "subscribe"}, map[string]string{"init": text("ack") + text("ka"), "subscribe": text("data")}, "ack\nka\ndata", true, "init,subscribe"},
		"closed before":      {[]string{"init", "subscribe"}, map[string]string{"init": "\x88\x00"}, "", false, "init"},
		"no answer at all":   {[]string{"init", "subscribe"}, nil, "", false, "init,subscribe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := net.Pipe()
			told := make(chan string)
			go func() {
				defer theirs.Close()
				defer close(told)
				in := bufio.NewReader(theirs)
				answer := func(message string) {
					if frames := c.answers[message]; frames != "" { // a pipe waits for the reader of nothing, too
						_, _ = io.WriteString(theirs, frames)
					}
				}
				answer("")
				for range c.messages {
					message := unmasked(in)
					if message == "" {
						return
					}
					told <- message
					answer(message)
				}
				_, _ = io.Copy(io.Discard, in)
			}()
			var got []string
			done := make(chan struct{})
			go func() {
				defer close(done)
				for m := range told {
					got = append(got, m)
				}
			}()
			conn := &conn{Conn: ours, raw: ours, reader: bufio.NewReader(ours), messages: c.messages}
			said, whole := conn.talk(1000, func() { _ = ours.SetDeadline(time.Now().Add(streamTime)) })
			ours.Close()
			<-done
			if string(said) != c.said || whole != c.whole || strings.Join(got, ",") != c.told {
				t.Errorf("it said %q, whole %t, and was told %q", said, whole, got)
			}
		})
	}
}

// unmasked is a short message of a client's.
func unmasked(r io.Reader) string {
	head := make([]byte, 6)
	if _, err := io.ReadFull(r, head); err != nil {
		return ""
	}
	message := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(r, message); err != nil {
		return ""
	}
	for i := range message {
		message[i] ^= head[2+i%4]
	}
	return string(message)
}
