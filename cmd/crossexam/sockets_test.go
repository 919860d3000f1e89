package main

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 has it
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/scenarios"
)

// particular is an API whose WebSocket talks one subprotocol, and says nothing before
// it was greeted. It accepts the handshakes of every origin, or of the trusted one.
func particular(t *testing.T, everyone bool) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "https://app.example" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
		if r.URL.Path != "/live" {
			if r.URL.Path != "/private" {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `[{"id": "1", "name": "Merger talks with Initech", "email": "victim@example.com"}]`)
			return
		}
		if r.Header.Get("Sec-WebSocket-Protocol") != "graphql-transport-ws" || origin != "https://app.example" && !everyone {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // likewise
		h := w.Header()
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
		h.Set("Sec-WebSocket-Protocol", "graphql-transport-ws")
		h.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
		w.WriteHeader(http.StatusSwitchingProtocols)
		c, in, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		greeting := []byte(`{"type":"connection_init"}`)
		head := make([]byte, 6) // a short frame of a client's, with its key
		message := make([]byte, len(greeting))
		if _, err := io.ReadFull(in, head); err != nil || head[1] != 0x80|byte(len(greeting)) {
			return
		}
		if _, err := io.ReadFull(in, message); err != nil {
			return
		}
		for i := range message {
			message[i] ^= head[2+i%4]
		}
		if bytes.Equal(message, greeting) {
			_, _ = io.WriteString(c, "\x81\x03ack\x81\x10the victim's own")
		}
	})
}

// A WebSocket that wants a subprotocol and a first message is convicted with them, and
// cannot be without.
func TestSocketsThatWantMore(t *testing.T) {
	browsertest.Needed(t)
	const whole = `[{path: /live, protocols: [graphql-transport-ws], first_message: '{"type":"connection_init"}'}]`
	for name, c := range map[string]struct {
		everyone bool
		sockets  string
		code     int
		want     scenarios.Verdict
	}{
		"convicted":                 {true, whole, 1, scenarios.Violates},
		"safe":                      {false, whole, 0, scenarios.Conforms},
		"the path alone":            {true, "[/live]", 3, scenarios.CannotTell},
		"the subprotocol, no words": {true, "[{path: /live, protocols: [graphql-transport-ws]}]", 1, scenarios.Violates}, // low: nothing private left
	} {
		t.Run(name, func(t *testing.T) {
			file := save(t, "crossexam.yaml", "target: "+particular(t, c.everyone)+"\ntrusted: [https://app.example]\nread: [/private]\nwebsockets: "+c.sockets+"\n")
			r := crossexam(t, nil, "test", "--config", file, "--label=ALT-001")
			if got := verdicts(r.report(t))["ALT-001 GET /live"]; got != c.want || r.code != c.code {
				t.Errorf("exit code %d, %s\n%s", r.code, got, r.stdout)
			}
			if loot := r.report(t).Summary.Exfiltration == "proven"; loot != (name == "convicted") {
				t.Errorf("something was stolen: %t\n%s", loot, r.stdout)
			}
		})
	}
}

func TestSocketsThatCannotBe(t *testing.T) {
	for sockets, says := range map[string]string{
		"[live]":                                   "websockets",
		"[{protocols: [a]}]":                       "path",
		"[{path: /live, protocols: ['a b']}]":      "cannot be offered",
		"[{path: /live, protocols: [a, a]}]":       "is offered twice",
		"[{path: /live, frist_message: 'a'}]":      "first_message",
		"[{path: 'https://x/', protocols: ['a']}]": "path",
	} {
		file := save(t, "crossexam.yaml", "target: http://127.0.0.1:1\ntrusted: [https://app.example]\nwebsockets: "+sockets+"\n")
		r := crossexam(t, nil, "test", "--config", file)
		if r.code != 2 || !bytes.Contains([]byte(r.stderr), []byte(says)) {
			t.Errorf("%s: exit code %d: %s", sockets, r.code, r.stderr)
		}
	}
}
