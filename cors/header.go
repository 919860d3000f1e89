package cors

import (
	"slices"
	"strings"
)

// Header is one header line as it crossed the wire.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Headers is a header list (Fetch standard, #concept-header-list): the lines in
// the order they were sent, duplicates kept.
type Headers []Header

// Values returns the value of each line with this name, in order.
func (h Headers) Values(name string) []string {
	var vs []string
	for _, l := range h {
		if strings.EqualFold(l.Name, name) {
			vs = append(vs, l.Value)
		}
	}
	return vs
}

// Get combines the lines of this name as the Fetch standard does
// (#concept-header-list-get): each without the blanks around it, joined by a
// comma and a blank. ok is false when there is none.
func (h Headers) Get(name string) (value string, ok bool) {
	for _, l := range h {
		switch {
		case !strings.EqualFold(l.Name, name):
		case ok:
			value += ", " + trim(l.Value)
		default:
			value, ok = trim(l.Value), true
		}
	}
	return value, ok
}

// trim drops what HTTP takes for blanks around a value (Fetch standard,
// #concept-header-value-normalize).
func trim(s string) string { return strings.Trim(s, " \t\r\n") }

// names returns each name once, in lower case and in order of appearance. What is
// no token is no header, and ignored by browsers.
func (h Headers) names() []string {
	var names []string
	for _, l := range h {
		if n := strings.ToLower(l.Name); isToken(n) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// Has reports whether there is a line of this name.
func (h Headers) Has(name string) bool {
	return slices.ContainsFunc(h, func(l Header) bool { return strings.EqualFold(l.Name, name) })
}

// List returns the comma-separated items of all lines of this name, blanks
// trimmed and empty items dropped (RFC 9110, section 5.6.1).
func (h Headers) List(name string) []string {
	var items []string
	for _, v := range h.Values(name) {
		for item := range strings.SplitSeq(v, ",") {
			if item = trim(item); item != "" {
				items = append(items, item)
			}
		}
	}
	return items
}

// ListHas reports whether the comma-separated list of this name has the item,
// case-insensitively.
func (h Headers) ListHas(name, item string) bool {
	for _, i := range h.List(name) {
		if strings.EqualFold(i, item) {
			return true
		}
	}
	return false
}

// OriginLine is the header line of a request from an origin; none for an empty one.
func OriginLine(origin string) Headers {
	if origin == "" {
		return nil
	}
	return Headers{{Name: HeaderOrigin, Value: origin}}
}

// MediaType returns the media type of the Content-Type, without its parameters and in lower
// case (MIME Sniffing standard, "essence"); it is empty where there is none.
func (h Headers) MediaType() string {
	value, _ := h.Get("Content-Type")
	value, _, _ = strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(value))
}
