package cors

import (
	"slices"
	"strings"
)

// visibleHeaders returns the names of the response headers that a page may read
// after a successful CORS check, in lower case and sorted, as JavaScript
// iterates them (Fetch standard, #concept-filtered-response-cors).
func visibleHeaders(credentials bool, h Headers) []string {
	exposed := exposedNames(h)
	all := !credentials && slices.Contains(exposed, "*")
	return visible(h, func(name string) bool {
		return all || IsSafelistedResponseHeader(name) || slices.Contains(exposed, name)
	})
}

// visible returns the names of the headers that pass the filter and are not
// forbidden to all pages (#forbidden-response-header-name, and in Chrome
// Clear-Site-Data).
func visible(h Headers, filter func(name string) bool) []string {
	var names []string
	for _, name := range h.names() {
		switch name {
		case "set-cookie", "set-cookie2", "clear-site-data":
			continue
		}
		if filter(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// exposedNames reads Access-Control-Expose-Headers. One item that is not a token
// spoils the whole list.
func exposedNames(h Headers) []string {
	names := h.List(HeaderExposeHeaders)
	if !allTokens(names) {
		return nil
	}
	for i, n := range names {
		names[i] = strings.ToLower(n)
	}
	return names
}

// IsSafelistedResponseHeader reports whether every page may read a response header of
// this name (Fetch standard, #cors-safelisted-response-header-name).
func IsSafelistedResponseHeader(name string) bool {
	switch strings.ToLower(name) {
	case "cache-control", "content-language", "content-length", "content-type",
		"expires", "last-modified", "pragma":
		return true
	}
	return false
}
