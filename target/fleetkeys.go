package target

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// checkForFleet refuses what may not be in the configuration of a fleet's target: what
// would have a worker run a program of whoever wrote it, and secrets that are written
// out, which would be in every message.
func checkForFleet(keys map[string]any, fail func(entry string, err error)) {
	for _, key := range []string{"launch", "startup_log"} {
		if _, has := keys[key]; has {
			fail(key, errors.New("a fleet examines what runs already, and its workers start no program and read no log: leave it out"))
		}
	}
	if browser, _ := keys["browser"].(map[string]any); browser["path"] != nil {
		fail("browser.path", errors.New("the browser of a fleet is the worker's: leave it out, and set CROSSEXAM_BROWSER where the worker runs"))
	}
	credentials, _ := keys["credentials"].(map[string]any)
	one := func(entry string, v any) {
		if s, _ := v.(string); !refers(s) {
			fail("credentials."+entry, errors.New("the secrets of a fleet are named and not written, as they are looked up where a worker runs: write ${NAME} for a variable of its environment, or ${file:PATH}"))
		}
	}
	for _, key := range []string{"basic", "bearer"} {
		if v, has := credentials[key]; has {
			one(key, v)
		}
	}
	cookies, _ := credentials["cookies"].([]any)
	for i, v := range cookies {
		one(fmt.Sprintf("cookies[%d]", i), v)
	}
	for _, key := range []string{"headers", "query"} {
		pairs, _ := credentials[key].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(pairs)) {
			one(key+"."+name, pairs[name])
		}
	}
	if certificate, _ := credentials["client_certificate"].(map[string]any); certificate["password"] != nil {
		one("client_certificate.password", certificate["password"])
	}
	login, _ := credentials["login"].(map[string]any)
	for _, kind := range []string{"form", "json"} {
		if fields, has := login[kind].(map[string]any); has {
			checkLogin("login."+kind, fields, one)
		}
	}
}

// secretField finds the names of fields that hold a secret.
var secretField = regexp.MustCompile(`(?i)pass|pwd|secret|token|key|pin|otp|code`)

// checkLogin has the secrets of a login be named: fields that are called like one, and
// one at least.
func checkLogin(entry string, fields map[string]any, one func(entry string, v any)) {
	named := false
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		s, isText := fields[name].(string)
		switch group, isGroup := fields[name].(map[string]any); {
		case isGroup:
			checkLogin(entry+"."+name, group, one)
			named = true
		case isText && refers(s):
			named = true
		case secretField.MatchString(name):
			one(entry+"."+name, "")
			named = true
		}
	}
	if !named {
		one(entry, "")
	}
}

// refers reports whether a text has a reference to a secret.
func refers(s string) bool {
	for _, m := range reference.FindAllString(s, -1) {
		if m != "$${" {
			return true
		}
	}
	return false
}

// pathKeys are the entries that name a file.
var pathKeys = []string{"openapi", "accepted", "credentials.storage_state", "credentials.client_certificate.file"}

// relocate changes the paths of files in a configuration.
func relocate(keys map[string]any, to func(entry, path string) string) {
	for _, entry := range pathKeys {
		changeAt(keys, strings.Split(entry, "."), func(path string) string {
			if path == "" || entry == "openapi" && (path == noDocument || isURL(path)) {
				return path
			}
			return to(entry, path)
		})
	}
	if credentials, ok := keys["credentials"]; ok {
		keys["credentials"] = changeTexts(credentials, func(s string) string {
			return reference.ReplaceAllStringFunc(s, func(m string) string {
				path, isFile := strings.CutPrefix(strings.TrimSuffix(m, "}"), "${file:")
				if !isFile || path == "" {
					return m
				}
				return "${file:" + to("credentials", path) + "}"
			})
		})
	}
}

// changeAt changes a text that is in groups of keys, which are copied.
func changeAt(keys map[string]any, path []string, to func(string) string) {
	switch v := keys[path[0]].(type) {
	case string:
		if len(path) == 1 {
			keys[path[0]] = to(v)
		}
	case map[string]any:
		if len(path) > 1 {
			v = maps.Clone(v)
			changeAt(v, path[1:], to)
			keys[path[0]] = v
		}
	}
}

// changeTexts is a copy of a value with its texts changed.
func changeTexts(v any, to func(string) string) any {
	switch v := v.(type) {
	case string:
		return to(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = changeTexts(v[i], to)
		}
		return list
	case map[string]any:
		group := make(map[string]any, len(v))
		for key := range v {
			group[key] = changeTexts(v[key], to)
		}
		return group
	}
	return v
}

// withoutFiles leaves out what is in files.
func withoutFiles(keys map[string]any) {
	delete(keys, "accepted")
	if s, _ := keys["openapi"].(string); s != noDocument && !isURL(s) {
		delete(keys, "openapi")
	}
	if credentials, ok := keys["credentials"].(map[string]any); ok {
		credentials = maps.Clone(credentials)
		delete(credentials, "storage_state")
		delete(credentials, "client_certificate")
		keys["credentials"] = credentials
	}
}
