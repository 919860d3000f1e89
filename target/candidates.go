package target

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// A candidate is an operation with the path, below the target's URL, at which it
// can be tried.
type candidate struct {
	operation
	at string
}

// harm ranks writes by how much an attack with one says of what a page could do to
// the victim's data: one that makes a session least, one behind a login most.
func (c candidate) harm() int {
	switch {
	case slices.ContainsFunc(append(splitWords(c.at), splitWords(c.id)...), func(w string) bool { return logins[w] }):
		return 0
	case c.secured:
		return 2
	}
	return 1
}

// namingOrigins are the parameters of the query, which the path has not, that may say whom
// the target grants.
func (c candidate) namingOrigins() []string {
	const most = 16
	_, query, _ := strings.Cut(c.at, "?")
	var names []string
	for _, p := range c.parameters {
		in := strings.HasPrefix(query, url.QueryEscape(p.name)+"=") || strings.Contains(query, "&"+url.QueryEscape(p.name)+"=")
		if p.in == "query" && !in && len(names) < most && scenarios.NamesOrigin(p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

// fromDocument picks what to examine out of a document.
func (f *finder) fromDocument(doc document) {
	f.found.Logins, f.found.Origins = doc.schemes, doc.origins
	f.recognise(recognised(doc))
	var reads []candidate
	writes := map[string]candidate{}
	declared := map[string][]candidate{} // by path
	for _, op := range doc.operations {
		name := op.method + " " + op.path
		at, err := op.fill(f.deployment.Credentials.Headers)
		if err != nil {
			if op.reads() {
				f.left(name, LeftParameters, f.private(candidate{op, op.path}, doc), "%v", err)
			}
			continue
		}
		at, ok := f.below(doc, at)
		if !ok {
			f.left(name, LeftOutside, false, "it is outside of %s", f.deployment.Facts.URL)
			continue
		}
		c := candidate{op, at}
		path, _, _ := strings.Cut(at, "?")
		declared[path] = append(declared[path], c)
		if op.method != http.MethodGet {
			if f.found.Methods == nil {
				f.found.Methods = map[string][]string{}
			}
			f.found.Methods[path] = append(f.found.Methods[path], op.method)
		}
		f.headersOf(op)
		switch {
		case op.reads():
			if reason, why := f.whyNot(c); why != "" {
				f.left(name, reason, f.private(c, doc), "%s", why)
				continue
			}
			reads = append(reads, c)
		case op.method == http.MethodHead || op.method == http.MethodOptions || op.method == http.MethodTrace || op.method == http.MethodConnect:
		case excluded(at, f.config.Exclude) != "":
			f.left(name, LeftExcluded, false, "excluded by %q", excluded(at, f.config.Exclude))
		default:
			if first, ok := writes[op.method]; !ok || c.harm() > first.harm() {
				writes[op.method] = c
			}
		}
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		if c, ok := writes[method]; ok {
			e := scenarios.Endpoint{Method: method, Path: c.at, Private: f.private(c, doc), Discovered: true}
			f.found.Writes = append(f.found.Writes, e)
		}
	}
	slices.Sort(f.found.Headers)
	slices.SortStableFunc(reads, f.worthFirst)
	usable := f.pick(reads, doc)
	f.provoke(usable, declared, doc)
	if missing := f.missingLogin(doc); missing != "" {
		f.note("%s", missing)
	}
}

// worthFirst orders reads by what an attacker would have of them: those that the preset
// names, that need a login, that name data and answer with it, and the shallow ones first.
func (f *finder) worthFirst(a, b candidate) int {
	return cmp.Or(cmp.Compare(f.preset.rank(a.at), f.preset.rank(b.at)), -compareBool(a.secured, b.secured), cmp.Compare(tells(a.at), tells(b.at)), -compareBool(a.json, b.json),
		cmp.Compare(strings.Count(a.at, "/")+strings.Count(a.at, "="), strings.Count(b.at, "/")+strings.Count(b.at, "=")))
}

// recognise has the preset that knows the application act where none is named, and
// says so. One that is named counts.
func (f *finder) recognise(name string) {
	p, ok := presetNamed(name)
	if !ok {
		return
	}
	f.found.preset = p.Name
	switch {
	case f.config.Preset == "":
		f.preset = p
		f.found.recognised, f.found.whereToFix = fmt.Sprintf("This is %s (preset %s)", p.is, p.Name), p.Fix
	case f.config.Preset != p.Name && p.documentTitle != "":
		f.note("This looks like %s, and the preset is %s: the preset %s knows more of it.", p.is, f.config.Preset, p.Name)
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// below gives the path of an operation below the target's URL.
func (f *finder) below(doc document, path string) (string, bool) {
	base := strings.TrimPrefix(f.deployment.Facts.URL, f.deployment.Facts.Origin().String())
	onRoot := strings.HasPrefix(f.found.Document, f.deployment.Facts.Origin().String()) && !strings.HasPrefix(f.found.Document, f.deployment.Facts.URL+"/")
	if !doc.hasServer && !onRoot {
		return path, true
	}
	rest, ok := strings.CutPrefix(doc.prefix+path, base)
	return rest, ok && strings.HasPrefix(rest, "/")
}

// headersOf remembers the request headers that a page needs for an operation.
func (f *finder) headersOf(op operation) {
	add := func(name string) {
		if !slices.ContainsFunc(f.found.Headers, func(h string) bool { return strings.EqualFold(h, name) }) {
			f.found.Headers = append(f.found.Headers, name)
		}
	}
	if op.jsonBody {
		add("Content-Type")
	}
	if op.secured && slices.Contains(f.found.Logins, "bearer") {
		add("Authorization")
	}
	for _, s := range f.found.Logins {
		if name, err := strconv.Unquote(strings.TrimPrefix(s, "header ")); op.secured && err == nil && strings.HasPrefix(s, "header ") {
			add(name)
		}
	}
	for _, p := range op.parameters {
		if p.in == "header" && p.required && !isCredentialHeader(p) {
			add(p.name)
		}
	}
}

// whyNot says why a GET is not to be read, or is empty.
func (f *finder) whyNot(c candidate) (LeftReason, string) {
	switch reason, why := whyAlone(c.at, c.id, f.config.Exclude); {
	case why != "":
		return reason, why
	case c.stream:
		f.found.Streams = append(f.found.Streams, c.at)
		return LeftStream, "it is a stream; name it under event_streams to read it"
	case c.secured && !f.hasLogin() && f.behindLogin:
		return LeftLogin, "it needs a login, and no credential was given"
	case c.secured && !f.hasLogin():
		// One of them stays, so that the verdict is not a pass: nothing of what is
		// behind the login can be judged.
		f.behindLogin = true
	}
	return "", ""
}

func (f *finder) hasLogin() bool { return len(f.deployment.Credentials.kinds()) > 0 }

// missingLogin tells an operator who gave no credential what the API asks for.
func (f *finder) missingLogin(doc document) string {
	if !doc.security || f.hasLogin() {
		return ""
	}
	text := "The document asks for a login (" + strings.Join(doc.schemes, ", ") + ") and no credential was given, so that nothing behind it can be judged: " +
		"give " + howToGive(doc.schemes) + "."
	for _, s := range doc.schemes {
		if name, ok := strings.CutPrefix(s, "query "); ok {
			text += " A key in the query (" + name + ") cannot be given: every page would know the URL."
		}
	}
	return text
}

// private reports whether the reply depends on the victim: the document says so, or
// it says nothing of logins and there is one, or the network gives access; but not
// where the preset knows better.
func (f *finder) private(c candidate, doc document) bool {
	return !f.preset.isOpen(c.at) && f.looksPrivate(c, doc)
}

func (f *finder) looksPrivate(c candidate, doc document) bool {
	return c.secured || !doc.security && f.hasLogin() || slices.Contains(f.deployment.Facts.Credentials, scenarios.Network)
}

// pick tries the candidates and keeps those that answer the victim.
func (f *finder) pick(list []candidate, doc document) []candidate {
	var usable []candidate
	private, open, tried := 0, 0, 0
	most := cmp.Or(f.config.Examine, privateReads)
	mostTries := max(tries, 3*most)
	refused := "" // the first that asks for a login
	for _, c := range list {
		isPrivate := f.private(c, doc)
		name := "GET " + c.at
		beyond := func(format string, first int) {
			f.left(name, LeftBeyond, isPrivate, format, first)
			f.found.beyond = append(f.found.beyond, scenarios.Endpoint{Method: http.MethodGet, Path: c.at, Private: isPrivate, Discovered: true})
		}
		switch {
		case isPrivate && private == most:
			beyond("beyond the first %d private endpoints: asked by header; name it to have it examined in any case", most)
			continue
		case !isPrivate && open == openReads:
			beyond("beyond the first %d open endpoints: asked by header; name it to have it examined in any case", openReads)
			continue
		case tried == mostTries:
			beyond("beyond the first %d that were tried: asked by header; name it to have it examined in any case", mostTries)
			continue
		}
		if f.verifiable(isPrivate) && (!c.secured || f.hasLogin()) {
			tried++
			if r := f.get(f.deployment.Facts.At(c.at), false); r == nil {
				f.left(name, LeftUnanswered, isPrivate, "it did not answer")
				continue
			} else if r.Status < 200 || r.Status > 299 {
				if r.Status == http.StatusUnauthorized && refused == "" {
					refused = c.at
				}
				f.left(name, refusal(r.Status), isPrivate, "it answered %d", r.Status)
				continue
			} else if !c.secured && !isData(r) {
				f.left(name, LeftPage, isPrivate, noData)
				continue
			} else if !c.secured && !f.hasLogin() {
				// It is private by the victim's place in the network alone.
				isPrivate = isPrivate && !saysLittle(c.at, r)
			}
		}
		if isPrivate {
			private++
		} else {
			open++
		}
		usable = append(usable, c)
		f.found.Reads = append(f.found.Reads, scenarios.Endpoint{Method: http.MethodGet, Path: c.at, Private: isPrivate, Discovered: true, Parameters: c.namingOrigins()})
	}
	if private == 0 && refused != "" {
		f.locked(refused)
	}
	return usable
}

// locked has one read stay that asks for a login which nobody gave, where nothing
// private can be read: a run without it would pass for an examination of what is
// behind the login.
func (f *finder) locked(path string) {
	if f.hasLogin() {
		return
	}
	f.found.Reads = append(f.found.Reads, scenarios.Endpoint{Method: http.MethodGet, Path: path, Private: true, Discovered: true})
	f.found.Left = slices.DeleteFunc(f.found.Left, func(l LeftAlone) bool { return l.operation == "GET "+path })
	f.note("%s", cmp.Or(f.preset.login, "The API asks for a login (401 at "+path+") and no credential was given, so that nothing behind it can be judged: give "+anyCredential+"."))
}

const anyCredential = "`credentials.cookies`, `credentials.basic`, `credentials.bearer`, `credentials.headers` or `credentials.query`"

// howToGive says by which entries the credentials of a document's schemes are given.
func howToGive(schemes []string) string {
	var entries []string
	for _, s := range schemes {
		switch in, name, _ := strings.Cut(s, " "); in {
		case "header":
			entries = append(entries, "`credentials.headers` (the header "+name+")")
		case "cookie":
			entries = append(entries, "`credentials.cookies` (the cookie "+name+")")
		case "query":
			entries = append(entries, "`credentials.query` (the key "+name+")")
		case "basic", "bearer":
			entries = append(entries, "`credentials."+in+"`")
		}
	}
	if len(entries) == 0 {
		return anyCredential
	}
	return strings.Join(entries, " or ")
}

// verifiable reports whether a read can be tried before the victim's browser has
// logged in.
func (f *finder) verifiable(private bool) bool {
	return !f.offline && (!private || f.deployment.Credentials.Login == nil)
}
