package target

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/target/recording"
)

// queryKeyNames are names of parameters whose value stays the same, without what joins
// their words; apiKeyNames those of which one request is enough to know. What is drawn anew
// for each request, such as a signature or a code, is none.
var (
	queryKeyNames = regexp.MustCompile(`(?i)^(.*(apikey|accesskey|subscriptionkey|token|secret|jwt).*|key|auth|authorization)$`)
	apiKeyNames   = regexp.MustCompile(`(?i)(apikey|accesskey|subscriptionkey)`)
)

// queryKeys finds the parameters with which the front end proves itself, and takes them
// out of the requests, whose paths can be written then: those with a name for it and the
// same value wherever they stand, at more than one path.
func (s *seen) queryKeys() {
	values, paths := map[string]map[string]bool{}, map[string]map[string]bool{}
	for _, q := range s.requests {
		query, err := url.ParseQuery(q.URL.RawQuery)
		if err != nil {
			continue
		}
		for name, v := range query {
			if _, given := s.config.Credentials.Query[name]; !given && !queryKeyNames.MatchString(wordsJoined(name)) {
				continue
			}
			if values[name] == nil {
				values[name], paths[name] = map[string]bool{}, map[string]bool{}
			}
			values[name][strings.Join(v, "\x00")] = true
			paths[name][q.URL.Path] = true
		}
	}
	refer := map[string]string{}
	var names []string
	for name := range values {
		_, given := s.config.Credentials.Query[name]
		steady := len(values[name]) == 1 && !values[name][""] && (len(paths[name]) > 1 || apiKeyNames.MatchString(wordsJoined(name)))
		if !given && (!steady || s.config.Credentials.Query != nil || !cookieName.MatchString(name)) {
			continue
		}
		names = append(names, name)
		if !given {
			refer[name] = "${QUERY_" + variableFor(name) + "}"
		}
	}
	s.keyed = map[*url.URL]bool{}
	for i, q := range s.requests {
		if u, had := withoutParameters(q.URL, names); had {
			s.requests[i].URL, s.keyed[u] = u, true
		}
	}
	if len(refer) > 0 {
		s.refer(Reference{Key: "query", Value: refer})
	}
}

// provesItself reports whether a request has what only the front end or the victim has.
func (s *seen) provesItself(q recording.Request) bool { return hasCredential(q) || s.keyed[q.URL] }

// shownToProve reports whether the recording shows that, and not only that it may be so.
func (s *seen) shownToProve(q recording.Request) bool {
	return hasCookie(q) || q.Headers.Has("Authorization") || s.keyed[q.URL]
}

// withoutParameters is a URL without some parameters of its query, the others written as
// they were, and whether it had any.
func withoutParameters(u *url.URL, names []string) (*url.URL, bool) {
	pairs := strings.Split(u.RawQuery, "&")
	left := slices.DeleteFunc(slices.Clone(pairs), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		return err == nil && slices.Contains(names, name)
	})
	if len(left) == len(pairs) {
		return u, false
	}
	without := *u
	without.RawQuery = strings.Join(left, "&")
	return &without, true
}

// wordsJoined is a name without what joins its words.
func wordsJoined(name string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "").Replace(name)
}
