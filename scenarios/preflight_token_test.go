package scenarios

import "testing"

// The header without which a cookie opens nothing is the front end's token, whatever its
// name; one that opens the API by itself, or that is given beside the cookie, is none.
func TestTokenHeader(t *testing.T) {
	for _, tt := range []struct {
		name        string
		credentials []Credential
		headers     []string
		want        string
	}{
		{"a token by its name", []Credential{Cookie}, []string{"X-Tenant", "X-CSRF-Token"}, "X-CSRF-Token"},
		{"needed with the cookie", []Credential{Together(Cookie, Header)}, []string{"X-WP-Nonce"}, "X-WP-Nonce"},
		{"opens by itself", []Credential{Header}, []string{"X-API-Key"}, ""},
		{"either opens", []Credential{Cookie, Header}, []string{"X-API-Key"}, ""},
		{"the cookie opens too", []Credential{Cookie, Together(Cookie, Header)}, []string{"X-API-Key"}, ""},
		{"no header", []Credential{Cookie}, nil, ""},
	} {
		if got := (Target{Credentials: tt.credentials, CredentialHeaders: tt.headers}).tokenHeader(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
