package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

func compiled(schema []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	const name = "schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// validate says what in a file is not as the schema has it.
func (o *provenance) validate(schema []byte, value any) Problems {
	s, err := compiled(schema)
	if err != nil {
		return Problems{{err: fmt.Errorf("the schema of this program is broken: %w", err)}}
	}
	err = s.Validate(value)
	var invalid *jsonschema.ValidationError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &invalid):
		return Problems{{file: o.file, err: err}}
	}
	var ps Problems
	var leaves func(e *jsonschema.ValidationError)
	leaves = func(e *jsonschema.ValidationError) {
		if _, either := e.ErrorKind.(*kind.OneOf); len(e.Causes) > 0 && !either {
			for _, cause := range e.Causes {
				leaves(cause)
			}
			return
		}
		ps = append(ps, o.explain(s, e)...)
	}
	leaves(invalid)
	return ps
}

// explain says one thing that is wrong in the words of somebody who writes the
// file. A value is repeated only where it can be no secret.
func (o *provenance) explain(s *jsonschema.Schema, e *jsonschema.ValidationError) Problems {
	var list *jsonschema.Schema // that the value is in
	if n := len(e.InstanceLocation); n > 0 {
		list = at(s, e.InstanceLocation[:n-1])
	}
	at := at(s, e.InstanceLocation)
	entry := entryOf(e.InstanceLocation)
	one := func(format string, args ...any) Problems {
		text := fmt.Sprintf(format, args...)
		if example := example(at); example != "" {
			text += ", such as " + example
		}
		return Problems{o.problemHere(entry, errors.New(text))}
	}
	secret := strings.Contains("."+entry, ".credentials") || strings.HasPrefix(entry, "launch.env") // in a fleet.yaml they are part of a target
	got := func(v any) string {
		if secret {
			return "this"
		}
		return quoted(v)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var ps Problems
		for _, name := range k.Properties {
			ps = append(ps, o.problemHere(join(entry, name), unknown(name, at)))
		}
		return ps
	case *kind.Type:
		return one("this is %s: write %s", described(k.Got), wanted(k.Want))
	case *kind.Enum:
		return Problems{o.problemHere(entry, fmt.Errorf("%s is none of the words here: write %s", got(k.Got), alternatives(k.Want)))}
	case *kind.Pattern:
		if k.Got == "" {
			return one("this is empty: fill it in or leave it out")
		}
		if at != nil && at.Description == "" && list != nil { // an entry is described with its list
			return Problems{o.problemHere(entry, fmt.Errorf("%s is not written as it should be: %s, such as %s", got(k.Got), description(list), example(list)))}
		}
		return one("%s is not written as it should be: %s", got(k.Got), description(at))
	case *kind.Required:
		return Problems{o.problemHere(entry, fmt.Errorf("%s is missing: %s", strings.Join(k.Missing, " and "), description(property(at, k.Missing[0]))))}
	case *kind.OneOf:
		return Problems{o.problemHere(entry, errors.New("write either form or json, and only one of them"))}
	case *kind.MinLength, *kind.MinItems, *kind.MinProperties:
		return one("this is empty: fill it in or leave it out")
	case *kind.Minimum:
		return one("%s is too small: write %s or more", k.Got.RatString(), k.Want.RatString())
	case *kind.ExclusiveMinimum:
		return one("%s is too small: write more than %s, or leave it out for the default", k.Got.RatString(), k.Want.RatString())
	case *kind.Maximum:
		return one("the value is too large: write %s or less", k.Want.RatString())
	case *kind.InvalidJsonValue:
		return one("this is no value that can be used here")
	}
	return one("this cannot be used here: %s", description(at))
}

// problemHere is a problem with an entry of the file itself, wherever other
// values came from.
func (o *provenance) problemHere(entry string, err error) *Problem {
	p := (&provenance{file: o.file, places: o.places}).problem(entry, err)
	if p.file == "" {
		p.file, p.line, p.column = o.file, 1, 1
	}
	return p
}

// entryOf writes the place of a value as [Problem] does.
func entryOf(location []string) string {
	var b strings.Builder
	for _, part := range location {
		switch _, err := strconv.Atoi(part); {
		case err == nil:
			b.WriteString("[" + part + "]")
		case b.Len() > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// at is the schema of the value at a place, or nil.
func at(s *jsonschema.Schema, location []string) *jsonschema.Schema {
	for _, part := range location {
		if s == nil {
			return nil
		}
		items, isList := s.Items2020, s.Items2020 != nil
		switch {
		case isList:
			s = items
		default:
			s = property(s, part)
		}
	}
	return s
}

func property(s *jsonschema.Schema, name string) *jsonschema.Schema {
	if s == nil {
		return nil
	}
	if p := s.Properties[name]; p != nil {
		return p
	}
	more, _ := s.AdditionalProperties.(*jsonschema.Schema)
	return more
}

func description(s *jsonschema.Schema) string {
	if s == nil || s.Description == "" {
		return "see docs/configuration.md"
	}
	text := strings.TrimSuffix(s.Description, ".")
	if first, _, _ := strings.Cut(text, " "); strings.ToLower(first[1:]) != first[1:] {
		return text // a name, such as PKCS#12 or User-Agent
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// example is what the schema has for one, as YAML can be written on a line.
func example(s *jsonschema.Schema) string {
	if s == nil || len(s.Examples) == 0 {
		return ""
	}
	return quoted(s.Examples[0])
}

// quoted is a value as JSON, which YAML can read.
func quoted(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "this"
	}
	return strings.TrimSpace(b.String())
}

// otherWords are what keys are called by people who have not read of them.
var otherWords = map[string][]string{
	"target":      {"url", "base_url", "uri", "host", "server", "address"},
	"trusted":     {"origins", "origin", "allowed_origins", "trusted_origins", "front_end", "frontend"},
	"read":        {"paths", "path", "urls"},
	"credentials": {"auth", "authentication", "login", "cookie", "cookies", "bearer", "token", "basic"},
}

// unknown is the error about a key that is not known.
func unknown(name string, in *jsonschema.Schema) error {
	var names []string
	if in != nil {
		for n := range in.Properties {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		if distance(name, n) <= 2 || slices.Contains(otherWords[n], strings.ToLower(name)) {
			return fmt.Errorf("there is no such key: did you mean %q?", n)
		}
	}
	return fmt.Errorf("there is no such key: the keys here are %s", strings.Join(names, ", "))
}

func alternatives(list []any) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, " or ")
}

func described(jsonType string) string {
	switch jsonType {
	case "null":
		return "empty"
	case "array":
		return "a list"
	case "object":
		return "a group of keys"
	case "string":
		return "text"
	case "boolean":
		return "true or false"
	}
	return "a number"
}

func wanted(types []string) string {
	var words []string
	for _, t := range types {
		switch t {
		case "string":
			words = append(words, "text, in quotes if it looks like something else")
		case "integer":
			words = append(words, "a whole number")
		default:
			words = append(words, described(t))
		}
	}
	return strings.Join(words, " or ")
}

// distance is how many letters have to be added, dropped or changed to make b of
// a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, last+1, row[j]+1)
		}
	}
	return row[len(b)]
}
