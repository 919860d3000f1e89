package scenarios

import (
	"net/url"
	"regexp"
	"strings"
)

// secretParameter is the name of a parameter of a URL whose value is a credential, as
// applications for one's own server have it: Sonarr's apikey, Jellyfin's api_key,
// X-Plex-Token, a signature.
var secretParameter = regexp.MustCompile(`(?i)^(x[-_])?((api|app|access|auth|plex|emby|client|private)[-_]?(key|token|secret)|token|jwt|_?sid|session[-_]?(id|key|token)|(amz-)?sig(nature)?|auth([-_]?sig)?|secret|passw(or)?d|pwd)$`)

// WithoutSecrets is the path of the endpoint without the parameters of its query that are
// credentials by their names, with those names and their values as they are written.
// There are none where the path is returned as it is.
func (e Endpoint) WithoutSecrets() (path string, names, values []string) {
	path, query, _ := strings.Cut(e.Path, "?")
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil && value != "" && secretParameter.MatchString(plain) {
			names, values = append(names, plain), append(values, value)
			continue
		}
		kept = append(kept, part)
	}
	if len(names) == 0 {
		return e.Path, nil, nil
	}
	if query = strings.Join(kept, "&"); query != "" {
		path += "?" + query
	}
	return path, names, values
}
