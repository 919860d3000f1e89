package attacker

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/crossexam/crossexam/cors"
)

// play gives a recorder events, one a line: "NAME JSON". Lines that are no events
// are passed over.
func play(lines []byte) *recorder {
	r := newRecorder()
	for line := range bytes.Lines(lines) {
		name, params, _ := bytes.Cut(line, []byte(" "))
		var ev any
		switch string(name) {
		case "request":
			ev = new(network.EventRequestWillBeSent)
		case "request-extra":
			ev = new(network.EventRequestWillBeSentExtraInfo)
		case "response-extra":
			ev = new(network.EventResponseReceivedExtraInfo)
		case "finished":
			ev = new(network.EventLoadingFinished)
		case "failed":
			ev = new(network.EventLoadingFailed)
		}
		if ev != nil && json.Unmarshal(params, ev) == nil {
			r.event(ev)
		}
	}
	return r
}

const begun = `request {"requestId": "1", "initiator": {"type": "script", "stack": {"callFrames": [{"functionName": "attempt-7"}]}}}
request {"requestId": "1.p", "initiator": {"type": "preflight", "requestId": "1"}}
response-extra {"requestId": "1.p", "headers": {"Crossexam-Exchange": "a"}}
response-extra {"requestId": "1", "headers": {"crossexam-exchange": "b"}}
`

const redirected = begun + `request {"requestId": "1", "redirectHasExtraInfo": true, "initiator": {"type": "script"}}
request {"requestId": "1.q", "initiator": {"type": "preflight", "requestId": "1"}}
response-extra {"requestId": "1.q", "headers": {"Crossexam-Exchange": "c"}}
`

func TestRecorder(t *testing.T) {
	const refused = `failed {"requestId": "1", "errorText": "x", "corsErrorStatus": {"corsError": "MissingAllowOriginHeader"}}`
	for _, tc := range []struct {
		name, events string
		read         bool
		exchanges    string
		reason       cors.Reason
		whole        bool
	}{
		{"nothing", "", true, "", "", false},
		{"a preflight and its request", begun, true, "a b", "", true},
		{"neither read nor ended", begun, false, "a b", "", false},
		{"refused", begun + refused, false, "a b", cors.MissingAllowOriginHeader, true},
		{"a preflight before each hop", redirected + `response-extra {"requestId": "1", "headers": {"Crossexam-Exchange": "d"}}`,
			true, "a b c d", "", true},
		{"a redirect without its response", redirected, true, "a b c", "", false},
	} {
		all, whole := play([]byte(tc.events)).assemble(map[string]bool{"attempt-7": tc.read})
		got := all["attempt-7"]
		if s := strings.Join(got.exchanges, " "); s != tc.exchanges || got.block.Reason != tc.reason || whole != tc.whole {
			t.Errorf("%s: %q, %q, whole %t", tc.name, s, got.block.Reason, whole)
		}
	}
}

// Whatever a target puts into its headers, an attempt gets no exchange but those
// that Chrome reported of it or of its preflights.
func FuzzRecorder(f *testing.F) {
	f.Add([]byte(redirected))
	f.Add([]byte(begun + `failed {"requestId": "1", "corsErrorStatus": {"corsError": "MissingAllowOriginHeader", "failedParameter": "\u0000"}}`))
	f.Add([]byte(`response-extra {"requestId": "1", "headers": {"X": "Crossexam-Exchange: a", "Crossexam-Exchange": ["a"], "CROSSEXAM-EXCHANGE": "a\nb"}}`))
	f.Add([]byte(`request-extra {"requestId": "1", "associatedCookies": [{"cookie": {"name": "a"}, "blockedReasons": ["SameSiteLax"]}, {}, null]}`))
	f.Fuzz(func(t *testing.T, events []byte) {
		r := play(events)
		readable := map[string]bool{}
		own := map[string][]string{}
		for _, q := range r.requests {
			name := q.attempt
			readable[name] = true
			if first, ok := r.requests[q.preflight]; ok && first.attempt != "" {
				name = first.attempt
			}
			for _, a := range q.exchanges {
				own[name] = append(own[name], a.id)
			}
		}
		delete(readable, "")
		all, _ := r.assemble(readable)
		for name, s := range all {
			if !strings.HasPrefix(name, attemptPrefix) {
				t.Errorf("%q is no attempt", name)
			}
			for _, id := range s.exchanges {
				if !slices.Contains(own[name], id) {
					t.Errorf("%s has the exchange %q, which is not its own", name, id)
				}
			}
		}
	})
}
