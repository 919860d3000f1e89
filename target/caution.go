package target

import (
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// effects are words of paths and operation ids that end a session or change
// something, even where the method is GET. Their plurals and participles are not
// among them: those name what is there (/updates, /blocks, /deleted).
var effects = words(`
	logout logoff signout signoff endsession
	delete del destroy drop purge wipe erase clear flush truncate empty remove
	create insert add update modify rename replace patch put save upload submit
	reset revoke rotate regenerate renew invalidate expire refresh redeem withdraw transfer deposit
	unsubscribe unregister unlink disconnect deactivate disable cancel terminate close archive
	ban unban block unblock mute unmute kick lock unlock suspend promote demote
	restart reboot shutdown poweroff poweron stop kill halt abort pause
	start run execute exec trigger invoke sync reindex rebuild migrate restore
	send resend notify publish approve reject confirm accept decline activate enable
	checkout pay charge refund buy order purchase
	import install uninstall upgrade deploy rollback
	forget expunge evict nuke unset rm killall
	follow unfollow subscribe optin optout upvote downvote unlike join invite dismiss snooze ack acknowledge freeze hide pin
	regen rekey reissue impersonate sudo elevate deauth deauthorize deauthenticate
	change toggle apply merge revert undo redo assign clone duplicate generate recalculate recompute eval
	enqueue dequeue retry requeue dispatch fulfil fulfill consume checkin topup postpone grant capture
	reload crash panic quit quitquitquit exit abortabortabort gc drain cordon failover provision decommission disarm
	mutation
`)

// pairs are such words written as two. What is new below keys is made by asking.
var pairs = words(`
	log-out log-off sign-out sign-off opt-out opt-in shut-down power-off power-on switch-off switch-on turn-off turn-on end-session
	key-new keys-new apikey-new apikeys-new token-new tokens-new secret-new secrets-new credential-new credentials-new code-new codes-new
	new-key new-apikey new-token new-secret new-code
	mark-as mark-all mark-read mark-unread mark-seen mark-done read-all vote-up vote-down switch-user verify-email claim-reward
	set-password set-email set-role set-state set-status set-default set-active set-mode set-value log-me saml-slo
`)

// before and wholly make an effect of another one that is written as one word with
// them (/unarchive, /redeploy, /bulkstop, /flushall).
var (
	before = strings.Fields("un re de auto force bulk mass batch soft hard")
	wholly = strings.Fields("all everything now")
)

// prefixes and suffixes are effects that are found in words written as one
// (/deleteitem, /logoutall, /forcelogout): no other word begins or ends with them.
var (
	prefixes = strings.Fields(`
		logout logoff signout signoff endsession delete destroy remove purge create update reset revoke regenerate invalidate
		unsubscribe unregister deactivate disable terminate shutdown poweroff reboot restart uninstall transfer withdraw
		activate enable cancel rotate unlock`)
	suffixes = strings.Fields("logout logoff delete destroy shutdown poweroff reboot unsubscribe endsession")
	// inflected are the ends that make nouns and participles of verbs; behindD is
	// how nouns begin that make none of a verb in -e, in /deletedocument.
	inflected = words("s n es er ers ed red led ing ring ling ting al als able table lation lations ment ments r rs")
	behindD   = strings.Fields("data dev doc dom dra dir db das day def det disk")
)

// asNouns are effects that are as often nouns, which another noun behind them shows
// (/order/history, /block-list).
var (
	asNouns = words("add block import order refund charge transfer purchase change merge grant capture invite crash")
	behind  = words("on ons history histories log logs list lists stats status policy policies height heights request requests report reports dump dumps")
)

// rpcFields are query parameters that say what a request does.
var rpcFields = words("action act cmd command do func function method op operation operationname query")

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// Effect names the word for which discovery leaves a path alone, since a GET of it may
// have an effect ("logout"), or is empty.
func Effect(path string) string { return effect(path, "") }

// effect names the word by which a GET may have an effect, or is empty. Where the
// id says one and the path names data, the path counts, as the method does.
func effect(path, id string) string {
	at, query, _ := strings.Cut(path, "?")
	at = normalPath(at)
	if w := effectIn(at); w != "" {
		return w
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if rpcFields[strings.ToLower(decoded(name))] {
			if w := effectIn(decoded(strings.ReplaceAll(value, "+", " "))); w != "" {
				return w
			}
		}
	}
	if namesData(at) {
		return ""
	}
	return effectIn(id)
}

// effectIn finds the word in a name, such as a path, or an RPC's "user.deleteAll".
func effectIn(name string) string {
	list := splitWords(name)
	for i, w := range list {
		next := ""
		if i+1 < len(list) {
			next = list[i+1]
		}
		switch {
		case pairs[w+"-"+next]:
			return w + "-" + next
		case effects[w] && (!asNouns[w] || !behind[next]):
			return w
		}
		if e := effectWithin(w); e != "" {
			return e
		}
	}
	return ""
}

// effectWithin finds an effect in a word that is written as one with others.
func effectWithin(word string) string {
	for _, e := range prefixes {
		rest, ok := strings.CutPrefix(word, e)
		participle := strings.HasSuffix(e, "e") && strings.HasPrefix(rest, "d") &&
			!slices.ContainsFunc(behindD, func(noun string) bool { return strings.HasPrefix(rest, noun) })
		if ok && rest != "" && !inflected[rest] && !participle {
			return e
		}
	}
	for _, e := range suffixes {
		if rest, ok := strings.CutSuffix(word, e); ok && rest != "" {
			return e
		}
	}
	for _, b := range before {
		if e, ok := strings.CutPrefix(word, b); ok && effects[e] {
			return e
		}
	}
	for _, b := range wholly {
		if e, ok := strings.CutSuffix(word, b); ok && effects[e] {
			return e
		}
	}
	return ""
}

// normalPath is a path as servers understand it, whatever way it is written:
// decoded as often as it can be, with slashes that lead on and dots taken out. A
// slash at its end stays.
func normalPath(p string) string {
	p = strings.ReplaceAll(decoded(p), `\`, "/")
	if p == "" {
		return p
	}
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// decoded takes out percent-encoding until there is none, which some proxies and
// servers do one after the other. What a byte stands for may be the end of another
// encoding, which is looked for at once: one pass, however deep a document nests them.
// A percent sign that encodes nothing stays.
func decoded(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		out = append(out, s[i])
		for n := len(out); n >= 3 && out[n-3] == '%'; n = len(out) {
			b, err := hex.DecodeString(string(out[n-2:]))
			if err != nil {
				break
			}
			out = append(out[:n-3], b...)
		}
	}
	return string(out)
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
// characters, slashes too. Both are compared as servers understand them, in small
// letters and with or without a slash at the end.
func excluded(path string, patterns []string) string {
	path, _, _ = strings.Cut(path, "?")
	path = strings.ToLower(normalPath(path))
	i := slices.IndexFunc(patterns, func(p string) bool {
		p, _, _ = strings.Cut(p, "?")
		if !strings.HasPrefix(p, "*") {
			p = normalPath(p)
		}
		p = strings.ToLower(p)
		return like(path, p) || like(strings.TrimSuffix(path, "/"), p) || like(path+"/", p)
	})
	if i < 0 {
		return ""
	}
	return patterns[i]
}

// like reports whether a text is as a pattern has it, in which * stands for any
// characters.
func like(text, pattern string) bool {
	e := "(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
	ok, err := regexp.MatchString(e, text)
	return ok && err == nil
}

// leaveAlone reports whether discovery leaves a GET alone.
func leaveAlone(path, id string, exclude []string) bool {
	_, why := whyAlone(path, id, exclude)
	return why != ""
}

// whyAlone says why discovery leaves a GET alone, or is empty.
func whyAlone(path, id string, exclude []string) (LeftReason, string) {
	if p := excluded(path, exclude); p != "" {
		return LeftExcluded, fmt.Sprintf("excluded by %q", p)
	}
	if w := effect(path, id); w != "" {
		return LeftByName, fmt.Sprintf("its name says %q, so that a GET may have an effect; name it to read it all the same", w)
	}
	return "", ""
}
