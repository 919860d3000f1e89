package target

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

const (
	// pageScripts are how many scripts of the front page are read, and scriptBytes how much
	// of each.
	pageScripts = 8
	scriptBytes = 4 << 20
	// pagePaths are how many of the paths that they name are tried, of the first namedPaths.
	pagePaths, namedPaths = 24, 2000
)

// ofPage are paths that the front page's scripts name, where the page is served below the
// API's URL: those that look most like an API's first. The scripts are read, and not run.
func (g *guessing) ofPage() []string {
	if g.root == nil || g.root.Status != 200 || isData(g.root) {
		return nil
	}
	scripts, inline := scriptsOf(g.root.Body, g.deployment.Facts.At("/"))
	limits := g.deployment.Limits
	limits.BodyBytes = scriptBytes
	t, err := g.newTap(limits)
	if err != nil {
		return nil
	}
	defer t.Close()
	texts := []string{inline}
	for _, s := range scripts[:min(len(scripts), pageScripts)] {
		r := g.getBy(t, s.String(), false)
		if r == nil { // one that hangs is enough
			break
		}
		if r.Status == 200 {
			texts = append(texts, r.Body)
		}
	}
	paths := namedIn(texts, g.deployment.Facts)
	return paths[:min(len(paths), pagePaths)]
}

// scriptsOf are the addresses of a page's scripts on its own origin, and the text of those
// within it. The addresses of files of data that the page links to, as a list of files does,
// stand in quotes in that text.
func scriptsOf(page, at string) (addresses []*url.URL, inline string) {
	base, err := url.Parse(at)
	if err != nil {
		return nil, ""
	}
	ours := func(address string) (*url.URL, bool) {
		u, err := base.Parse(address)
		return u, err == nil && address != "" && cors.OriginOf(u) == cors.OriginOf(base)
	}
	var text strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(page))
	for inScript := false; ; {
		switch tokens.Next() {
		case html.ErrorToken: // the end
			return addresses, text.String()
		case html.TextToken:
			if inScript {
				text.Write(tokens.Text())
				text.WriteByte('\n')
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := tokens.Token()
			inScript = t.Data == "script"
			attributes := map[string]string{}
			for _, a := range t.Attr {
				attributes[a.Key] = a.Val
			}
			if u, ok := ours(attributes["href"]); ok && t.Data == "a" && aFileOfData.MatchString(u.Path) {
				fmt.Fprintf(&text, "%q\n", u.EscapedPath())
			}
			if !inScript && t.Data != "link" {
				continue
			}
			address := attributes["src"]
			if rel := attributes["rel"]; t.Data == "link" && (rel == "modulepreload" || rel == "preload" && attributes["as"] == "script") {
				address = attributes["href"]
			}
			if u, ok := ours(address); ok {
				addresses = append(addresses, u)
			}
		default:
			inScript = false
		}
	}
}

// pathInQuotes is a path as scripts write it, whole, in quotes, with nothing that is filled in.
var pathInQuotes = regexp.MustCompile("[\"'`](\\.?/[A-Za-z0-9_~-][A-Za-z0-9_~./-]{1,98})(?:[\"'`]|\\?[A-Za-z0-9_=&-]*[\"'`])")

// anAsset is the end of a path that is a file of the front end's own.
var anAsset = regexp.MustCompile(`(?i)\.(js|mjs|cjs|ts|tsx|jsx|vue|css|scss|less|map|html?|svg|png|jpe?g|gif|webp|ico|woff2?|ttf|eot|wasm|txt|md|mp[34]|webmanifest)$|/manifest\.json$`)

// aFileOfData is the end of a path that is a file with data in it.
var aFileOfData = regexp.MustCompile(`(?i)\.(json|jsonl|csv|xml|ya?ml)$`)

// ofAPI is a word by which a path shows that it is an API's.
var ofAPI = regexp.MustCompile(`(?i)(^|/)(api|rest|rpc|v[0-9]+|graphql|data|stats)(/|$)`)

// namedIn are the paths that texts name, below the target's URL, without what by its name
// is a file: an API's first, then what holds data.
func namedIn(texts []string, t scenarios.Target) []string {
	var paths []string
	seen := map[string]bool{}
	for _, text := range texts {
		for _, m := range pathInQuotes.FindAllStringSubmatch(text, namedPaths) {
			p, ok := below(strings.TrimPrefix(m[1], "."), t)
			if !ok || seen[p] || anAsset.MatchString(p) || path.Clean(p) != strings.TrimSuffix(p, "/") {
				continue
			}
			seen[p] = true
			paths = append(paths, p)
		}
	}
	rank := func(p string) int {
		if ofAPI.MatchString(p) {
			return tells(p)
		}
		return 10 + tells(p)
	}
	slices.SortStableFunc(paths, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return paths
}
