package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// neighbourOf is another origin of the scheme of a trusted one that no page on the web
// can have: that of another browser extension, or of another application. It is empty
// for "null", which has no neighbour.
func neighbourOf(other string) string {
	scheme, host, ok := strings.Cut(other, "://")
	switch {
	case !ok:
		return ""
	case !strings.HasSuffix(scheme, "extension"):
		return scheme + "://crossexam-other"
	}
	last := 'p' // the alphabet of Chrome's ids
	if strings.ContainsAny(host, "0123456789") {
		last = 'f' // and of the UUIDs of Firefox and Safari
	}
	return scheme + "://" + strings.Map(func(r rune) rune {
		switch {
		case r == last:
			return 'a'
		case r >= 'a' && r < last:
			return r + 1
		case r == '9':
			return '0'
		case r >= '0' && r < '9':
			return r + 1
		}
		return r
	}, host)
}

const noOther = "No origin of a browser extension or of an application is trusted."

func planOtherNeighbours(t Target) ([]Case, string) {
	if len(t.OtherTrusted) == 0 {
		return nil, noOther
	}
	all, why := prizes(t)
	if why != "" {
		return nil, why
	}
	var cases []Case
	for _, p := range all {
		for _, o := range t.OtherTrusted {
			n := neighbourOf(o)
			if n == "" || slices.Contains(t.OtherTrusted, n) {
				continue
			}
			read := probe(t, cors.Opaque, p.endpoint, p.cred, cors.Header{Name: cors.HeaderOrigin, Value: n})
			other := attack(t, p.cred).read(p.endpoint)
			cases = append(cases, Case{
				Subject:  Subject{Endpoint: p.endpoint.String(), Origin: n, Credential: p.cred},
				Attempts: []Attempt{read, other},
				Judge:    func(obs Observations) Judgement { return judgeOtherNeighbour(n, p.cred, obs.Of(read), obs.Of(other)) },
			})
		}
	}
	return planned(cases, noOther)
}

// byHeaderAlone says why what a page of the origin would get is asked by header. Chrome's
// id of an extension is the first half of the SHA-256 of its public key (Chrome's
// documentation of the manifest, "key").
func byHeaderAlone(origin string) string {
	if strings.HasPrefix(origin, "chrome-extension://") {
		return "by its header alone, since a page of this origin takes the extension's own key, of which the id is a hash"
	}
	return "by its header alone, since no page of this origin can be played"
}

// judgeOtherNeighbour takes the reply by its header alone: no page of the origin can be
// played.
func judgeOtherNeighbour(origin string, c Credential, read, other Observation) Judgement {
	if doubt := silence(read); doubt != nil {
		return inDoubt(doubt)
	}
	r := answer(read)
	byHeader := byHeaderAlone(origin)
	if reason := cors.Check(origin, c.Ambient(), r.Headers); reason != cors.Allowed {
		return conforms("the %d reply to Origin %s has %s (%s; %s)", r.Status, origin, grantText(r), reason, byHeader)
	}
	return violates(Low, "the %d reply to Origin %s has %s (%s); it takes an extension or an application that the victim installs",
		r.Status, origin, grantText(r), byHeader).ifEchoed(other, Anonymous)
}
