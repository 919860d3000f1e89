package scenarios

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// RefusedAsSuch reports whether the target refused the request and not the victim: not
// for want of a login or of the path, but because something else of the request is not
// as it wants it, such as its method, its parameters or the host name.
func (p Premise) RefusedAsSuch() bool {
	return p.Finding == Missing && p.Victim.Status != 404 && p.Victim.Status != 410
}

// aboutHost are words of a server that does not know the name by which it was asked.
var aboutHost = regexp.MustCompile(`(?i)\b(http_)?host(s|name|names)?\b|\bvhost|\btenants?\b|\bsub-?domains?\b|\b(no such|unknown|unrecognized) (app|site|domain|workspace)\b|\bmisdirected\b|default backend - 404`)

// NamesHost reports whether the target refused because of the host name by which it was
// asked, by what it says: as it has one tenant or site for each name.
func (p Premise) NamesHost() bool {
	if p.Finding != Missing && p.Finding != CredentialRefused && p.Finding != LoginNeeded {
		return false
	}
	return namesHost(p.Victim.Status, p.Victim.Says) && (p.Stranger.Status == 0 || p.Stranger.Says == p.Victim.Says)
}

// sentOn reports whether the target redirects the victim elsewhere than a stranger, whom
// it refuses or sends to a login: as /me leads to /users/42, or a download to its file.
func (p Premise) sentOn() bool {
	if p.Finding != Redirected || p.Victim.Location == "" {
		return false
	}
	return p.Stranger.Status >= 400 && p.Stranger.Status <= 499 || p.Stranger.Location != "" && whereto(p.Stranger.Location) != whereto(p.Victim.Location)
}

// NamesHost is [Premise.NamesHost] for one reply.
func NamesHost(r *cors.Response) bool { return namesHost(r.Status, refusalText(r)) }

// RefusalOf is a refusal in words, with the beginning of what it says.
func RefusalOf(r *cors.Response) string { return replyOf(r).refusal() }

func namesHost(status int, says string) bool {
	return status == 421 || status >= 400 && status < 500 && status != 401 && aboutHost.MatchString(says)
}

// Sentence says in words what was found, such as "GET /api/notebooks: 401 to a
// stranger, 200 with `"title": "Diary"` to the victim (cookie)".
func (p Premise) Sentence() string {
	switch p.Finding {
	case Private:
		return fmt.Sprintf("%s: %s to a stranger, %s to the victim (%s)%s", p.Endpoint, p.Stranger.text(""), p.Victim.text(p.Witness.Excerpt()), p.Credential, p.asked())
	case PrivateByNetwork:
		return fmt.Sprintf("%s: %s to whoever can reach it: private by the victim's place in the network, for no login is asked for%s", p.Endpoint, p.Victim.text(p.Witness.Excerpt()), p.asked())
	case Open:
		if p.Victim.Empty && p.Credential != Anonymous && p.Credential != Network {
			return fmt.Sprintf("%s: %s with nothing in it, with the victim's %s as without: put something there for the test user, or the %s was not accepted", p.Endpoint, p.Victim.text(""), p.Credential.noun(), p.Credential.noun())
		}
		if p.Victim.Says != "" && p.Credential != Anonymous && p.Credential != Network {
			return fmt.Sprintf("%s: %s, an error, with the victim's %s as without: the request may be wrong, or the %s was not accepted", p.Endpoint, p.Victim.refusal(), p.Credential.noun(), p.Credential.noun())
		}
		if p.Credential != Anonymous && p.Credential != Network {
			return fmt.Sprintf("%s: %s with the victim's %s as without, so that it is not private, or the %s was not accepted", p.Endpoint, p.Victim.text(""), p.Credential.noun(), p.Credential.noun())
		}
		return fmt.Sprintf("%s: %s to everybody, so that it is not private", p.Endpoint, p.Victim.text(""))
	case CredentialRefused:
		if p.NamesHost() {
			return fmt.Sprintf("%s: %s to everybody: the target does not know the host name by which it was asked, or has nothing for it", p.Endpoint, p.Victim.refusal())
		}
		if len(p.CookiesRefused) > 0 {
			return fmt.Sprintf("%s: %s to the victim, whose cookie no browser keeps: %s", p.Endpoint, p.Victim.refusal(), strings.Join(p.CookiesRefused, ", "))
		}
		if p.NoCookie {
			return fmt.Sprintf("%s: %s: the victim's login set no cookie; where it answers with a token, the front end sends that, and it is given with `credentials.bearer`", p.Endpoint, p.Victim.refusal())
		}
		if p.Expired {
			return fmt.Sprintf("%s: %s: the victim's cookies have expired, by the Expires or Max-Age that they were given with, so that a browser sends none", p.Endpoint, p.Victim.refusal())
		}
		if p.NoCookieHere {
			return fmt.Sprintf("%s: %s: none of the victim's cookies is for this path and host, by its Path and Domain, so that a browser sends none there", p.Endpoint, p.Victim.refusal())
		}
		if p.Victim.Status == p.Stranger.Status {
			return fmt.Sprintf("%s: the victim's %s was refused: %s, as to a stranger", p.Endpoint, p.Credential.noun(), p.Victim.refusal())
		}
		return fmt.Sprintf("%s: the victim's %s was refused: %s (and %s to a stranger)", p.Endpoint, p.Credential.noun(), p.Victim.refusal(), p.Stranger.text(""))
	case LoginNeeded:
		if p.NamesHost() {
			return fmt.Sprintf("%s: %s: the target does not know the host name by which it was asked, or has nothing for it", p.Endpoint, p.Victim.refusal())
		}
		return fmt.Sprintf("%s: %s: a login is needed, and no credential was given", p.Endpoint, p.Victim.refusal())
	case Ended:
		return fmt.Sprintf("%s: the victim's session ended after one request: the same %s was good once and then refused, as where each reply sets another",
			p.Endpoint, p.Credential.noun())
	case Redirected:
		if p.sentOn() {
			return fmt.Sprintf("%s: %s to the victim, and %s to a stranger: the %s was accepted, and what it opens is there", p.Endpoint, p.Victim.text(""), p.Stranger.text(""), p.Credential.noun())
		}
		return fmt.Sprintf("%s: %s to the victim", p.Endpoint, p.Victim.text(""))
	case Missing:
		if p.NamesHost() {
			return fmt.Sprintf("%s: %s to the victim: the target does not know the host name by which it was asked, or has nothing for it", p.Endpoint, p.Victim.refusal())
		}
		if p.RefusedAsSuch() {
			return fmt.Sprintf("%s: %s to the victim: the target refuses the request as such, whoever makes it", p.Endpoint, p.Victim.refusal())
		}
		if strings.Contains(p.Endpoint, ",/") { // which may be a path all the same
			return fmt.Sprintf("%s: %s to the victim: there is nothing to read; if these are several paths, give each by itself", p.Endpoint, p.Victim.refusal())
		}
		return fmt.Sprintf("%s: %s to the victim: there is nothing to read", p.Endpoint, p.Victim.refusal())
	case Failing:
		if p.Victim.Status < 500 {
			return fmt.Sprintf("%s: the target failed in between: %s to the victim at first, %s to a stranger", p.Endpoint, p.Victim.text(""), p.Stranger.refusal())
		}
		return fmt.Sprintf("%s: %s to the victim: the target fails", p.Endpoint, p.Victim.refusal())
	case Limited:
		if p.Victim.Status == 503 {
			return fmt.Sprintf("%s: %s to the victim, each time it was asked for", p.Endpoint, p.Victim.refusal())
		}
		return fmt.Sprintf("%s: %s to the victim: a limiter answered in the target's place", p.Endpoint, p.Victim.refusal())
	case SecretInURL:
		return fmt.Sprintf("%s: a credential in the URL opens it, without which the target refuses: a page of an attacker does not know it, and cannot ask for this", p.Endpoint)
	case Unsteady:
		if p.Victim.Empty {
			return fmt.Sprintf("%s: %s with nothing in it, by which a private reply could be known: put something there for the test user", p.Endpoint, p.Victim.text(""))
		}
		return fmt.Sprintf("%s: its replies differ each time by themselves, or a stranger's has all that the victim's has, so that nothing shows which one is private", p.Endpoint)
	case Alike:
		return fmt.Sprintf("%s: %s, as at every path, also one that nothing can know, so that nothing private is seen there", p.Endpoint, p.Victim.text(""))
	case NoData:
		return fmt.Sprintf("%s: %s, which is a page, a greeting or a word on health, and no private data", p.Endpoint, p.Victim.text(""))
	}
	return fmt.Sprintf("%s: the target did not answer", p.Endpoint)
}

// asked says with which Origin the replies were asked for, where one was needed, and where
// the target redirects from.
func (p Premise) asked() string {
	var how string
	if p.Origin != "" {
		how = fmt.Sprintf("; asked for with the Origin %s, for the target refuses requests without one", p.Origin)
	}
	if p.From != "" {
		how += fmt.Sprintf("; examined in the place of %s, from where the target redirects there", p.From)
	}
	return how
}

func (r Reply) text(with string) string {
	switch {
	case r.Status == 0:
		return "no answer"
	case r.Location != "":
		return fmt.Sprintf("%d, a redirect to %s", r.Status, whereto(r.Location))
	case with != "":
		return fmt.Sprintf("%d with %s", r.Status, with)
	}
	return fmt.Sprint(r.Status)
}

// refusal is the reply with what it says to people.
func (r Reply) refusal() string {
	if r.Says == "" {
		return r.text("")
	}
	return fmt.Sprintf("%s (`%s`%s)", r.text(""), r.Says, r.gateway())
}

// whereto names where a redirect leads, without the query, which may have secrets in
// it.
func whereto(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return "somewhere"
	}
	return quote((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}

// Excerpt is the witness in a sentence, or empty where the status is all there is.
func (w Witness) Excerpt() string {
	const limit = 60
	if len(w.Parts) == 0 {
		return ""
	}
	r := []rune(strings.ReplaceAll(w.Parts[0], "`", "'"))
	if len(r) > limit {
		return "`" + string(r[:limit]) + "…`"
	}
	return "`" + string(r) + "`"
}

var (
	titleOfPage = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	markup      = regexp.MustCompile(`(?is)<(script|style)\b.*?</(script|style)>|<[^>]*>`)
)

// refusalText is the beginning of what a refusal says to people, without markup: it often
// names what the target misses. A success that is an error by its body (GraphQL, JSON-RPC)
// is one too. It is empty for any other, and for what is no text.
func refusalText(r *cors.Response) string {
	const most, limit = 4096, 80
	if r.Status < 400 && !saysError(r) {
		return ""
	}
	text := strings.ToValidUTF8(r.Body[:min(len(r.Body), most)], "")
	if title := titleOfPage.FindStringSubmatch(text); title != nil && isPage(r) {
		text = title[1]
	}
	words := []rune(Quotable(text))
	if strings.ContainsRune(string(words), 0) {
		return ""
	}
	said := string(words[:min(len(words), limit)])
	if len(words) > limit {
		said += "…" // by which whoever redacts it knows that half a secret may stand before
	}
	return said
}

// saysError reports whether a reply is a JSON object that says what went wrong, under error
// or errors.
func saysError(r *cors.Response) bool {
	var said struct {
		Error  any `json:"error"`
		Errors any `json:"errors"`
	}
	if r.Truncated || json.Unmarshal([]byte(r.Body), &said) != nil {
		return false
	}
	return !holdsNothing(said.Error) || !holdsNothing(said.Errors)
}

// Quotable is a text of a target's as it stands between backquotes in a sentence: without
// tags, and with one blank for many. Whoever looks for a secret there looks for what this
// makes of it.
func Quotable(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(markup.ReplaceAllString(text, " ")), " "), "`", "'")
}
