package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// The fix is for what the blocked reply lacks: a header that lets credentials come along
// must not be advised where every origin is echoed, without a word on that.
func TestFixOfATrustedRead(t *testing.T) {
	origin := cors.MustParseOrigin(trustedOrigin)
	v := frontEnd(oneEndpoint(Cookie), origin, Cookie)
	read := v.read(privateRead)
	bare := answeredTo(bare(v.target, privateRead), reply(401, deniedBody))
	for _, tt := range []struct {
		name   string
		reason cors.Reason
		lines  []string
		want   string // in the fix
		not    string
	}{
		{"no credentials", cors.InvalidAllowCredentials, []string{allowOrigin(trustedOrigin)}, "where every origin is echoed, that header lets every page read the API", "Add the front end's"},
		{"the wildcard", cors.WildcardOriginNotAllowed, []string{allowOrigin("*")}, "origins, " + trustedOrigin + " and any other", "SameSite"},
		{"another origin", cors.AllowOriginMismatch, []string{allowOrigin("https://other.test"), withCredentials}, `names "https://other.test"`, "SameSite"},
		{"nothing", cors.MissingAllowOriginHeader, nil, "Add " + trustedOrigin + ", exactly so", "SameSite"},
	} {
		j := judgeTrustedRead(true, Cookie, blockedFrom(read, tt.reason, reply(200, privateBody, tt.lines...)), bare)
		if j.Verdict != Violates || !strings.Contains(j.Fix, tt.want) || strings.Contains(j.Fix, tt.not) {
			t.Errorf("%s: %+v", tt.name, j)
		}
	}
	// A gateway that answers OPTIONS itself has the origin on its list, and what is behind has none.
	token := frontEnd(oneEndpoint(Bearer), origin, Bearer).read(privateRead)
	mock := after(reply(200, "", allowOrigin("*"), "Access-Control-Allow-Headers: authorization"), blockedFrom(token, cors.MissingAllowOriginHeader, reply(200, privateBody)))
	if j := judgeTrustedRead(true, Bearer, mock, bare); !strings.Contains(j.Fix, "The preflight is approved") || strings.Contains(j.Fix, "Add "+trustedOrigin) {
		t.Errorf("%+v", j)
	}
	refused := func(lines ...string) Judgement {
		o := readBy(read, reply(403, deniedBody, lines...))
		o.Stake = Refusal
		return judgeTrustedRead(true, Cookie, o, bare)
	}
	if j := refused(allowOrigin(trustedOrigin), withCredentials); !strings.Contains(j.Fix, "another check refuses") {
		t.Errorf("%+v", j)
	}
	if j := refused(allowOrigin(trustedOrigin)); !strings.Contains(j.Fix, "add "+trustedOrigin) || strings.Contains(j.Fix, "so the CORS layer has it") { // which is no grant for a cookie
		t.Errorf("%+v", j)
	}
	o := readBy(read, reply(403, deniedBody, allowOrigin(trustedOrigin)))
	o.Stake = Refusal
	if j := judgeTrustedRead(true, Bearer, o, bare); !strings.Contains(j.Fix, "another check refuses") { // and is one for a token
		t.Errorf("%+v", j)
	}
	if j := refused(); !strings.Contains(j.Fix, "add "+trustedOrigin) || !strings.Contains(j.Fix, "another check") { // it may be the CORS layer that refuses
		t.Errorf("%+v", j)
	}
}
