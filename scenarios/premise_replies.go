package scenarios

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A Reply is what a premise remembers of one.
type Reply struct {
	Status   int    `json:"status"`
	Type     string `json:"type,omitempty"`     // the media type
	Location string `json:"location,omitempty"` // of a redirect
	Says     string `json:"says,omitempty"`     // the beginning of a refusal's text
	Bytes    int    `json:"bytes"`
	Empty    bool   `json:"empty,omitempty"` // JSON in which there is nothing, such as []
}

func replyOf(r *cors.Response) Reply {
	if r == nil {
		return Reply{}
	}
	location := ""
	if r.Status >= 300 && r.Status <= 399 {
		location, _ = r.Headers.Get("Location")
	}
	return Reply{Status: r.Status, Type: r.Headers.MediaType(), Location: location, Says: refusalText(r), Bytes: len(r.Body), Empty: isEmpty(r)}
}

// isEmpty reports whether a reply is JSON in which there is nothing: an empty list or
// object, or one whose values are all empty, null, false or 0.
func isEmpty(r *cors.Response) bool {
	var v any
	if r.Truncated || json.Unmarshal([]byte(r.Body), &v) != nil {
		return false
	}
	return holdsNothing(v)
}

func holdsNothing(v any) bool {
	switch v := v.(type) {
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !holdsNothing(e) })
	case map[string]any:
		return !slices.ContainsFunc(slices.Collect(maps.Values(v)), func(e any) bool { return !holdsNothing(e) })
	}
	return v == nil || v == "" || v == false || v == 0.0
}

// isPage reports whether a reply is a page for people.
func isPage(r *cors.Response) bool {
	t := r.Headers.MediaType()
	if t == "text/html" || t == "application/xhtml+xml" {
		return true
	}
	start := strings.ToLower(strings.TrimSpace(r.Body[:min(len(r.Body), 100)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// passwordField is where a page asks for a password.
var passwordField = regexp.MustCompile(`(?i)<input\b[^>]*\btype\s*=\s*["']?password\b`)

// isLogin reports whether a reply is a page to log in with: it asks for one password.
// One to change a password with asks for more.
func isLogin(r *cors.Response) bool {
	return isPage(r) && len(passwordField.FindAllStringIndex(r.Body, 2)) == 1
}

// isData reports whether a reply without any login is worth an attacker's while: not
// a page, a word on health or version, a greeting, or the API's own document.
func isData(r *cors.Response) bool {
	body := strings.TrimSpace(r.Body)
	if body == "" || isPage(r) {
		return false
	}
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		// Not JSON, or cut. One line of text is a greeting such as "Ollama is running".
		return r.Truncated || strings.Contains(body, "\n") || strings.Contains(r.Headers.MediaType(), "xml") || strings.Contains(r.Headers.MediaType(), "csv")
	}
	switch v := v.(type) {
	case map[string]any:
		if v["openapi"] != nil || v["swagger"] != nil {
			return false
		}
		return !isGreeting(v)
	case []any:
		return true // an empty list too: it will not stay empty
	}
	return false
}

// serviceWords are the names of members that tell of the service and not of its data.
var serviceWords = strings.Fields(`status state health healthy ok alive ready up uptime message msg detail info welcome hello greeting
	name title description service app application api version versions build commit revision release date time timestamp now
	docs doc documentation docs_url redoc swagger openapi env environment success pong ping error url urls link links self`)

// TellsOfService reports whether a member with this name, in any case, tells of the service
// (a greeting, a version, an error) and not of what it holds.
func TellsOfService(name string) bool { return slices.Contains(serviceWords, strings.ToLower(name)) }

// isGreeting reports whether an object holds nothing but words about the service.
func isGreeting(object map[string]any) bool {
	for key, value := range object {
		if !TellsOfService(key) {
			return false
		}
		switch value := value.(type) {
		case []any:
			return false
		case map[string]any:
			if !isGreeting(value) {
				return false
			}
		}
	}
	return true
}
