package target

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/target/recording"
)

// A graphQLRequest is the body of one (GraphQL over HTTP, section 5.2).
type graphQLRequest struct {
	OperationName string         `json:"operationName"`
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
}

// harmless reports whether an operation can be written and sent: it changes nothing, and
// nothing in it looks like a secret. A document can have several operations, of which one
// is asked for.
func (o graphQLRequest) harmless() bool {
	return !mutation.MatchString(o.Query) && !saysSecret("", o.Variables) && !slices.ContainsFunc(tokens.FindAllString(o.Query, -1), isRandom)
}

// isSubscription reports whether a message subscribes to something harmless, over the
// subprotocols graphql-transport-ws or graphql-ws.
func isSubscription(message string) bool {
	var m struct {
		Type    string         `json:"type"`
		Payload graphQLRequest `json:"payload"`
	}
	return json.Unmarshal([]byte(message), &m) == nil && (m.Type == "subscribe" || m.Type == "start") && m.Payload.Query != "" &&
		m.Payload.harmless() && !strings.Contains(message, "${")
}

// graphQLQuery is the name of the query that a request makes by POST (GraphQL over HTTP,
// section 6.2): a request that only reads, and whose body can be written, since nothing in
// it looks like a secret.
func graphQLQuery(q recording.Request) (name string, ok bool) {
	if q.Method != http.MethodPost || !hasJSON(q.Headers) {
		return "", false
	}
	var request graphQLRequest
	if json.Unmarshal([]byte(q.Body), &request) != nil || !queryBegins.MatchString(request.Query) || !request.harmless() || strings.Contains(q.Body, "${") {
		return "", false
	}
	name = requestName(q.Body)
	return name, name != ""
}

var (
	mutation = regexp.MustCompile(`(^|[\s},])mutation\b\s*[_A-Za-z({@]`)
	// tokens are the texts in a document that may be one.
	tokens = regexp.MustCompile(`[A-Za-z0-9+/_=.~-]+`)
)

// saysSecret reports whether a value of JSON has a text in it that looks like a secret,
// under a name for one or by itself.
func saysSecret(name string, value any) bool {
	switch v := value.(type) {
	case string:
		return v != "" && (secretNames.MatchString(wordsJoined(name)) || isPassword(name) || isRandom(v))
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return saysSecret(name, one) })
	case map[string]any:
		for key, one := range v {
			if saysSecret(key, one) {
				return true
			}
		}
	}
	return false
}
