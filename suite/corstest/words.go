package corstest

import (
	"errors"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/target"
)

// inOptions is a sentence that names options in the place of entries of the
// configuration. What has no option of its own is set with Configure.
func inOptions(sentence string) string {
	return target.InWords(sentence, func(entry string) string {
		return map[string]string{
			"target":              "corstest.At",
			"trusted":             "corstest.Trusted",
			"read":                "corstest.Read",
			"credentials":         "corstest.Cookie, corstest.Basic, corstest.Bearer or corstest.Header",
			"credentials.cookies": "corstest.Cookie",
			"credentials.basic":   "corstest.Basic",
			"credentials.bearer":  "corstest.Bearer",
			"credentials.headers": "corstest.Header",
			"credentials.query":   "corstest.QueryKey",
		}[entry]
	})
}

// worded is an error in the words of the options, and what to do about it, where that is
// not in the error.
type worded struct {
	error
	advice string
}

func (w worded) Error() string {
	s := inOptions(w.error.Error())
	if w.advice != "" {
		s += "; " + w.advice
	}
	return s
}

func (w worded) Unwrap() error { return w.error }

// advised are the diagnoses of a report, each with what to do.
func advised(r report.Report) []string {
	var list []string
	for _, d := range r.Diagnoses {
		s := d.Detail
		if d.Advice != "" {
			s += "; " + d.Advice
		}
		list = append(list, s)
	}
	return list
}

// told is an error in the words of the options. Where a diagnosis says why nothing
// could be judged, it says what to do.
func told(err error, r report.Report) error {
	var f *engine.Fault
	if errors.As(err, &f) && f.Advice == "" && len(r.Diagnoses) > 0 {
		return worded{err, r.Diagnoses[0].Advice}
	}
	return worded{err, ""}
}
