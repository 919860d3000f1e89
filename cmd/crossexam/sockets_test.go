package main

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 has it
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/scenarios"
)

// particular is an API whose WebSocket talks one subprotocol, and says nothing before
// it was greeted, and nothing private before somebody subscribed where subscribed says
// that. It accepts the handshakes of every origin, or of the trusted one.
func particular(t *testing.T, everyone, subscribed bool) string {
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
		if heard(in) != `{"type":"connection_init"}` {
			return
		}
		_, _ = io.WriteString(c, "\x81\x03ack")
		if !subscribed {
			_, _ = io.WriteString(c, "\x81\x10the victim's own")
		} else if heard(in) == `{"type":"subscribe"}` {
			_, _ = io.WriteString(c, "\x81\x10the victim's own")
		}
	})
}

// heard is a short message of a client's, whose frame has a key; empty for none.
func heard(in io.Reader) string {
	head := make([]byte, 6)
	if _, err := io.ReadFull(in, head); err != nil {
		return ""
	}
	message := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(in, message); err != nil {
		return ""
	}
	for i := range message {
		message[i] ^= head[2+i%4]
	}
	return string(message)
}

// A WebSocket that wants a subprotocol and a first message is convicted with them, and
// cannot be without.
func TestSocketsThatWantMore(t *testing.T) {
	browsertest.Needed(t)
	const (
		whole = `[{path: /live, protocols: [graphql-transport-ws], first_message: '{"type":"connection_init"}'}]`
		both  = `[{path: /live, protocols: [graphql-transport-ws], first_message: '{"type":"connection_init"}', then: ['{"type":"subscribe"}']}]`
	)
	for name, c := range map[string]struct {
		everyone, subscribed bool
		sockets              string
		code                 int
		want                 scenarios.Verdict
		stolen               string // what the report has of it
	}{
		"convicted":                 {true, false, whole, 1, scenarios.Violates, "ack"},
		"safe":                      {false, false, whole, 0, scenarios.Conforms, ""},
		"the path alone":            {true, false, "[/live]", 3, scenarios.CannotTell, ""},
		"the subprotocol, no words": {true, false, "[{path: /live, protocols: [graphql-transport-ws]}]", 1, scenarios.Violates, ""}, // low: nothing private left
		"subscribed, convicted":     {true, true, both, 1, scenarios.Violates, "the victim's own"},
		"subscribed, safe":          {false, true, both, 0, scenarios.Conforms, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := save(t, "crossexam.yaml", "target: "+particular(t, c.everyone, c.subscribed)+"\ntrusted: [https://app.example]\nread: [/private]\nwebsockets: "+c.sockets+"\n")
			r := crossexam(t, nil, "test", "--config", file, "--label=ALT-001")
			if got := verdicts(r.report(t))["ALT-001 GET /live"]; got != c.want || r.code != c.code {
				t.Errorf("exit code %d, %s\n%s", r.code, got, r.stdout)
			}
			if loot := r.report(t).Summary.Exfiltration == "proven"; loot != (c.stolen != "") {
				t.Errorf("something was stolen: %t\n%s", loot, r.stdout)
			}
			for _, result := range r.report(t).Results {
				if p := result.Proof; c.stolen != "" && result.ID == "ALT-001" && !strings.Contains(p.LootExcerpt, c.stolen) {
					t.Errorf("what was stolen is %q", p.LootExcerpt)
				}
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
		"[{path: /live, then: [a]}]":               "give it as first_message",
		"[{path: 'https://x/', protocols: ['a']}]": "path",
	} {
		file := save(t, "crossexam.yaml", "target: http://127.0.0.1:1\ntrusted: [https://app.example]\nwebsockets: "+sockets+"\n")
		r := crossexam(t, nil, "test", "--config", file)
		if r.code != 2 || !bytes.Contains([]byte(r.stderr), []byte(says)) {
			t.Errorf("%s: exit code %d: %s", sockets, r.code, r.stderr)
		}
	}
}
