package corstest

import "github.com/crossexam/crossexam/target"

// inOptions is a sentence that names options in the place of entries of the
// configuration. What has no option of its own is set with Configure.
func inOptions(sentence string) string {
	return target.InWords(sentence, func(entry string) string {
		return map[string]string{
			"target":              "corstest.At",
			"trusted":             "corstest.Trusted",
			"read":                "corstest.Read",
			"credentials.cookies": "corstest.Cookie",
			"credentials.basic":   "corstest.Basic",
			"credentials.bearer":  "corstest.Bearer",
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
