package target

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// provoke finds ways to provoke errors, all with GET, and keeps those that did.
func (f *finder) provoke(usable []candidate, declared map[string][]candidate, doc document) {
	add := func(status int, path string, anonymous bool) {
		f.found.Errors = append(f.found.Errors, scenarios.ErrorRecipe{Status: status, Method: http.MethodGet, Path: path, Anonymous: anonymous})
	}
	f.firstOf(f.secured(doc), func(path string) bool {
		status, ok := f.answers(path, true, http.StatusUnauthorized, http.StatusForbidden)
		if ok {
			add(status, path, true)
		}
		return ok
	})
	f.firstOf(wrongQueries(usable), func(path string) bool {
		status, ok := f.answers(path, !f.verifiable(true), http.StatusUnprocessableEntity, http.StatusBadRequest)
		if ok {
			add(status, path, false)
		}
		return ok
	})
	f.firstOf(f.withoutGET(declared), func(path string) bool {
		status, ok := f.answers(path, !f.verifiable(true), http.StatusMethodNotAllowed)
		if ok {
			add(status, path, false)
		}
		return ok
	})
}

func (f *finder) firstOf(paths []string, try func(string) bool) {
	for _, p := range paths[:min(len(paths), errorTries)] {
		if try(p) {
			return
		}
	}
}

// answers reports whether the target answers with one of the statuses. Without
// requests the first one is believed.
func (f *finder) answers(path string, anonymous bool, statuses ...int) (int, bool) {
	if f.offline {
		return statuses[0], true
	}
	r := f.get(f.deployment.Facts.At(path), anonymous)
	if r == nil || !slices.Contains(statuses, r.Status) {
		return 0, false
	}
	return r.Status, true
}

// secured are the paths of GETs that need a login, whether one was given or not.
func (f *finder) secured(doc document) []string {
	var paths []string
	for _, op := range doc.operations {
		if !op.reads() || !op.secured || op.stream {
			continue
		}
		if at, err := op.fill(f.deployment.Credentials.Headers); err == nil {
			if at, ok := f.below(doc, at); ok && !leaveAlone(at, op.id, f.config.Exclude) {
				paths = append(paths, at)
			}
		}
	}
	return paths
}

// wrongQueries are reads with text where the document wants a number, and says
// what comes of it.
func wrongQueries(reads []candidate) []string {
	var paths []string
	for _, c := range reads {
		if !c.documents(http.StatusUnprocessableEntity) && !c.documents(http.StatusBadRequest) {
			continue
		}
		for _, p := range c.parameters {
			path, query, _ := strings.Cut(c.at, "?")
			if p.in == "query" && p.number && !strings.Contains(query, url.QueryEscape(p.name)+"=") {
				if query != "" {
					query += "&"
				}
				paths = append(paths, path+"?"+query+url.QueryEscape(p.name)+"=crossexam")
			}
		}
	}
	return paths
}

// withoutGET are paths that have no GET, for a 405.
func (f *finder) withoutGET(declared map[string][]candidate) []string {
	var paths []string
	for path, list := range declared {
		reads := slices.ContainsFunc(list, func(c candidate) bool { return c.reads() })
		alone := slices.ContainsFunc(list, func(c candidate) bool { return leaveAlone(path, c.id, f.config.Exclude) })
		if !reads && !alone {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
