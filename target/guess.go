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

// seldomGuesses are tried where none of the guesses is private or asks for a login: paths of
// settings and users, and of services that people have on their own machines and networks,
// often without a login.
var seldomGuesses = []string{
	"/settings", "/api/settings", "/account", "/api/account", "/users", "/api/users", "/api/v1/users", "/whoami", "/api/whoami",
	"/flows",                    // Node-RED
	"/_all_dbs",                 // CouchDB
	"/_mapping",                 // Elasticsearch, OpenSearch
	"/varz",                     // NATS
	"/api/v1/targets",           // Prometheus
	"/v1/agent/self",            // Consul
	"/containers/json",          // Docker
	"/json/list",                // a browser's or Node's debugger
	"/debug/vars",               // Go's expvar
	"/actuator/env",             // Spring Boot
	"/system_stats", "/history", // ComfyUI
	"/rest/settings", "/rest/system/status", // n8n; Syncthing
	"/api/v2/app/preferences", // qBittorrent
	"/api/frontend/settings",  // Grafana
	"/System/Info",            // Jellyfin
	"/api/sessions",           // Jupyter
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
	beyond        bool           // beyond the usual paths, which alone tell whether every path is answered alike
	linked        int            // paths among them that replies linked to
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
	more := []func() []string{g.ofPage, g.seldom}
	for i := 0; i < len(g.paths); i++ { // which links lengthen
		g.try(g.paths[i])
		for i == len(g.paths)-1 && len(more) > 0 && g.private == 0 && g.refused == "" {
			g.beyond = true
			for _, p := range more[0]() {
				if !slices.Contains(g.paths, p) {
					g.paths = append(g.paths, p)
				}
			}
			more = more[1:]
		}
	}
	if g.private == 0 && g.refused != "" {
		f.locked(g.refused)
	}
}

// seldom are the paths that are seldom there, where they are worth asking for: below a URL
// without a path, which may be an endpoint's, of a target that says of paths that it does
// not have that they are not found, or something else than of those that it has.
func (g *guessing) seldom() []string {
	if _, below := g.ownPath(); below || g.nothing == nil || g.found.Alike != nil && g.nothing.Status != http.StatusNotFound {
		return nil
	}
	return seldomGuesses
}

// try asks for a path, and adds a read where there is something to read.
func (g *guessing) try(path string) {
	if reason, why := whyAlone(path, "", g.config.Exclude); why != "" {
		g.left("GET "+path, reason, false, "%s", why)
		return
	}
	r := g.root
	if path != "/" {
		r = g.get(g.deployment.Facts.At(path), false)
	}
	if r != nil && !g.beyond && (g.nothing == nil || r.Status != g.nothing.Status || r.Status < 300 && !sameReply(r, path, g.nothing, g.unknown)) {
		g.found.Alike = nil
	}
	if g.mayBeRead(path, r) {
		g.read(path, r)
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
	g.follow(r)
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
	g.found.Alike = nil
	g.found.Reads = append(g.found.Reads, scenarios.Endpoint{Method: http.MethodGet, Path: path, Private: isPrivate, Discovered: true})
}

// noData is why a page is left alone.
const noData = "it answered with a page or a text, not with data; name it to read it"

// follow adds the paths that a reply of JSON links to, what holds data first.
func (g *guessing) follow(r *cors.Response) {
	var links []string
	for _, l := range linksOf(r, g.deployment.Facts) {
		if !slices.Contains(g.paths, l) && !slices.Contains(links, l) {
			links = append(links, l)
		}
	}
	slices.SortStableFunc(links, func(a, b string) int { return cmp.Compare(tells(a), tells(b)) })
	links = links[:min(len(links), followed-g.linked)]
	g.linked += len(links)
	g.paths = append(g.paths, links...)
}

// linksOf are the paths below the target's URL that stand in the fields of a JSON
// object, as in the root of an API that lists its resources.
func linksOf(r *cors.Response, t scenarios.Target) []string {
	var fields map[string]json.RawMessage
	if !readJSON(r, &fields) {
		return nil
	}
	var links []string
	for _, raw := range fields {
		var text string
		if json.Unmarshal(raw, &text) != nil || strings.ContainsAny(text, "{}") {
			continue
		}
		if rest, ok := below(text, t); ok {
			links = append(links, rest)
		}
	}
	slices.Sort(links)
	return links
}

// below is the path of an address that is below the target's URL, relative to it; ok is
// false for any other, and for one that no request may have.
func below(address string, t scenarios.Target) (path string, ok bool) {
	base := ""
	if own, err := url.Parse(t.URL); err == nil {
		base = own.EscapedPath()
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Host == "" && !strings.HasPrefix(address, "/") || u.Host != "" && cors.OriginOf(u) != t.Origin() {
		return "", false
	}
	path, ok = strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(base, "/"))
	return path, ok && len(path) <= maxPath && checkPath("a link", path) == nil
}
