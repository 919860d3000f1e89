package target

import (
	"bytes"
	"encoding/json"
	"mime"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded"
)

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
		known := !slices.ContainsFunc(splitWords(name), func(w string) bool { return !scenarios.TellsOfService(w) })
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
