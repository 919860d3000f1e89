package target

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// effects are words of paths and operation ids that end a session or change
// something, even where the method is GET.
var effects = words(`
	logout logoff signout signoff
	delete remove destroy drop purge wipe erase clear flush truncate empty
	reset revoke rotate regenerate invalidate expire refresh
	unsubscribe unregister unlink disconnect deactivate disable cancel terminate close
	restart reboot shutdown stop kill halt abort
	start run execute exec trigger invoke sync reindex rebuild migrate restore
	send resend notify publish approve reject confirm accept decline activate enable
	checkout pay charge refund buy order purchase
	import install uninstall upgrade deploy rollback
`)

// pairs are such words written as two.
var pairs = words("log-out log-off sign-out sign-off opt-out shut-down")

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// effect names the word by which a GET may have an effect, or is empty.
func effect(path, id string) string {
	for _, name := range []string{path, id} {
		last := ""
		for _, w := range splitWords(name) {
			switch {
			case effects[w]:
				return w
			case pairs[last+"-"+w]:
				return last + "-" + w
			}
			last = w
		}
	}
	return ""
}

// logins are words of paths and operation ids that begin or end a session.
var logins = words("login logon logoff logout signin signout signup register auth authenticate authorize oauth token session password")

// splitWords takes a path or an id apart at what is no letter, and where a
// capital follows a small one.
func splitWords(s string) []string {
	var b strings.Builder
	last := ' '
	for _, r := range s {
		switch {
		case !unicode.IsLetter(r):
			b.WriteByte(' ')
		case unicode.IsUpper(r) && unicode.IsLower(last):
			b.WriteByte(' ')
			fallthrough
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		last = r
	}
	return strings.Fields(b.String())
}

// excluded gives the pattern that a path matches, or is empty. * stands for any
// characters, slashes too.
func excluded(path string, patterns []string) string {
	path, _, _ = strings.Cut(path, "?")
	for _, p := range patterns {
		if like(path, p) {
			return p
		}
	}
	return ""
}

// like tells whether a text is as a pattern has it, in which * stands for any
// characters.
func like(text, pattern string) bool {
	e := "(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
	ok, err := regexp.MatchString(e, text)
	return ok && err == nil
}

// whyAlone says why discovery leaves a GET alone, or is empty.
func whyAlone(path, id string, exclude []string) string {
	if p := excluded(path, exclude); p != "" {
		return fmt.Sprintf("excluded by %q", p)
	}
	if w := effect(path, id); w != "" {
		return fmt.Sprintf("its name says %q, so that a GET may have an effect; name it to read it all the same", w)
	}
	return ""
}
