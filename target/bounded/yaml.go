package bounded

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// YAML reports, as an error, that a text is no YAML or is beyond the limits. An
// alias counts as one value: what it stands for is not looked at.
func YAML(data []byte, l Limits) error {
	_, err := documents(data, l)
	return err
}

// documents parses the text, whose size, depth and number of values it bounds
// before (the library's tree has about 200 bytes a value, and a kilobyte where
// they stand in brackets) or while it is parsed.
func documents(data []byte, l Limits) ([]*yaml.Node, error) {
	if len(data) > l.Bytes {
		return nil, l.tooLarge()
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, refuse("it is not UTF-8 text")
	}
	if mayHaveMore(data, l.Values) {
		return nil, l.tooMany()
	}
	deep := false
	limits := loaderlimits.New(loaderlimits.DepthFunc(func(depth int, _ *yaml.DepthContext) error {
		if depth > l.Depth {
			deep = true
			return l.tooDeep()
		}
		return nil
	}))
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(limits))
	if err != nil {
		return nil, err
	}
	var docs []*yaml.Node
	for {
		var n yaml.Node
		err := loader.Load(&n)
		switch {
		case errors.Is(err, io.EOF):
			return docs, nil
		case deep:
			return nil, l.tooDeep()
		case err != nil:
			return nil, notYAML(err, data)
		}
		docs = append(docs, &n)
	}
}

// mayHaveMore reports whether a YAML text may have more than so many values. It
// counts what can begin a token of the library, and what can stand many times in a
// line as often as it costs more than a line.
func mayHaveMore(data []byte, values int) bool {
	n := 0
	last := byte('\n')
	for i, c := range data {
		switch c {
		case '\n', '\r':
			n++
		case 0x85, 0xa8, 0xa9: // which end U+0085, U+2028 and U+2029, line breaks too
			if last == 0xc2 || last == 0x80 {
				n++
			}
		case ',', '[', '{':
			n += 4
		case '-', '?', ':':
			if i+1 == len(data) || isBlank(data[i+1]) {
				n++
			}
		case '!', '&', '*', '%', '"', '\'', '|', '>':
			if isBlank(last) || last == '"' || last == '\'' {
				n += 2
			}
		}
		if n > values {
			return true
		}
		last = c
	}
	return false
}

// isBlank tells of what can stand before and after a token. It takes every part of
// a letter beyond ASCII for one, since there are line breaks among them.
func isBlank(c byte) bool { return c <= ' ' || c >= utf8.RuneSelf }

// notYAML takes the place and the message out of an error of the library.
func notYAML(err error, data []byte) *Error {
	var at *yaml.LoadError
	if !errors.As(err, &at) {
		return refuse("it is not YAML")
	}
	e := refuse("it is not YAML: %s", at.Message)
	e.Line, e.Column = at.Mark.Line, at.Mark.Column
	// What is missing at the end is missing in the last line that has anything.
	text := bytes.TrimRight(data, " \t\r\n")
	if last := 1 + bytes.Count(text, []byte("\n")); e.Line > last {
		e = refuse("it ends too early to be YAML: something is open")
		e.Line, e.Column = last, len(text)-bytes.LastIndexByte(text, '\n')
	}
	return e
}

// fromYAML writes the one document of a YAML text as JSON.
func fromYAML(data []byte, l Limits) ([]byte, error) {
	docs, err := documents(data, l)
	switch {
	case err != nil:
		return nil, err
	case len(docs) != 1:
		return nil, refuse("it has %d YAML documents, where one is wanted", len(docs))
	}
	w := writer{limits: l}
	w.quoter = json.NewEncoder(&w.out)
	w.quoter.SetEscapeHTML(false)
	if err := w.write(docs[0], 0); err != nil {
		return nil, err
	}
	return w.out.Bytes(), nil
}

// A writer writes a tree as JSON, and follows aliases as long as what comes of
// them is within the limits.
type writer struct {
	limits Limits
	out    bytes.Buffer
	quoter *json.Encoder // to out
	values int
}

func (w *writer) write(n *yaml.Node, depth int) error {
	w.values++
	switch {
	case depth > w.limits.Depth: // by an alias, which can be inside of what it stands for
		return w.limits.tooDeep()
	case w.values > w.limits.Values:
		return w.limits.tooMany()
	case w.out.Len() > w.limits.Bytes:
		return w.limits.tooLarge()
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 1 {
			return w.write(n.Content[0], depth)
		}
	case yaml.AliasNode:
		if n.Alias != nil {
			return w.write(n.Alias, depth+1)
		}
	case yaml.SequenceNode:
		return w.list(n, depth)
	case yaml.MappingNode:
		w.out.WriteByte('{')
		if err := w.group(n, map[string]bool{}, depth); err != nil {
			return err
		}
		w.out.WriteByte('}')
		return nil
	case yaml.ScalarNode:
		return w.scalar(n)
	}
	w.out.WriteString("null")
	return nil
}

func (w *writer) list(n *yaml.Node, depth int) error {
	w.out.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.write(item, depth+1); err != nil {
			return err
		}
	}
	w.out.WriteByte(']')
	return nil
}

// group writes the pairs whose keys are not among those written. Those that the
// merge key << brings come after its own, which win
// (https://yaml.org/type/merge.html).
func (w *writer) group(n *yaml.Node, written map[string]bool, depth int) error {
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		w.values++
		switch {
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
			continue
		case key.Kind != yaml.ScalarNode || written[key.Value]:
			continue
		}
		written[key.Value] = true
		if len(written) > 1 {
			w.out.WriteByte(',')
		}
		if err := w.text(key.Value); err != nil {
			return err
		}
		w.out.WriteByte(':')
		if err := w.write(value, depth+1); err != nil {
			return err
		}
	}
	for _, m := range merged {
		if err := w.merge(m, written, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// merge writes the pairs of a group, or of each in a list of groups.
func (w *writer) merge(n *yaml.Node, written map[string]bool, depth int) error {
	w.values++
	switch {
	case depth > w.limits.Depth:
		return w.limits.tooDeep()
	case w.values > w.limits.Values:
		return w.limits.tooMany()
	}
	switch n.Kind {
	case yaml.AliasNode:
		if n.Alias != nil {
			return w.merge(n.Alias, written, depth+1)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if err := w.merge(item, written, depth+1); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		return w.group(n, written, depth)
	}
	return nil
}

func (w *writer) scalar(n *yaml.Node) error {
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		w.out.WriteString("null")
	case tag == "!!bool" && (n.Value == "true" || n.Value == "false"), (tag == "!!int" || tag == "!!float") && json.Valid([]byte(n.Value)):
		w.out.WriteString(n.Value)
	default:
		return w.text(n.Value)
	}
	return nil
}

func (w *writer) text(s string) error {
	return w.quoter.Encode(s)
}
