package bounded

import (
	"bytes"
	"encoding/json"
)

// byteOrderMark is what some editors write before UTF-8.
const byteOrderMark = "\ufeff"

// JSON reports, as an error, that a JSON text (RFC 8259) is beyond the limits. What
// is no JSON it does not tell: encoding/json does, before it makes anything of it.
func JSON(data []byte, l Limits) error {
	if len(data) > l.Bytes {
		return l.tooLarge()
	}
	depth, values := 0, 1
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			values++ // the first in it
		case '}', ']':
			depth--
		case ',', ':':
			values++
		}
		switch {
		case depth > l.Depth:
			return l.tooDeep()
		case values > l.Values:
			return l.tooMany()
		}
	}
	return nil
}

// ToJSON gives a document that is JSON or YAML as JSON. What begins with a brace
// or a bracket is JSON, and is never tried as YAML, which costs much more and has
// limits of its own.
func ToJSON(data []byte, ofJSON, ofYAML Limits) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	if text := bytes.TrimLeft(data, " \t\r\n"); len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		if err := JSON(data, ofJSON); err != nil {
			return nil, err
		}
		if !json.Valid(data) {
			return nil, refuse("it is not JSON")
		}
		return data, nil
	}
	return fromYAML(data, ofYAML)
}
