package target

import "strings"

// Redacted stands in every output where a secret of the victim was.
const Redacted = "[redacted]"

// hide takes secrets out of a text that a program had a say in.
func hide(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, Redacted)
		}
	}
	return text
}
