package tap

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/crossexam/crossexam/cors"
)

// streamTime is how long the tap waits for what a WebSocket or an event stream
// says by itself: neither need ever end.
const streamTime = time.Second

// isHandshake reports whether a request asks for a WebSocket (RFC 6455, section
// 4.1).
func isHandshake(q cors.Request) bool {
	return q.Method == http.MethodGet && q.Headers.ListHas("Connection", "upgrade") && q.Headers.ListHas("Upgrade", "websocket")
}

// Handshake gives the id of the exchange in which a WebSocket with this
// Sec-WebSocket-Key was asked for, whatever came of it: browsers show no response
// header of a refused handshake.
func (t *Tap) Handshake(key string) (id string, ok bool) {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	i, ok := t.record.handshakes[key]
	if !ok {
		return "", false
	}
	return t.record.id(i), true
}

// Opcodes of frames (RFC 6455, section 11.8).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
)

var errFrame = errors.New("not a frame that a server may send")

// talk gives what the target says: its first message or, where there is something to
// be said to it, all its messages until it falls silent after the last of them, a line
// each. allow gives the target time for what it says next. whole says that no message is
// cut off.
func (c *conn) talk(limit int64, allow func()) (said []byte, whole bool) {
	allow()
	if len(c.messages) == 0 {
		return readMessage(c.reader, limit)
	}
	begun := false
	hear := func() (ended bool) {
		message, complete := readMessage(c.reader, limit-int64(len(said)))
		if begun && len(message) > 0 {
			said = append(said, '\n')
		}
		said = append(said, message...)
		if !complete {
			whole = begun && len(message) == 0
			return true
		}
		begun = true
		return int64(len(said)) >= limit
	}
	for i, message := range c.messages {
		if i > 0 {
			// To some messages a target has nothing to say.
			if _, err := c.reader.Peek(1); !isTimeout(err) && hear() {
				return said, whole
			}
			allow()
		}
		// A target that has closed the connection has said already what it says.
		_, _ = c.Write(clientFrame([]byte(message)))
	}
	for !hear() {
	}
	return said, whole
}

// clientFrame is a text message of a client's, which is masked (RFC 6455, section
// 5.3).
func clientFrame(payload []byte) []byte {
	f := frame(opText, payload)
	at := len(f) - len(payload)
	f[1] |= 0x80
	var key [4]byte
	_, _ = rand.Read(key[:]) // which never fails
	masked := append(f[:at:at], key[:]...)
	for i, b := range payload {
		masked = append(masked, b^key[i%4])
	}
	return masked
}

// readMessage gives the first message that a server sends over a WebSocket, or
// as much of it as came and has no more than limit bytes; whole says that it is
// all of it. No extension was agreed on: the tap asks for none.
func readMessage(r io.Reader, limit int64) (message []byte, whole bool) {
	for {
		op, final, length, err := readFrameHead(r)
		if err != nil || op == opClose {
			return message, false
		}
		if op > opBinary { // a ping or a pong, at most 125 bytes
			if _, err := io.CopyN(io.Discard, r, length); err != nil {
				return message, false
			}
			continue
		}
		left := limit - int64(len(message))
		part, err := io.ReadAll(io.LimitReader(r, min(length, left)))
		message = append(message, part...)
		switch {
		case err != nil || int64(len(part)) < length:
			return message, false
		case final:
			return message, true
		}
	}
}

func readFrameHead(r io.Reader) (op byte, final bool, length int64, err error) {
	head := make([]byte, 2)
	if _, err = io.ReadFull(r, head); err != nil {
		return 0, false, 0, err
	}
	final, op = head[0]&0x80 != 0, head[0]&0x0f
	length = int64(head[1] & 0x7f)
	isControl := op >= opClose
	if head[0]&0x70 != 0 || head[1]&0x80 != 0 || isControl && (length > 125 || !final) {
		return 0, false, 0, errFrame
	}
	var long []byte
	switch length {
	case 126:
		long = make([]byte, 2)
	case 127:
		long = make([]byte, 8)
	default:
		return op, final, length, nil
	}
	if _, err = io.ReadFull(r, long); err != nil {
		return 0, false, 0, err
	}
	n := binary.BigEndian.Uint64(append(make([]byte, 8-len(long)), long...))
	if n >= 1<<62 {
		return 0, false, 0, errFrame
	}
	return op, final, int64(n), nil
}

// frame is one of a server's.
func frame(op byte, payload []byte) []byte {
	var b bytes.Buffer
	b.WriteByte(0x80 | op)
	switch n := len(payload); {
	case n < 126:
		b.WriteByte(byte(n))
	case n < 1<<16:
		b.WriteByte(126)
		b.Write(binary.BigEndian.AppendUint16(nil, uint16(n)))
	default:
		b.WriteByte(127)
		b.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	b.Write(payload)
	return b.Bytes()
}

// answerSocket gives the browser the handshake, the first message, and the end of
// the connection. What the browser sends is read and withheld.
func answerSocket(w http.ResponseWriter, id string, e cors.Exchange) {
	h := w.Header()
	h["Date"] = nil
	for _, line := range e.Response.Headers {
		// An extension that the tap did not ask for is not in use.
		if !isHopByHop(line.Name) && !strings.EqualFold(line.Name, "Sec-WebSocket-Extensions") && !strings.EqualFold(line.Name, "Content-Length") {
			h.Add(line.Name, line.Value)
		}
	}
	h.Set(ExchangeHeader, id)
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	w.WriteHeader(http.StatusSwitchingProtocols)
	c, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil { // the browser has left
		return
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(streamTime)); err != nil {
		return
	}
	if body := e.Response.Body; body != "" {
		op := byte(opText)
		if !utf8.ValidString(body) {
			op = opBinary
		}
		_, _ = buffered.Write(frame(op, []byte(body)))
	}
	_, _ = buffered.Write(frame(opClose, binary.BigEndian.AppendUint16(nil, 1001))) // going away
	_ = buffered.Flush()
	// Closing a connection with something unread on it could take back what was
	// written.
	_, _ = io.Copy(io.Discard, io.LimitReader(buffered, 64<<10))
}

// bodyTime is how long a body may take. That of a stream counts as far as it came.
func bodyTime(p *cors.Response, l Limits) time.Duration {
	if isStream(p) {
		return min(l.Body, streamTime)
	}
	return l.Body
}

func isEventStream(p *cors.Response) bool { return p.Headers.MediaType() == "text/event-stream" }

// isStream reports whether a body may go on for ever by its media type, and is read as it
// comes.
func isStream(p *cors.Response) bool {
	switch p.Headers.MediaType() {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/stream+json", "application/json-seq", "multipart/x-mixed-replace":
		return true
	}
	return isEventStream(p)
}
