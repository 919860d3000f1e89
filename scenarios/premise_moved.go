package scenarios

import (
	"net/url"
	"strings"
)

// Move is where a target has what was asked for, by its redirect of the victim.
type Move string

const (
	// MovedBySlash says that the path differs by a slash at its end.
	MovedBySlash Move = "slash"
	// MovedToPath says that it is below another path of the target's, such as that of a
	// language.
	MovedToPath Move = "path"
	// MovedToHost says that it is at another host or port.
	MovedToHost Move = "host"
	// MovedOn says that the victim alone is led to another path, as from /me to /users/42.
	MovedOn Move = "on"
)

// Moved is where the target has what a premise is about, by its redirect of the victim. The
// Move is empty where that leads to something else, such as a login.
func (t Target) Moved(p Premise) (Move, *url.URL) {
	_, path, _ := strings.Cut(p.Endpoint, " ")
	at, err := url.Parse(t.At(path))
	if err != nil || p.Finding != Redirected || p.Victim.Location == "" {
		return "", nil
	}
	to, err := at.Parse(p.Victim.Location)
	if err != nil {
		return "", nil
	}
	asked, led := strings.TrimSuffix(at.Path, "/"), strings.TrimSuffix(to.Path, "/")
	same := asked != "" && strings.HasSuffix(led, asked)
	switch {
	case !same && !p.sentOn():
		return "", nil
	case to.Host != at.Host:
		return MovedToHost, to
	case same && led != asked:
		return MovedToPath, to
	case same && to.Path != at.Path:
		return MovedBySlash, to
	case p.sentOn():
		return MovedOn, to
	}
	return "", nil // to itself
}

// Below is the path of an endpoint at a URL of the target's; ok is false where the
// configuration has no path for that, as of another origin.
func (t Target) Below(u *url.URL) (path string, ok bool) {
	base, err := url.Parse(t.URL)
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil {
		return "", false
	}
	path, ok = strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/"))
	return path, ok && strings.HasPrefix(path, "/")
}
