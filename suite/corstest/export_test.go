package corstest

import "github.com/crossexam/crossexam/attacker"

// WithoutBrowser makes the machine one that has no browser.
func WithoutBrowser() Option {
	return func(o *options) {
		o.findBrowser = func(string) (string, error) { return "", attacker.ErrNoBrowser }
	}
}
