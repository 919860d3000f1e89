package report

import (
	"fmt"
	"reflect"

	"github.com/crossexam/crossexam/engine"
)

const (
	// unsearchable stands in the place of what a target sent where there are more
	// secrets than can be searched for.
	unsearchable = "[left out: there are more secrets than can be searched for]"
	// ellipsis is where the engine's sentences cut off what they quote.
	ellipsis = "…"
)

const (
	// leftOut is the note where pictures had to go.
	leftOut = "The pictures were left out: what was stolen contains a secret of the victim, which cannot be redacted in a picture."
	// tooMany is the note where secrets could not be searched for.
	tooMany = "The target set more cookies than can be searched for: what it sent is left out, since the values of cookies may be in it."
)

// redact takes the secrets out of the report, and caps bodies.
func (r *Report) redact(record engine.Record, secrets []string) {
	x := newRedactor(collect(record, secrets))
	x.seen = map[asked]string{}
	x.value(reflect.ValueOf(r).Elem(), "")
	for _, s := range record.Screens {
		r.Screens = append(r.Screens, x.text(s.Name))
	}
	if x.inLoot(record) {
		r.Screens = []string{}
		if len(record.Screens) > 0 {
			r.Notes = append(r.Notes, leftOut)
		}
	}
	if x.tooMany {
		r.Notes = append(r.Notes, tooMany)
	}
}

// Redactor returns a function that replaces the secrets, and those that the record
// shows, in sentences of this project as [New] does in a report, and makes control
// characters visible.
func Redactor(record engine.Record, secrets []string) func(string) string {
	x := newRedactor(collect(record, secrets))
	return func(s string) string { return Visible(x.words(s)) }
}

// inLoot reports whether what arrived at the collector contains a secret: the
// malicious page shows it, and so does a picture of the page.
func (x redactor) inLoot(record engine.Record) bool {
	for _, c := range record.Results {
		for _, o := range c.Observations {
			if o.Loot != nil && x.body(o.Loot.Excerpt) != cut(o.Loot.Excerpt, bodyLimit) {
				return true
			}
		}
	}
	return false
}

// value redacts whatever can be reached from v, so that a field that is added to
// the report is searched without anybody thinking of it. The tag of a field says
// how: "-" not at all, and the others as the methods of the redactor.
func (x redactor) value(v reflect.Value, how string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(x.as(how, v.String()))
	case reflect.Struct:
		if h, ok := v.Addr().Interface().(*Header); ok {
			h.Value = x.header(h.Name, h.Value, how)
			h.Name = x.headerName(h.Name, how)
			return
		}
		for i := range v.NumField() {
			if tag := v.Type().Field(i).Tag.Get("redact"); tag != "-" {
				x.value(v.Field(i), tag)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			x.value(v.Index(i), how)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			x.value(v.Elem(), how)
		}
	case reflect.Bool, reflect.Int, reflect.Int64:
	default:
		panic(fmt.Sprintf("report: a field of kind %s cannot be searched for secrets", v.Kind()))
	}
}

// as redacts a text as a tag says.
func (x redactor) as(how, s string) string {
	switch how {
	case "":
		return x.text(s)
	case "words":
		return x.words(s)
	case "url":
		return x.url(s)
	case "wire":
		return x.wire(s)
	case "wire-url":
		return x.wireURL(s)
	case "body":
		return x.body(s)
	}
	panic("report: there is no way to redact that is called " + how)
}
