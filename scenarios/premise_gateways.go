package scenarios

import "strings"

// gateways are words of gateways and filters that stand in front of an API and answer in
// its place, and what they mean, which the words do not say to those who did not set the
// gateway up.
var gateways = []struct{ says, means string }{
	{"Missing Authentication Token", "AWS API Gateway answers so where no route has the method and path: the stage may be missing from the URL"},
	{"no Route matched with those values", "Kong answers so where no route has the host name and path"},
	{"no healthy upstream", "Envoy answers so where no server behind it is well"},
	{"subscription key", "Azure API Management asks for a key, as the header Ocp-Apim-Subscription-Key"},
	{"Just a moment...", "Cloudflare answers so to what may be no browser of a person: examine the API behind it, or except this machine"},
	{"Attention Required! | Cloudflare", "Cloudflare's firewall answers so: examine the API behind it, or except this machine"},
	{"default backend - 404", "the ingress of Kubernetes answers so where no rule has the host name and path"},
}

// gateway says what a refusal means that a gateway made; it is empty for others.
func (r Reply) gateway() string {
	for _, g := range gateways {
		if strings.Contains(strings.ToLower(r.Says), strings.ToLower(g.says)) {
			return "; " + g.means
		}
	}
	return ""
}
