package target

import (
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/target/recording"
)

// socket is a WebSocket as the page used it. What it said is written as far as it is short,
// or subscribes to something with GraphQL, and has nothing in it that looks like a secret.
func (s *seen) socket(q recording.Request, path string) WebSocketConfig {
	w := WebSocketConfig{Path: path}
	for _, line := range q.Headers.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if with := append(slices.Clone(w.Protocols), name); !isRandom(name) && (WebSocketConfig{Path: path, Protocols: with}).valid() {
				w.Protocols = with
			} else if name != "" {
				s.note("%s is offered a subprotocol that is not written, since it looks like a secret or cannot be offered.", path)
			}
		}
	}
	switch {
	case len(q.Sent) == 0:
	case isGreeting(q.Sent[0]):
		w.FirstMessage = q.Sent[0]
		for _, message := range q.Sent[1:min(len(q.Sent), messageLimit)] {
			if !isGreeting(message) && !isSubscription(message) {
				s.note("The front end says more on %s than is written, since it may have a secret in it or change something; give it as then where the API says nothing private without it.", path)
				break
			}
			w.Then = append(w.Then, message)
		}
	default:
		s.note("The front end's first message on %s is not written, since it may have a secret in it; give it as first_message where the API says nothing private without it.", path)
	}
	return w
}

func (w WebSocketConfig) valid() bool {
	_, err := w.check()
	return err == nil
}

// greeting is JSON of nothing but short words, such as {"type":"connection_init"}.
var greeting = regexp.MustCompile(`^[\[{]("[A-Za-z_:-]{1,40}"|[\[\]{}:, ])*$`)

func isGreeting(message string) bool {
	secret := func(word string) bool {
		return secretNames.MatchString(strings.NewReplacer("_", "", "-", "").Replace(word)) || isPassword(word)
	}
	return len(message) <= 200 && greeting.MatchString(message) && !slices.ContainsFunc(strings.Split(message, `"`), secret)
}
