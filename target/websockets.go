package target

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/net/http/httpguts"
)

// WebSocketConfig is a WebSocket on which the victim gets private data.
type WebSocketConfig struct {
	Path         string   `yaml:"path"`
	Protocols    []string `yaml:"protocols"`     // subprotocols that a client offers
	FirstMessage string   `yaml:"first_message"` // that a client sends
	// Then are those that it sends after it, each once the API has answered the one before.
	Then []string `yaml:"then"`
}

// messageLimit is how many messages a client sends.
const messageLimit = 8

// UnmarshalYAML takes a path alone for one, too.
func (w *WebSocketConfig) UnmarshalYAML(decode func(any) error) error {
	if decode(&w.Path) == nil {
		return nil
	}
	type group WebSocketConfig // without this method
	return decode((*group)(w))
}

// check gives the part of the entry that is wrong, and what is. Browsers refuse a
// subprotocol that is no token or comes twice (WebSockets standard, section 3.1).
func (w WebSocketConfig) check() (key string, err error) {
	if err := checkPath("the path of a WebSocket", w.Path); err != nil {
		return "", err
	}
	for i, p := range w.Protocols {
		switch {
		case !httpguts.ValidHeaderFieldName(p):
			return fmt.Sprintf("protocols[%d]", i), fmt.Errorf("the subprotocol %q cannot be offered: write its name, such as graphql-transport-ws", p)
		case slices.Contains(w.Protocols[:i], p):
			return fmt.Sprintf("protocols[%d]", i), fmt.Errorf("the subprotocol %q is offered twice: leave it out once", p)
		}
	}
	switch {
	case len(w.Then) > 0 && w.FirstMessage == "":
		return "then", errors.New("there is a message after the first one, and no first: give it as first_message")
	case len(w.Then) >= messageLimit:
		return "then", fmt.Errorf("that are more than %d messages: leave out those without which the API says something private too", messageLimit)
	case slices.Contains(w.Then, ""):
		return fmt.Sprintf("then[%d]", slices.Index(w.Then, "")), errors.New("the message is empty: write what the front end sends, or leave it out")
	}
	return "", nil
}
