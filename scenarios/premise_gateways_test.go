package scenarios

import (
	"strings"
	"testing"
)

// What a gateway says in the place of an API is told with what it means.
func TestGatewaysWords(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"Missing Authentication Token"}`:                                                 "the stage may be missing",
		`{"message":"no Route matched with those values","request_id":"4f"}`:                         "Kong answers so",
		`{"statusCode":401,"message":"Access denied due to missing subscription key. Make sure to"}`: "Ocp-Apim-Subscription-Key",
		`<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>`:                   "Cloudflare answers so",
		`{"message":"missing authentication token"}`:                                                 "the stage may be missing", // whatever its case
		`no healthy upstream`: "Envoy answers so",
		`<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head></html>`: "Cloudflare's firewall",
		`default backend - 404`:          "ingress of Kubernetes",
		`{"detail":"Not authenticated"}`: "",
	} {
		status := 403
		refusal := jsonReply(status, body)
		said := replyOf(refusal).refusal()
		if !strings.Contains(said, want) || want == "" && strings.Contains(said, ";") {
			t.Errorf("%s: %s", body, said)
		}
	}
}
