package target

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded"
)

// guesses are paths at which APIs often answer, those with something private
// first. They are as good a guess for a frontend's own server, so that only data
// counts. Model servers on the user's own machine have the last two before /api.
var guesses = []string{
	"/me", "/api/me", "/users/me", "/api/users/me", "/api/v1/me", "/api/v1/users/me", "/user", "/api/user", "/profile", "/api/profile",
	"/session", "/api/session", "/v1/models", "/api/tags", "/api", "/api/v1", "/", "/health", "/api/health",
}

// followed is how many links of the API's own are tried.
const followed = 16

// guess tries the usual paths, and those that a reply among them links to.
func (f *finder) guess() {
	f.found.Headers = nil
	unknown := "/crossexam-" + strings.ToLower(rand.Text()[:12])
	nothing := f.get(f.deployment.Facts.At(unknown), false)
	root := f.get(f.deployment.Facts.At("/"), false)
	f.recognise(greeted(root))
	private, open := 0, 0
	refused := ""
	var paths []string
	for _, p := range slices.Concat(f.preset.Private, f.preset.Open, guesses) {
		if !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	f.found.Alike = nothing
	for i := 0; i < len(paths); i++ { // which links lengthen
		path := paths[i]
		if reason, why := whyAlone(path, "", f.config.Exclude); why != "" {
			f.left("GET "+path, reason, false, "%s", why)
			continue
		}
		r := root
		if path != "/" {
			r = f.get(f.deployment.Facts.At(path), false)
		}
		if r != nil && (nothing == nil || r.Status != nothing.Status || r.Status < 300 && !sameReply(r, path, nothing, unknown)) {
			f.found.Alike = nil
		}
		switch {
		case r == nil:
			continue
		case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
			if nothing != nil && nothing.Status == r.Status {
				continue // it answers everything like this
			}
			if len(f.deployment.Credentials.headers()) == 0 && len(f.found.Errors) == 0 {
				f.found.Errors = append(f.found.Errors, scenarios.ErrorRecipe{Status: r.Status, Method: http.MethodGet, Path: path, Anonymous: true})
			}
			if r.Status == http.StatusUnauthorized && refused == "" {
				refused = path
			}
			if f.verifiable(true) {
				f.left("GET "+path, refusal(r.Status), true, "it answered %d; give a credential to read it", r.Status)
				continue
			}
			// The victim's browser has not logged in yet.
		case r.Status < 200 || r.Status > 299:
			continue
		case sameReply(r, path, nothing, unknown):
			continue // a reply for every path
		case !isData(r):
			f.left("GET "+path, LeftPage, false, noData)
			f.found.FrontPage = f.found.FrontPage || path == "/"
			continue
		default:
			paths = f.follow(paths, r)
		}
		isPrivate := f.private(candidate{at: path}, document{}) && tells(path) != 2 && !saysLittle(path, r)
		switch {
		case isPrivate && private == cmp.Or(f.config.Examine, privateReads) || !isPrivate && open == openReads:
			continue
		case isPrivate:
			private++
		default:
			open++
		}
		f.found.Reads = append(f.found.Reads, scenarios.Endpoint{Method: http.MethodGet, Path: path, Private: isPrivate, Discovered: true})
	}
	if private == 0 && refused != "" {
		f.locked(refused)
	}
}

// noData is why a page is left alone.
const noData = "it answered with a page or a text, not with data; name it to read it"

// follow adds the paths that a reply of JSON links to, what holds data first.
func (f *finder) follow(paths []string, r *cors.Response) []string {
	var links []string
	for _, l := range linksOf(r, f.deployment.Facts) {
		if !slices.Contains(paths, l) && !slices.Contains(links, l) {
			links = append(links, l)
		}
	}
	slices.SortStableFunc(links, func(a, b string) int { return cmp.Compare(tells(a), tells(b)) })
	room := max(followed-max(len(paths)-len(guesses)-len(f.preset.Private)-len(f.preset.Open), 0), 0)
	return append(paths, links[:min(len(links), room)]...)
}

// linksOf are the paths below the target's URL that stand in the fields of a JSON
// object, as in the root of an API that lists its resources.
func linksOf(r *cors.Response, t scenarios.Target) []string {
	var fields map[string]json.RawMessage
	if !readJSON(r, &fields) {
		return nil
	}
	var links []string
	base := ""
	if own, err := url.Parse(t.URL); err == nil {
		base = own.EscapedPath()
	}
	for _, raw := range fields {
		var text string
		if json.Unmarshal(raw, &text) != nil || strings.ContainsAny(text, "{}") {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.User != nil || u.Host == "" && !strings.HasPrefix(text, "/") || u.Host != "" && cors.OriginOf(u) != t.Origin() {
			continue
		}
		rest, ok := strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(base, "/"))
		if ok && len(rest) <= maxPath && checkPath("a link", rest) == nil {
			links = append(links, rest)
		}
	}
	slices.Sort(links)
	return links
}

// sameReply reports whether two paths are answered alike, but for the path itself.
func sameReply(a *cors.Response, pathA string, b *cors.Response, pathB string) bool {
	if b == nil || a.Status != b.Status {
		return false
	}
	without := func(r *cors.Response, path string) string {
		return strings.ReplaceAll(strings.ReplaceAll(r.Body, strings.Trim(path, "/"), ""), "/", "")
	}
	return a.Body == b.Body || without(a, pathA) == without(b, pathB)
}

// isData reports whether a reply is for programs: no page, whatever its type, and no
// plain text.
func isData(r *cors.Response) bool {
	t, _ := r.Headers.Get("Content-Type")
	media, _, err := mime.ParseMediaType(t)
	start := strings.ToLower(strings.TrimSpace(r.Body[:min(len(r.Body), 512)]))
	switch {
	case err != nil || strings.Contains(media, "html") || strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html"):
		return false
	case strings.TrimSpace(r.Body) == "":
		return false
	}
	return slices.ContainsFunc([]string{"json", "xml", "csv", "yaml", "msgpack", "protobuf", "cbor", "parquet"}, func(word string) bool { return strings.Contains(media, word) })
}

// littleSaid are the fields of replies that greet, or tell that an application is
// there, and which.
var littleSaid = words(`
	message msg status ok up alive ready healthy health success hello greeting welcome name title description service app application api
	version versions build commit environment env uptime timestamp time now date detail error docs doc documentation redoc swagger openapi
	url urls link links self`)

// saysLittle tells of the JSON at a path that it is a greeting, a health word, a
// version or, at the root of an API, a list of links: nothing that is anybody's. What
// is at a path that names data is not looked at.
func saysLittle(path string, r *cors.Response) bool {
	var value any
	if r == nil || tells(path) != 2 && namesData(path) || !readJSON(r, &value) {
		return false
	}
	fields, ok := value.(map[string]any)
	if !ok {
		list, ok := value.([]any)
		return !ok || len(list) == 0
	}
	for name, field := range fields {
		known := !slices.ContainsFunc(splitWords(name), func(w string) bool { return !littleSaid[w] })
		switch field := field.(type) {
		case map[string]any, []any:
			return false
		case string:
			link := strings.HasPrefix(field, "/") || strings.HasPrefix(field, "http://") || strings.HasPrefix(field, "https://")
			known = known || link && isRoot(path)
		}
		if !known {
			return false
		}
	}
	return true
}

// isRoot reports whether a path is where an API begins, such as /api/v1.
func isRoot(path string) bool {
	return !slices.ContainsFunc(splitWords(path), func(w string) bool { return w != "api" && w != "v" && w != "rest" })
}

// readJSON reads a reply of JSON, and reports whether it is one.
func readJSON(r *cors.Response, into any) bool {
	data := bytes.TrimPrefix([]byte(r.Body), []byte("\ufeff"))
	return !r.Truncated && bounded.JSON(data, bounded.Limits{Bytes: documentLimit, Depth: maxDepth, Values: 100_000}) == nil &&
		json.Unmarshal(data, into) == nil
}
