package scenarios

import "testing"

func TestConsentHeader(t *testing.T) {
	target := rich(Bearer)
	for _, tt := range []struct {
		allowed  []string
		cred     Credential
		trusted  bool
		want     string
		declared bool
	}{
		{nil, Cookie, true, "Content-Type: application/json", false},
		{[]string{"*"}, Cookie, true, "Content-Type: application/json", false},
		{[]string{"X-Api", "content-type"}, Cookie, true, "Content-Type: application/json", true},
		{[]string{"Accept", "X-Api"}, Cookie, false, "X-Api: crossexam", true},
		{[]string{"Authorization"}, Anonymous, false, "Authorization: Bearer crossexam", true},
		{[]string{"Authorization"}, Cookie, true, "Content-Type: application/json", false},
		{[]string{"Authorization"}, Bearer, true, ": ", true},
	} {
		target.Policy.Headers = tt.allowed
		v := visit{target: target, cred: tt.cred, trusted: tt.trusted}
		h, declared := v.consentHeader()
		if got := h.Name + ": " + h.Value; got != tt.want || declared != tt.declared {
			t.Errorf("%v, %s, trusted %t: %s, declared %t", tt.allowed, tt.cred, tt.trusted, got, declared)
		}
	}
}
