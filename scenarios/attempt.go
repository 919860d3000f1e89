package scenarios

import (
	"encoding/json"

	"github.com/crossexam/crossexam/cors"
)

// An Attempt is one cross-origin request from one origin with one credential.
// Attempts with equal keys are one attempt, whichever scenarios ask for them.
type Attempt struct {
	// Page is the origin of the page that is open in the victim's browser.
	Page cors.Origin `json:"page"`
	// Vector is how the page makes the request.
	Vector Vector `json:"vector"`
	// Identity is the victim whose browser it is: the credential it holds.
	Identity Credential `json:"identity,omitempty"`
	// Omit says that the request goes with credentials mode "omit"; the mode is
	// "include" otherwise.
	Omit    bool         `json:"omit,omitempty"`
	Method  string       `json:"method"`
	URL     string       `json:"url"`
	Headers cors.Headers `json:"headers,omitempty"` // set by the page
	// KeyHeaders are the names of the headers that the trusted front end sets besides,
	// with its token or key: their values are no part of the attempt.
	KeyHeaders []string `json:"key_headers,omitempty"`
	Body       string   `json:"body,omitempty"`
	// Fill is the size of a body of filler, in the place of Body.
	Fill int `json:"fill,omitempty"`
	// Protocols, Message and Then are of a WebSocket: the subprotocols that the page offers,
	// what it sends when the connection is open, and what after that, each once the target
	// has answered. With a message, everything that the target says counts, and not only
	// what it says first.
	Protocols []string `json:"protocols,omitempty"`
	Message   string   `json:"message,omitempty"`
	Then      []string `json:"then,omitempty"`
	// Through names the shared cache that a probe passes on its way to the target;
	// empty for none. Each name is a cache of its own, which is empty at first, and
	// probes through it are made in the order of the plan.
	Through string `json:"through,omitempty"`
	// Trusted marks an attempt of the trusted front end: it sends nothing to the
	// attacker's collector.
	Trusted bool `json:"trusted,omitempty"`
}

// Vector is a way for a page to make a request.
type Vector string

// The vectors. A Probe is sent by Crossexam itself through the tap, not by the
// browser: it shows how the server answers what no page can send.
const (
	Fetch Vector = "fetch"
	Probe Vector = "probe"

	// Fetches with "Origin: null".
	SandboxedFrame     Vector = "sandboxed-frame"      // from <iframe sandbox="allow-scripts" srcdoc>
	SandboxedPageFrame Vector = "sandboxed-page-frame" // from <iframe sandbox="allow-scripts" src>
	SandboxedPage      Vector = "sandboxed-page"       // from a page with Content-Security-Policy: sandbox allow-scripts
	DataFrame          Vector = "data-frame"           // from <iframe src="data:...">
	DataWorker         Vector = "data-worker"          // from new Worker("data:...")
	FilePage           Vector = "file-page"            // from a page opened from a file
	Redirect302        Vector = "redirect-302"         // by way of another origin, which redirects
	Redirect307        Vector = "redirect-307"

	// UntypedFetch is a fetch whose body has no Content-Type.
	UntypedFetch Vector = "untyped-fetch"
	// EventSource waits for the first event of a stream.
	EventSource Vector = "event-source"
	// WebSocket makes a handshake with the URL in its ws: or wss: form, and waits
	// for the first message. It sends none. It has no credentials mode: the
	// browser adds cookies always.
	WebSocket Vector = "websocket"
	// Script runs the reply as a classic script, which may call a function named
	// [ScriptCallback] with its data. There is no CORS check, and no Origin header.
	Script Vector = "script"
)

// ScriptCallback is the name of the function that takes the data of a [Script].
const ScriptCallback = "crossexam"

// needsPreflight reports whether the browser asks the target first.
func (a Attempt) needsPreflight() bool {
	return len(a.KeyHeaders) > 0 || cors.NeedsPreflight(a.Method, a.Headers)
}

// Origin is the origin of the request as the vector sends it.
func (a Attempt) Origin() cors.Origin {
	if a.Vector.SendsNullOrigin() {
		return cors.Opaque
	}
	return a.Page
}

// Key identifies the attempt: attempts with the same key are the same request
// from the same place with the same credential.
func (a Attempt) Key() string {
	// A struct of strings and flags always encodes.
	b, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	return string(b)
}
