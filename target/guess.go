package target

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
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

// A guessing is the search for reads of which nobody told.
type guessing struct {
	*finder
	paths         []string
	unknown       string         // a path that nothing knows
	nothing       *cors.Response // the reply to it; nil for none
	root          *cors.Response // that to /
	private, open int            // reads found so far
	refused       string         // the first path that asks for a login
}

// guess tries the usual paths, and those that a reply among them links to.
func (f *finder) guess() {
	f.found.Headers = nil
	g := &guessing{finder: f, unknown: "/crossexam-" + strings.ToLower(rand.Text()[:12])}
	g.nothing = f.get(f.deployment.Facts.At(g.unknown), false)
	g.root = f.get(f.deployment.Facts.At("/"), false)
	f.recognise(greeted(g.root))
	for _, p := range slices.Concat(f.preset.Private, f.preset.Open, guesses) {
		if !slices.Contains(g.paths, p) {
			g.paths = append(g.paths, p)
		}
	}
	f.found.Alike = g.nothing
	for i := 0; i < len(g.paths); i++ { // which links lengthen
		path := g.paths[i]
		if reason, why := whyAlone(path, "", f.config.Exclude); why != "" {
			f.left("GET "+path, reason, false, "%s", why)
			continue
		}
		r := g.root
		if path != "/" {
			r = f.get(f.deployment.Facts.At(path), false)
		}
		if r != nil && (g.nothing == nil || r.Status != g.nothing.Status || r.Status < 300 && !sameReply(r, path, g.nothing, g.unknown)) {
			f.found.Alike = nil
		}
		if g.mayBeRead(path, r) {
			g.read(path, r)
		}
	}
	if g.private == 0 && g.refused != "" {
		f.locked(g.refused)
	}
}

// mayBeRead reports whether a reply shows that there is something to read at a path, or
// that there is for whoever has logged in.
func (g *guessing) mayBeRead(path string, r *cors.Response) bool {
	switch {
	case r == nil:
		return false
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		return g.mayBeReadLater(path, r)
	case r.Status < 200 || r.Status > 299:
		return false
	case sameReply(r, path, g.nothing, g.unknown):
		return false // a reply for every path
	case !isData(r):
		g.left("GET "+path, LeftPage, false, noData)
		g.found.FrontPage = g.found.FrontPage || path == "/"
		return false
	}
	g.paths = g.follow(g.paths, r)
	return true
}

// mayBeReadLater takes a refusal: the victim's browser may not have logged in yet.
func (g *guessing) mayBeReadLater(path string, r *cors.Response) bool {
	if g.nothing != nil && g.nothing.Status == r.Status {
		return false // it answers everything like this
	}
	if len(g.deployment.Credentials.headers()) == 0 && len(g.found.Errors) == 0 {
		g.found.Errors = append(g.found.Errors, scenarios.ErrorRecipe{Status: r.Status, Method: http.MethodGet, Path: path, Anonymous: true})
	}
	if r.Status == http.StatusUnauthorized && g.refused == "" {
		g.refused = path
	}
	if g.verifiable(true) {
		g.left("GET "+path, refusal(r.Status), true, "it answered %d; give a credential to read it", r.Status)
		return false
	}
	return true
}

// read adds a read, while there is room for one of its kind.
func (g *guessing) read(path string, r *cors.Response) {
	nothing := !g.hasLogin() && strings.Trim(r.Body, "{}[] \t\r\n") == "" // which a login may have more to say at
	isPrivate := g.finder.private(candidate{at: path}, document{}) && tells(path) != 2 && !saysLittle(path, r) && !nothing
	switch {
	case isPrivate && g.private == cmp.Or(g.config.Examine, privateReads) || !isPrivate && g.open == openReads:
		return
	case isPrivate:
		g.private++
	default:
		g.open++
	}
	g.found.Reads = append(g.found.Reads, scenarios.Endpoint{Method: http.MethodGet, Path: path, Private: isPrivate, Discovered: true})
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
