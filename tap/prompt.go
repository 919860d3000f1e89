package tap

import (
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

const challengeHeader = "WWW-Authenticate"

// AsksForLogin reports whether a browser would ask its user for a password or an
// account in answer to this response. Where a browser may read a line in two ways it
// would in one of them.
func AsksForLogin(p *cors.Response) bool {
	if p.Status != http.StatusUnauthorized {
		return false
	}
	for _, challenge := range p.Headers.List(challengeHeader) {
		scheme := challenge
		if end := strings.IndexAny(challenge, " \t"); end >= 0 {
			scheme = challenge[:end]
		}
		switch strings.ToLower(scheme) {
		case "basic", "digest", "ntlm", "negotiate":
			return true
		}
	}
	return false
}

// withoutPrompt is a response that has no browser ask for a login.
func withoutPrompt(p *cors.Response) *cors.Response {
	if p == nil || !AsksForLogin(p) {
		return p
	}
	silent := *p
	silent.Headers = slices.DeleteFunc(slices.Clone(p.Headers), func(h cors.Header) bool {
		return strings.EqualFold(h.Name, challengeHeader)
	})
	return &silent
}

// Challenges reports whether any answer so far had a browser ask its user for a login;
// see [AsksForLogin].
func (t *Tap) Challenges() bool {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	return t.record.challenged
}
