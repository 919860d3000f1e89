package main

import (
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/target"
	"github.com/crossexam/crossexam/target/recording"
)

// A hiding writes a text without the secrets that are known, and so that a terminal
// obeys nothing in it.
type hiding func(string) string

// hidingOf hides these secrets, and those that stand in the headers of recorded requests.
func hidingOf(secrets []string, requests ...recording.Request) hiding {
	for _, q := range requests {
		secrets = append(append(secrets, report.SecretsIn(q.Headers)...), report.SecretsIn(q.Answer)...)
	}
	return report.Redactor(engine.Record{}, secrets)
}

// lines hides what is in the lines of a file of YAML, each on its own, so that they stay
// lines. What stands there instead is a word of YAML, which brackets are not.
func (h hiding) lines(file []byte) []byte {
	var b strings.Builder
	for line := range strings.Lines(string(file)) {
		b.WriteString(strings.ReplaceAll(h(line), target.Redacted, strings.Trim(target.Redacted, "[]")))
	}
	return []byte(b.String())
}

// from hides what is in the words of an error, which stays what it is.
func (h hiding) from(err error) error {
	if err == nil {
		return nil
	}
	return hiddenError{h, err}
}

type hiddenError struct {
	hide hiding
	err  error
}

func (e hiddenError) Error() string { return e.hide(e.err.Error()) }
func (e hiddenError) Unwrap() error { return e.err }
