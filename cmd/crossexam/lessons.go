package main

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
)

//go:embed lessons
var lessonFiles embed.FS

var lessonFrame = template.Must(template.ParseFS(lessonFiles, "lessons/frame.html"))

// Host names of the lessons. Browsers take a name below localhost for this machine, and
// its last two labels for the site: evil.localhost is another site than the notebook, and
// blog.notebook.localhost is the same.
const (
	lessonsHost = "lab.notebook.localhost"
	apiHost     = "api.notebook.localhost"
	frontHost   = "app.notebook.localhost"
)

// A credentialChoice is how the victim of a lesson is known.
type credentialChoice struct {
	Name   string `json:"name"`
	Label  string `json:"label"`
	Says   string `json:"says"`
	Cookie bool   `json:"cookie"`
	Bearer bool   `json:"bearer"`
	// Mode is the credentials mode of the requests: without a credential that browsers
	// add, a page has no reason to ask for more than the least.
	Mode       string `json:"mode"`
	login      fixtures.Login
	attributes string // of the cookie; empty for the policy's
}

func credentialChoices() []credentialChoice {
	return []credentialChoice{
		{Name: "network", Label: "none: a place in the network", Says: "There is no login: whoever reaches the API may read.", Mode: "omit", login: fixtures.NoLogin},
		{Name: "cookie-none", Label: "a cookie, SameSite=None", Says: "Logged in: the browser holds a session cookie with SameSite=None, as a front end on another site needs it.", Cookie: true, Mode: "include", login: fixtures.SessionCookie},
		{Name: "cookie-lax", Label: "a cookie, SameSite=Lax", Says: "Logged in: the browser holds a session cookie with SameSite=Lax.", Cookie: true, Mode: "include", login: fixtures.SessionCookie, attributes: "Path=/; Secure; HttpOnly; SameSite=Lax"},
		{Name: "bearer", Label: "a token that the front end sends", Says: "The front end holds a token and adds it to each request. The browser knows nothing of it.", Bearer: true, Mode: "omit", login: fixtures.BearerToken},
	}
}

// An attackerChoice is where the attacker's page is.
type attackerChoice struct {
	Name   string `json:"name"`
	Label  string `json:"label"`
	Origin string `json:"origin"` // of its requests
	Host   string `json:"host"`   // from where it is loaded
}

func attackerChoices(port string) []attackerChoice {
	at := func(name, host, label string) attackerChoice {
		origin := "http://" + host + ":" + port
		return attackerChoice{Name: name, Label: host + ": " + label, Origin: origin, Host: origin}
	}
	null := at("null", "evil.localhost", "in a sandboxed frame")
	null.Label, null.Origin = "a sandboxed frame: its origin is null", "null"
	return []attackerChoice{
		at("site", "evil.localhost", "another site"),
		at("sibling", "blog.notebook.localhost", "a sibling, same site"),
		at("prefix", "app.notebook.localhost.evil.localhost", "begins like the front end"),
		at("suffix", "evilapp.notebook.localhost", "ends like the front end"),
		at("dot", "appxnotebook.localhost", "another character for a dot"),
		null,
	}
}

// A lesson is a place of the switches, and what it shows.
type lesson struct {
	Title      string `json:"title"`
	Text       string `json:"text"`
	Policy     string `json:"policy"`
	Credential string `json:"credential"`
	Attacker   string `json:"attacker"`
}

func lessonPlan() []lesson {
	echo, star, hardened := fixtures.WildcardEchoAlways().Name, fixtures.WildcardWithoutCredentials().Name, fixtures.Hardened().Name
	return []lesson{
		{"Any page that you open can read what you can reach", "This API has no login: a place in your network is all it asks for. Its policy gives every origin back in Access-Control-Allow-Origin, as many defaults do. The page on the right belongs to somebody else, and it runs in your browser.", echo, "network", "site"},
		{"The browser brings your cookie along", "Now there is a login. The page on the right does not know the password, and it need not: the browser adds the cookie by itself, and Access-Control-Allow-Credentials lets the page read what comes back. A browser that blocks third-party cookies keeps the cookie home here; lesson 4 shows what it does not keep home.", echo, "cookie-none", "site"},
		{"The same attack, and a policy that lists its front end", "One origin is listed, and compared as a whole. The request arrives all the same: the cookie went along, and the API answered. But the two headers are not there, and so the browser keeps the reply from the page. The front end still works.", hardened, "cookie-none", "site"},
		{"SameSite is not a policy for origins", "With SameSite=Lax another site gets no cookie. But a sibling is the same site: a forgotten blog on a subdomain is enough, and the policy of the first lessons hands it everything. No browser blocks that cookie.", echo, "cookie-lax", "sibling"},
		{"A star does not match a cookie", "Access-Control-Allow-Origin: * lets everybody read, but never with credentials: the browser refuses. So the front end is broken too, and the usual mend, to give every origin back, is lesson 2.", star, "cookie-none", "site"},
		{"A star is enough where there is no login", "The same star on an API in your network. Nobody has to send a credential here, so that nothing protects it.", star, "network", "site"},
		{"Almost the right name", "This policy asks whether the host ends like the front end's, and forgets the dot before it. The attacker's host does.", "host-ends-with", "cookie-lax", "suffix"},
		{"A dot is any character", "In a pattern an unescaped dot stands for any character. Somebody registers the name that fits.", "unescaped-dot", "cookie-none", "dot"},
		{"null is nobody, and so it is everybody", "A sandboxed frame has the origin null, and any page can make one. A policy that trusts null, for a file or a mobile app, trusts them all.", fixtures.NullTrusted().Name, "network", "null"},
		{"What the browser does not know it cannot bring along", "The front end sends a token of its own. Even a careless policy hands the attacker no more than a 401, as long as nothing private is without the token.", echo, "bearer", "site"},
		{"Right: a list, compared exactly", "Try all that you have seen on this policy: other credentials, other pages, siblings, null. The front end works, and nobody else reads.", hardened, "cookie-lax", "sibling"},
	}
}

// lessons is the teaching lab: one page on which a victim, an API and an attacker's page
// stand side by side. It serves all of its hosts on one port, and is safe for concurrent
// use.
type lessons struct {
	port  string
	other http.Handler // for what is not part of it

	mu   sync.Mutex
	api  http.Handler
	seen map[string]*seenRun
	runs []string // the keys of seen, the oldest first
}

// A seenRun is what the servers saw of one attack.
type seenRun struct {
	Request          string `json:"request"`
	Origin           string `json:"origin"`
	Cookie           bool   `json:"cookie"`
	Status           int    `json:"status"`
	AllowOrigin      string `json:"allow_origin"`
	AllowCredentials string `json:"allow_credentials"`
	GrantsOrigin     bool   `json:"grants_origin"`
	Why              string `json:"why"`
	Kept             string `json:"kept"` // why the credential may have stayed home
	Loot             string `json:"loot"`
}

const (
	keptRuns  = 50
	lootLimit = 4 << 10
)

func newLessons(port string, other http.Handler) *lessons {
	l := &lessons{port: port, other: other, seen: map[string]*seenRun{}}
	first := lessonPlan()[0]
	// The names are those of this file.
	_ = l.set(first.Policy, first.Credential)
	return l
}

func (l *lessons) origin(host string) string { return "http://" + host + ":" + l.port }

// set starts the API anew.
func (l *lessons) set(policy, credential string) error {
	p, ok := fixtures.PolicyNamed(policy)
	i := slices.IndexFunc(credentialChoices(), func(c credentialChoice) bool { return c.Name == credential })
	if !ok || i < 0 {
		return fmt.Errorf("there is no policy %q or no credential %q", policy, credential)
	}
	c := credentialChoices()[i]
	n := fixtures.Notebook{Policy: p, Login: c.login, Origins: []cors.Origin{cors.MustParseOrigin("https://" + frontHost)}, CookieAttributes: c.attributes, Hosts: []string{apiHost}}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.api = n.Handler()
	return nil
}

func (l *lessons) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	file, isOurs := strings.CutPrefix(r.URL.Path, "/lessons/")
	switch {
	case host == lessonsHost:
		l.serveLab(w, r)
	case host == apiHost:
		l.serveAPI(w, r)
	case !isOurs:
		l.other.ServeHTTP(w, r)
	case file == "frame.js", file == "frame.css":
		serveLessonFile(w, file)
	case file == "front" && host == frontHost:
		l.serveFrame(w, "front", "My notebooks", "Loading…")
	case file == "attack" && host != frontHost:
		l.serveFrame(w, "attack", "You have won a kitten!", "Loading…")
	case file == "loot" && host != frontHost && r.Method == http.MethodPost:
		l.takeLoot(w, r)
	default:
		http.NotFound(w, r)
	}
}

// serveLab serves the page itself. What changes something is taken from that page alone.
func (l *lessons) serveLab(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"connect-src 'self' "+l.origin(apiHost)+"; frame-src http://*.localhost:"+l.port)
	switch r.Method + " " + r.URL.Path {
	case "GET /":
		serveLessonFile(w, "lessons.html")
	case "GET /lessons.css", "GET /lessons.js":
		serveLessonFile(w, path.Base(r.URL.Path))
	case "GET /lessons.json":
		writeJSON(w, l.world())
	case "GET /lessons/seen":
		l.mu.Lock()
		seen := seenRun{Why: "The request did not arrive."}
		if s := l.seen[r.URL.Query().Get("run")]; s != nil {
			seen = *s
		}
		l.mu.Unlock()
		writeJSON(w, seen)
	case "POST /lessons/state":
		if r.Header.Get("Origin") != l.origin(lessonsHost) {
			http.Error(w, "the switches are those of the page", http.StatusForbidden)
			return
		}
		var state struct{ Policy, Credential string }
		if err := json.NewDecoder(io.LimitReader(r.Body, lootLimit)).Decode(&state); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := l.set(state.Policy, state.Credential); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(w, r)
	}
}

// world is what the page has to know.
func (l *lessons) world() any {
	type policy struct {
		Name   string `json:"name"`
		Label  string `json:"label"`
		Breaks string `json:"breaks"`
	}
	var policies []policy
	for _, p := range fixtures.Policies() {
		policies = append(policies, policy{p.Name, p.Name, cmp.Or(p.Breaks, "Nothing is wrong with it: one origin is trusted, and compared as a whole.")})
	}
	return map[string]any{
		"api": l.origin(apiHost), "front": l.origin(frontHost), "policies": policies,
		"credentials": credentialChoices(), "attackers": attackerChoices(l.port), "lessons": lessonPlan(),
	}
}

// serveAPI serves the API, and remembers what a run asked it and what it granted.
func (l *lessons) serveAPI(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	api := l.api
	l.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "POST /lessons/login":
		login := httptest.NewRequest(http.MethodPost, l.origin(apiHost)+fixtures.LoginPath, strings.NewReader(url.Values{fixtures.PasswordField: {fixtures.Password}}.Encode()))
		login.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, login)
		w.Header()["Set-Cookie"] = answer.Header()["Set-Cookie"]
		w.WriteHeader(http.StatusNoContent)
		return
	case "POST /lessons/logout":
		w.Header().Set("Set-Cookie", fixtures.CookieName+"=; Max-Age=0; "+fixtures.DefaultCookieAttributes)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	origin := r.Header.Get(cors.HeaderOrigin)
	s := &deployedWriter{statusWriter: statusWriter{ResponseWriter: w, status: http.StatusOK}}
	deployed := r.Clone(r.Context())
	if host, ok := strings.CutSuffix(origin, ":"+l.port); ok {
		s.seen, s.meant = origin, "https://"+strings.TrimPrefix(host, "http://")
		deployed.Header.Set(cors.HeaderOrigin, s.meant)
	}
	api.ServeHTTP(s, deployed)
	run := r.URL.Query().Get("run")
	if run == "" || r.Method == http.MethodOptions {
		return
	}
	_, err := r.Cookie(fixtures.CookieName)
	l.see(run, func(x *seenRun) {
		x.Request, x.Origin, x.Cookie, x.Status = r.Method+" "+r.URL.Path, origin, err == nil, s.status
		var lines cors.Headers
		for name, values := range w.Header() {
			for _, v := range values {
				lines = append(lines, cors.Header{Name: name, Value: v})
			}
		}
		x.AllowOrigin, _ = lines.Get(cors.HeaderAllowOrigin)
		x.AllowCredentials, _ = lines.Get(cors.HeaderAllowCredentials)
		x.GrantsOrigin = x.AllowOrigin == "*" || x.AllowOrigin == x.Origin
		x.Why = whyOf(cors.Check(origin, r.URL.Query().Get("mode") == "include", lines))
		x.Kept = "Nothing else was needed to keep it home."
		if !x.Cookie {
			x.Kept = "SameSite kept it home, or your browser blocks third-party cookies, or there was none."
		}
	})
}

// A deployedWriter lets the API live where its policies are made for, on https and its
// default port, so that each of them can be shown: to the API the origins of the lessons
// are such ones, and to the browser they are what they are.
type deployedWriter struct {
	statusWriter
	seen, meant string // the origin; empty where there is nothing to change
}

func (w *deployedWriter) WriteHeader(status int) {
	for i, v := range w.Header()[cors.HeaderAllowOrigin] {
		if w.meant != "" && v == w.meant {
			w.Header()[cors.HeaderAllowOrigin][i] = w.seen
		}
	}
	w.statusWriter.WriteHeader(status)
}

func (w *deployedWriter) Write(b []byte) (int, error) { return w.statusWriter.Write(b) }

// whyOf says what the CORS check comes to.
func whyOf(reason cors.Reason) string {
	switch reason {
	case cors.Allowed:
		return "the headers of the reply allow it."
	case cors.MissingAllowOriginHeader:
		return "The reply came, and has no Access-Control-Allow-Origin: the browser keeps it from the page."
	case cors.WildcardOriginNotAllowed:
		return "The reply came, but with credentials the browser takes no * in Access-Control-Allow-Origin."
	case cors.AllowOriginMismatch:
		return "The reply came, and Access-Control-Allow-Origin names another origin: the browser keeps it from the page."
	case cors.InvalidAllowCredentials:
		return "The reply came, but without Access-Control-Allow-Credentials: true, which a request with credentials needs."
	}
	return "The reply came, and the browser keeps it from the page: " + string(reason) + "."
}

// see remembers something of a run.
func (l *lessons) see(run string, what func(*seenRun)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.seen[run]
	if s == nil {
		s = &seenRun{}
		l.seen[run] = s
		if l.runs = append(l.runs, run); len(l.runs) > keptRuns {
			delete(l.seen, l.runs[0])
			l.runs = l.runs[1:]
		}
	}
	what(s)
}

func (l *lessons) takeLoot(w http.ResponseWriter, r *http.Request) {
	loot, err := io.ReadAll(io.LimitReader(r.Body, lootLimit))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	l.see(r.URL.Query().Get("run"), func(x *seenRun) { x.Loot = string(loot) })
	w.WriteHeader(http.StatusNoContent)
}

func (l *lessons) serveFrame(w http.ResponseWriter, role, title, text string) {
	token := ""
	if role == "front" {
		token = fixtures.Token
	}
	var b bytes.Buffer
	if err := lessonFrame.Execute(&b, struct{ Role, Title, Text, API, Lab, Token string }{role, title, text, l.origin(apiHost), l.origin(lessonsHost), token}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // to whoever is still there
}

func serveLessonFile(w http.ResponseWriter, name string) {
	text, err := lessonFiles.ReadFile("lessons/" + name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text) // to whoever is still there
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // to whoever is still there
}
