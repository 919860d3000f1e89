package cors

import "strings"

// Decides reports whether a header line of this name bears on what a browser allows a
// page: those of the CORS protocol, and those with which its grants vary.
func Decides(name string) bool {
	// There may be millions of lines.
	const prefix = "access-control-"
	if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		return true
	}
	switch len(name) {
	case len("vary"), len("origin"), len("location"), len("authorization"):
		return strings.EqualFold(name, "origin") || strings.EqualFold(name, "cookie") || strings.EqualFold(name, "authorization") ||
			strings.EqualFold(name, "vary") || strings.EqualFold(name, "location")
	}
	return false
}

// Bound gives the list where it has at most so many lines and bytes, and else a copy
// with the first lines of it, those that decide before others, and how many it left
// out. A line that has more than a quarter of the bytes is cut, and counts as left out.
func (h Headers) Bound(lines, bytes int) (kept Headers, leftOut int) {
	size := 0
	for _, l := range h {
		size += len(l.Name) + len(l.Value)
	}
	if len(h) <= lines && size <= bytes {
		return h, 0
	}
	longest, keep := bytes/4, make([]bool, len(h))
	for _, deciding := range []bool{true, false} {
		for i, l := range h {
			size := min(len(l.Name)+len(l.Value), longest)
			if lines > 0 && size <= bytes && Decides(l.Name) == deciding {
				keep[i] = true
				lines, bytes = lines-1, bytes-size
			}
		}
	}
	for i, l := range h {
		whole := len(l.Name)+len(l.Value) <= longest
		if !whole || !keep[i] {
			leftOut++
		}
		if keep[i] {
			// Copied, so that nothing holds what was left out.
			name := strings.Clone(l.Name[:min(len(l.Name), longest)])
			kept = append(kept, Header{Name: name, Value: strings.Clone(l.Value[:min(len(l.Value), longest-len(name))])})
		}
	}
	return kept, leftOut
}
