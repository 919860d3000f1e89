// Package recording reads what a front end was seen to do: a HAR file of a browser's
// developer tools, or commands that were copied from there. It judges nothing.
package recording

import (
	"net/url"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A Recording is a list of requests, in their order.
type Recording struct {
	Source   string // which program wrote it
	Requests []Request
}

// A Request is one that a page made, with what is known of the answer.
type Request struct {
	Method  string
	URL     *url.URL // absolute; http and https, those of a WebSocket too
	Headers cors.Headers
	Body    string
	// BodyLeftOut says that there was a body, which the recording has not.
	BodyLeftOut bool
	Kind        Kind
	Page        string // the URL of the page, where it is known
	// Cookies are the names of those that went along.
	Cookies []string

	Status int // of the answer; 0 where there is none, or it is not known
	// Failed says that there was no answer, or that the browser refused it.
	Failed bool
	Answer cors.Headers
	// Mode says whether the page asked with the user's credentials, where that was seen.
	Mode Mode
	// Watched says that Read and ReadAll are what the page read of the answer's headers.
	Watched bool
	Read    []string // names, in lower case
	ReadAll bool     // it took all of them at once, so that nobody knows which it uses
	// Sent are the text messages that the page sent over a WebSocket.
	Sent []string
}

// Kind is what a request was for, as far as the recording says.
type Kind string

// The kinds.
const (
	Unknown     Kind = ""
	Fetch       Kind = "fetch" // XMLHttpRequest too
	Preflight   Kind = "preflight"
	EventSource Kind = "eventsource"
	WebSocket   Kind = "websocket"
	Other       Kind = "other" // documents, scripts, images and the like
)

// Mode is the credentials mode of a request (Fetch standard, section 2.2.5), as far as
// another origin is concerned.
type Mode string

// The modes.
const (
	UnknownMode Mode = ""
	Include     Mode = "include"
	Omit        Mode = "omit" // same-origin too
)

// Classify says what a request was for, by its own headers.
func Classify(q Request) Kind {
	kind := kindOf(q, q.URL.String())
	// Only secure servers are told the destination.
	if accept, _ := q.Headers.Get("Accept"); kind == Unknown && !q.Headers.Has(cors.HeaderOrigin) &&
		(strings.HasPrefix(accept, "text/html") || strings.HasPrefix(accept, "image/") || strings.HasPrefix(accept, "text/css")) {
		return Other
	}
	return kind
}

// ParseURL takes the URL of a request, with http and https in the place of ws and
// wss. ok is false for what goes to no server, such as data: and blob:.
func ParseURL(raw string) (u *url.URL, ok bool) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, false
	}
	switch strings.ToLower(u.Scheme) {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	}
	return u, (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}
