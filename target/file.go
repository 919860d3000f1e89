package target

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/crossexam/crossexam/target/bounded"
)

// Schema is the JSON Schema of crossexam.yaml, for editors. The loader checks
// files against it, and a test holds it to [Config].
//
//go:embed crossexam.schema.json
var Schema []byte

// fileLimit bounds what is read of a configuration file or a secret, in bytes.
const fileLimit = 1 << 20

// yamlFile bounds a file of ours. The library that reads them takes time that
// grows with the square of a group's size: a second for what is allowed here.
var yamlFile = bounded.Limits{Bytes: fileLimit, Depth: 32, Values: 40_000}

// LoadConfig reads a crossexam.yaml. It is strict: the error is [Problems], which
// say for each entry that is wrong its file, line and column and what to write
// instead. Secrets are taken from the environment and from files as the entries
// say; relative paths start at the folder of the file.
func LoadConfig(path string) (Config, error) {
	data, err := readFile(path)
	if err != nil {
		return Config{}, Problems{{err: fmt.Errorf("the configuration file cannot be read: %w", err)}}
	}
	return parseConfig(path, data, surroundings{lookup: os.LookupEnv, read: readFile})
}

// readFile reads a file of a sensible size. Its errors name the file.
func readFile(path string) ([]byte, error) { return bounded.ReadFile(path, fileLimit) }

// surroundings are what a configuration file can refer to.
type surroundings struct {
	lookup func(name string) (string, bool)
	read   func(path string) ([]byte, error)
}

func parseConfig(name string, data []byte, s surroundings) (Config, error) {
	body, from, err := readYAML(name, data, Schema)
	if err != nil {
		return Config{}, err
	}
	if body == nil {
		return Config{}, Problems{{file: name, err: errors.New("the file is empty: write at least 'target: https://api.example.com'; 'crossexam init URL' writes a whole file")}}
	}
	var c Config
	if err := yaml.NodeToValue(body, &c, yaml.Strict()); err != nil {
		return Config{}, Problems{yamlProblem(name, err)}
	}
	c.from = from
	c.folder = filepath.Dir(name)
	ps := append(c.Credentials.expand(c.folder, from, s), c.Launch.expand(c.folder, from, s)...)
	c.resolve(c.folder)
	// What can be told without the flags is told now.
	if c.HasTarget() || len(ps) > 0 {
		_, more := c.assemble()
		ps = append(ps, slices.DeleteFunc(more, func(p *Problem) bool {
			return errors.Is(p.err, errNoPassword) // it may come from the environment
		})...)
	}
	if err := ps.orNil(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// readYAML reads the one document of a YAML file, which is as the schema has
// it, and where its entries stand. An empty file has none. The error is [Problems].
func readYAML(name string, data, schema []byte) (ast.Node, *provenance, error) {
	if err := bounded.YAML(data, yamlFile); err != nil {
		p := &Problem{file: name, err: err}
		var at *bounded.Error
		if errors.As(err, &at) {
			p.line, p.column = at.Line, at.Column
		}
		return nil, nil, Problems{p}
	}
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, nil, Problems{yamlProblem(name, err)}
	}
	docs := slices.DeleteFunc(parsed.Docs, func(d *ast.DocumentNode) bool { return d == nil || d.Body == nil })
	switch {
	case len(docs) == 0:
		return nil, nil, nil
	case len(docs) > 1:
		return nil, nil, Problems{{file: name, err: errors.New("the file has more than one document: leave out the line '---' between them")}}
	}
	from := &provenance{file: name, places: map[string]place{}, given: map[string]string{}}
	if p := from.locate(docs[0].Body, ""); p != nil {
		return nil, nil, Problems{p}
	}
	var value any
	if err := yaml.NodeToValue(docs[0].Body, &value); err != nil {
		return nil, nil, Problems{yamlProblem(name, err)}
	}
	if ps := from.validate(schema, value); len(ps) > 0 {
		return nil, nil, ps.orNil()
	}
	return docs[0].Body, from, nil
}

// resolve makes relative paths start at the folder of the file.
func (c *Config) resolve(folder string) {
	paths := []*string{&c.Credentials.StorageState, &c.Accepted, &c.Launch.Directory}
	if c.Credentials.ClientCertificate != nil {
		paths = append(paths, &c.Credentials.ClientCertificate.File)
	}
	if c.StartupLog.File != "-" {
		paths = append(paths, &c.StartupLog.File)
	}
	if c.OpenAPI != noDocument && !isURL(c.OpenAPI) {
		paths = append(paths, &c.OpenAPI)
	}
	for _, p := range paths {
		*p = within(folder, *p)
	}
}

func within(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// yamlProblem takes the place and the message out of an error of the library. Its
// Error shows the lines around, in which a secret may stand.
func yamlProblem(file string, err error) *Problem {
	p := &Problem{file: file, err: errors.New("this is not YAML as a configuration file has it")}
	var y yaml.Error
	if errors.As(err, &y) {
		p.err = errors.New(y.GetMessage())
		if t := y.GetToken(); t != nil && t.Position != nil {
			p.line, p.column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

// locate remembers where each entry stands. What a configuration file needs least
// of YAML, and can go wrong most, is a problem.
func (o *provenance) locate(n ast.Node, entry string) *Problem {
	at := placeOf(n)
	if _, ok := o.places[entry]; !ok {
		o.places[entry] = at
	}
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.SequenceNode:
		for i, item := range n.Values {
			if p := o.locate(item, entry+"["+strconv.Itoa(i)+"]"); p != nil {
				return p
			}
		}
	case *ast.AliasNode, *ast.AnchorNode, *ast.MergeKeyNode, *ast.TagNode:
		return &Problem{file: o.file, line: at.line, column: at.column, entry: entry,
			err: errors.New("anchors, aliases and tags are not read here: write the value itself, and in quotes if it begins with '&', '*' or '!'")}
	}
	for _, pair := range pairs {
		key, ok := pair.Key.(ast.ScalarNode)
		if !ok {
			at := placeOf(pair.Key)
			return &Problem{file: o.file, line: at.line, column: at.column, entry: entry, err: errors.New("this key is not read here: write a plain word")}
		}
		name := join(entry, fmt.Sprint(key.GetValue()))
		if _, scalar := pair.Value.(ast.ScalarNode); !scalar {
			o.places[name] = placeOf(pair.Key)
		}
		if p := o.locate(pair.Value, name); p != nil {
			return p
		}
	}
	return nil
}

func join(entry, key string) string {
	if entry == "" {
		return key
	}
	return entry + "." + key
}

// placeOf is where a node begins. That of a mapping is its first key, where the
// library has the colon.
func placeOf(n ast.Node) place {
	switch m := n.(type) {
	case *ast.MappingValueNode:
		n = m.Key
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			n = m.Values[0].Key
		}
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{1, 1}
	}
	at := n.GetToken().Position
	return place{at.Line, at.Column}
}
