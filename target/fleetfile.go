package target

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// fleetSchema is the JSON Schema of fleet.yaml, for editors: the keys of crossexam.yaml
// with those of a fleet. The loader checks files against it, and a test holds it to
// [Schema].
//
//go:embed fleet.schema.json
var fleetSchema []byte

// Listed is a target of a fleet.yaml.
type Listed struct {
	Name, Owner string // may be empty
	URL         string // of the API
	// Config is its configuration, a crossexam.yaml in JSON, for [ParseConfig]: secrets
	// have names in it and no values, and relative paths start at the folder of the
	// fleet.yaml.
	Config []byte
	// Hash is of all that decides how the target is examined: the configuration, and what
	// is in the files that it names and that are no secrets.
	Hash string
}

// maxListed is how many targets a fleet has at most.
const maxListed = 200_000

// LoadFleet reads a fleet.yaml, with the files that it names. It is strict: the error is
// [Problems], which say for each entry that is wrong its file, line and column and what
// to write instead. No secret is looked up, and one that is written out is an error: what
// is listed is given to workers, who look it up by its name.
func LoadFleet(path string) ([]Listed, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, Problems{{err: fmt.Errorf("the file of the fleet cannot be read: %w", err)}}
	}
	body, from, err := readYAML(path, data, fleetSchema)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, Problems{{file: path, err: errors.New("the file is empty: write at least 'targets: [https://api.example.com]'")}}
	}
	var file struct {
		Defaults map[string]any `yaml:"defaults"`
		Targets  []any          `yaml:"targets"`
	}
	if err := yaml.NodeToValue(body, &file); err != nil {
		return nil, Problems{yamlProblem(path, err)}
	}
	l := &lister{folder: filepath.Dir(path), from: from, defaults: file.Defaults, seen: map[string]string{}}
	for i, entry := range file.Targets {
		at := fmt.Sprintf("targets[%d]", i)
		switch entry := entry.(type) {
		case string:
			l.text(at, entry)
		case map[string]any:
			l.group(at, entry)
		}
	}
	switch {
	case len(l.problems) > 0:
		return nil, l.problems.orNil()
	case len(l.listed) == 0:
		return nil, l.problem("targets", errors.New("there is no target in the files that are named"))
	}
	return l.listed, nil
}

// A lister makes the list of a fleet's targets.
type lister struct {
	folder   string // of fleet.yaml
	from     *provenance
	defaults map[string]any
	listed   []Listed
	seen     map[string]string // where each is listed
	problems Problems
}

func (l *lister) problem(entry string, err error) Problems {
	return Problems{l.from.problemHere(entry, err)}
}

func (l *lister) fail(entry, format string, args ...any) {
	l.problems = append(l.problems, l.from.problemHere(entry, fmt.Errorf(format, args...)))
}

// text is an entry that is a URL, or names a file.
func (l *lister) text(entry, s string) {
	if isURL(s) {
		l.group(entry, map[string]any{"target": s})
		return
	}
	l.group(entry, map[string]any{"file": s})
}

// group is an entry with keys.
func (l *lister) group(entry string, keys map[string]any) {
	keys = maps.Clone(keys)
	name, owner, file := take(keys, "name"), take(keys, "owner"), take(keys, "file")
	_, isTarget := keys["target"]
	switch {
	case isTarget && file != "":
		l.fail(entry, "write either target or file: a file has the URL in it")
	case !isTarget && file == "":
		l.fail(entry, "it has no URL: write it with `target`, or name a crossexam.yaml with `file`")
	case file != "" && len(keys) > 0:
		l.fail(entry+"."+slices.Sorted(maps.Keys(keys))[0], "a file is examined as it says, and as the defaults do: of this entry it takes `owner` alone")
	case file != "" && name != "":
		l.fail(entry+".name", "a file may be of many targets, and none is called so: leave it out")
	case file != "":
		l.files(entry, file, owner)
	default:
		l.add(listing{at: entry, keys: keys, from: l.from, name: name, owner: owner})
	}
}

func take(keys map[string]any, key string) string {
	s, _ := keys[key].(string)
	delete(keys, key)
	return s
}

// files takes all that a pattern names.
func (l *lister) files(entry, pattern, owner string) {
	names, err := filepath.Glob(within(l.folder, pattern))
	switch {
	case err != nil:
		l.fail(entry, "the pattern %q cannot be read: write * for any characters of a name", pattern)
	case len(names) == 0:
		l.fail(entry, "no file is called %q: the path starts at the folder of this file. A URL begins with http:// or https://", pattern)
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.EqualFold(filepath.Ext(name), ".csv") {
			l.csv(name, owner)
		} else {
			l.file(name, owner)
		}
	}
}

// file takes the target of a crossexam.yaml.
func (l *lister) file(name, owner string) {
	data, err := readFile(name)
	if err != nil {
		l.problems = append(l.problems, &Problem{file: name, err: fmt.Errorf("the file cannot be read: %w", err)})
		return
	}
	body, from, err := readYAML(name, data, Schema)
	var ps Problems
	switch {
	case errors.As(err, &ps):
		l.problems = append(l.problems, ps...)
		return
	case body == nil:
		l.problems = append(l.problems, &Problem{file: name, err: errors.New("the file is empty: write at least 'target: https://api.example.com'")})
		return
	}
	keys := map[string]any{}
	if err := yaml.NodeToValue(body, &keys); err != nil {
		l.problems = append(l.problems, yamlProblem(name, err))
		return
	}
	l.add(listing{keys: keys, from: from, owner: owner})
}

// A listing is a target as it is written.
type listing struct {
	at    string // its entry in fleet.yaml; empty where it comes from another file
	keys  map[string]any
	from  *provenance // of the file that it stands in
	line  int         // of a CSV file
	name  string
	owner string
}

// problem says what is wrong with an entry of the configuration, which stands with the
// target or among the defaults.
func (l *lister) problemOf(t listing, entry string, err error) *Problem {
	first, _, _ := strings.Cut(strings.ReplaceAll(entry, "[", "."), ".")
	if _, own := t.keys[first]; !own {
		if _, ok := l.defaults[first]; ok {
			return l.from.problemHere(join("defaults", entry), err)
		}
	}
	if t.line > 0 {
		return &Problem{file: t.from.file, line: t.line, column: 1, entry: entry, err: err}
	}
	return t.from.problemHere(strings.TrimPrefix(join(t.at, entry), "."), err)
}

// add lists a target, if nothing is wrong with it.
func (l *lister) add(t listing) {
	if len(l.listed) == maxListed {
		l.problems = append(l.problems, &Problem{file: l.from.file, err: fmt.Errorf("there are more than %d targets: make several fleets of them", maxListed)})
	}
	if len(l.listed) >= maxListed || len(l.problems) > 50 {
		return
	}
	keys := merged(l.defaults, t.keys)
	var ps Problems
	fail := func(entry string, err error) { ps = append(ps, l.problemOf(t, entry, err)) }
	checkForFleet(keys, fail)
	// Paths of the defaults start at fleet.yaml already.
	relocate(keys, func(entry, path string) string {
		folder := filepath.Dir(t.from.file)
		if first, _, _ := strings.Cut(entry, "."); t.keys[first] == nil {
			folder = l.folder
		}
		local, err := localTo(l.folder, within(folder, path))
		if err != nil {
			fail(entry, err)
		}
		return local
	})
	config, err := json.Marshal(keys)
	if err != nil {
		fail("", errors.New("it has a value that cannot be used here"))
	}
	if len(ps) == 0 {
		c, err := parseListed(config, "", pretended)
		var wrong Problems
		if errors.As(err, &wrong) {
			for _, p := range wrong {
				fail(p.entry, p.err)
			}
		} else if err == nil && c.URL == "" {
			fail("target", errors.New("it has no URL: write it with `target`"))
		}
	}
	if len(ps) > 0 {
		l.problems = append(l.problems, ps...)
		return
	}
	url, _ := keys["target"].(string)
	listed := Listed{Name: t.name, Owner: t.owner, URL: strings.TrimSuffix(url, "/"), Config: config}
	listed.Hash = l.hash(keys, config)
	where := l.problemOf(t, "target", nil)
	at := fmt.Sprintf("%s:%d", where.file, where.line)
	if first, twice := l.seen[listed.URL+" "+listed.Hash]; twice {
		fail("target", fmt.Errorf("%s is listed with the same configuration at %s: leave one out", listed.URL, first))
		l.problems = append(l.problems, ps...)
		return
	}
	l.seen[listed.URL+" "+listed.Hash] = at
	l.listed = append(l.listed, listed)
}

// merged are the keys of a target over the defaults: of the groups that have nothing to
// do with secrets, key by key.
func merged(defaults, own map[string]any) map[string]any {
	keys := maps.Clone(defaults)
	if keys == nil {
		keys = map[string]any{}
	}
	for key, value := range own {
		group, isGroup := value.(map[string]any)
		over, wasGroup := keys[key].(map[string]any)
		if isGroup && wasGroup && (key == "limits" || key == "policy" || key == "browser") {
			both := maps.Clone(over)
			maps.Copy(both, group)
			value = both
		}
		keys[key] = value
	}
	return keys
}

// hash is of the configuration and of the files in it that are no secrets. One that is
// not here is one of the workers'.
func (l *lister) hash(keys map[string]any, config []byte) string {
	h := sha256.New()
	h.Write(config)
	for _, key := range []string{"openapi", "accepted"} {
		path, _ := keys[key].(string)
		if path == "" || path == noDocument || isURL(path) {
			continue
		}
		data, err := readFile(filepath.Join(l.folder, path))
		if err == nil {
			sum := sha256.Sum256(data)
			fmt.Fprintf(h, "\n%s %x", key, sum)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
