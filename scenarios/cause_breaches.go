package scenarios

// breach says what a target does that violates one requirement by a rule of its own.
func breach(id string) func([]Judged) string {
	return func(findings []Judged) string {
		if r := findings[0].Judgement.Rule; r != nil {
			return r.String()
		}
		return breaches[id]
	}
}

// breaches say what a target does that violates the requirements which have no kind in
// common with others.
var breaches = map[string]string{
	"ORG-001": "an origin is trusted that begins as a trusted one does",
	"ORG-002": "an origin is trusted that begins as a trusted one does",
	"ORG-003": "a host is trusted that ends as a trusted one does",
	"ORG-004": "a part of a trusted origin is trusted",
	"ORG-005": "a dot of a trusted host stands for any character",
	"ORG-006": "the scheme of an origin is not compared",
	"ORG-007": "the port of an origin is not compared",
	"ORG-008": "a port is trusted that begins as a trusted one does",
	"ORG-009": "every subdomain of a trusted host is trusted",
	"ORG-010": "every subdomain of a trusted domain is trusted",
	"ORG-011": "every subdomain of a trusted host is trusted over http:// too",
	"ORG-012": "every site on a shared hosting service is trusted",
	"ORG-013": "development origins are trusted",
	"ORG-014": "an origin is trusted that begins with http://localhost",
	"ORG-015": "a trusted host may be followed by punctuation and another domain",
	"ORG-016": "a dot at the end of a host is cut off before it is compared",
	"ORG-017": "a pattern lets the names before a domain repeat",
	"ORG-018": "host names are decoded or replaced by look-alikes before they are compared",
	"ORG-019": "spellings of an origin are taken for it that no browser sends",
	"ORG-020": "every extension, or every application, of the scheme of a trusted one is granted",
	"ORG-021": "a parameter of the URL decides who is granted",
	"WLD-004": "Access-Control-Allow-Origin: * comes with Access-Control-Allow-Credentials: true",
	"CRD-001": "the session cookie lacks an attribute that protects it",
	"CRD-002": "pages on a sibling subdomain are trusted",
	"CRD-003": "Access-Control-Allow-Credentials: true is sent, though the front end needs none",
	"CRD-004": "Access-Control-Allow-Credentials: true is sent to origins that are not trusted",
	"PRE-008": "preflights are not answered by the CORS layer",
	"PRE-009": "browsers may keep the answer to a preflight for too long",
	"PRE-010": "preflights on routes that do not exist are approved",
	"HDR-004": "headers are exposed that other pages must not see",
	"HDR-005": "the Origin header is decoded, and a line break in it ends a header line of the reply",
	"HDR-007": "shared caches may store private replies",
	"HDR-008": "redirects are made outside of the CORS layer",
	"HDR-009": "private replies tell their timing, or leave their type to be guessed",
	"CFG-002": "the origins that are configured are not the trusted ones",
	"NET-001": "pages on public addresses may read from the local network",
	"NET-002": "the browser's permission prompt alone protects the local network",
	"NET-003": "preflights are told that pages on public addresses may come in",
	"NET-004": "requests for any host name are answered",
	"ALT-001": "WebSocket handshakes of every origin are accepted",
	"ALT-002": "the event stream is granted to every origin",
	"ALT-003": "JSON bodies are taken under types for which browsers do not ask first",
	"ALT-004": "private replies run as scripts in pages of other origins",
}
