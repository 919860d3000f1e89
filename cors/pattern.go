package cors

import (
	"errors"
	"fmt"
	"strings"
)

// A Pattern is a set of https or http origins of one scheme: those whose host has one
// or more labels, or exactly one, before a domain, those of any port, or both.
type Pattern struct {
	scheme string
	host   string // without the wildcard
	port   string // empty for the default one
	// labels is what stands before the host.
	labels  labels
	anyPort bool
}

type labels int

const (
	noLabel   labels = iota
	oneLabel         // ":label."
	anyLabels        // "*."
)

// The wildcards of patterns. In the URL Pattern standard too "*" stands for one label
// or more of a host, and a name after a colon for exactly one.
const (
	anyLabelsText = "*."
	oneLabelText  = ":label."
	anyPortText   = ":*"
)

// IsPattern reports whether a text is meant as a pattern: it has a wildcard in it.
func IsPattern(s string) bool {
	return strings.Contains(s, "*") || strings.Contains(s, "://:")
}

// ParsePattern reads a pattern: an origin as [ParseOrigin] takes it, with "*." before
// its host for one label or more, or ":label." for exactly one, with ":*" in the place
// of the port for any, the default one included, or with both. The domain that stands
// by itself is none of its members. A domain on which anyone can have a name is no
// pattern: every stranger would be trusted.
func ParsePattern(s string) (Pattern, error) {
	fail := func(format string, args ...any) (Pattern, error) {
		return Pattern{}, fmt.Errorf("%q is not a pattern of origins: %w", s, fmt.Errorf(format, args...))
	}
	if s == "*" {
		return fail("it stands for every origin; name the domain, as in https://*.example.com")
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return fail("it must begin with https:// or http://")
	}
	p := Pattern{}
	if rest, p.anyPort = strings.CutSuffix(rest, anyPortText); rest == "*" || rest == "" {
		return fail("it stands for every host; name the domain, as in https://*.example.com")
	}
	switch {
	case strings.HasPrefix(rest, anyLabelsText):
		p.labels, rest = anyLabels, rest[len(anyLabelsText):]
	case strings.HasPrefix(rest, oneLabelText):
		p.labels, rest = oneLabel, rest[len(oneLabelText):]
	case strings.HasPrefix(rest, ":"):
		return fail("write https://:label.example.com for exactly one label before the domain")
	}
	if strings.Contains(rest, "*") {
		return fail("a * stands for whole labels at the beginning of the host, as in https://*.example.com, or for the port, as in https://app.example.com:*")
	}
	o, err := ParseOrigin(scheme + "://" + rest)
	switch _, isIP := o.IP(); {
	case err != nil:
		return Pattern{}, fmt.Errorf("%q is not a pattern of origins: %w", s, errors.Unwrap(err))
	case p.labels != noLabel && isIP:
		return fail("nothing can stand before an address")
	case p.labels != noLabel && o.RegistrableDomain() == "" && !o.IsLoopback():
		return fail("anyone can have a name under %s; name a domain of yours", o.Host())
	case p.labels == noLabel && !p.anyPort:
		return fail("there is no wildcard in it")
	}
	p.scheme, p.host, p.port = o.scheme, o.host, o.port
	return p, nil
}

// String is the pattern as it is written.
func (p Pattern) String() string {
	s := p.scheme + "://" + []string{"", oneLabelText, anyLabelsText}[p.labels] + p.host
	switch {
	case p.anyPort:
		s += anyPortText
	case p.port != "":
		s += ":" + p.port
	}
	return s
}

// MarshalText writes the pattern, so that it reads as text in JSON.
func (p Pattern) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (p *Pattern) UnmarshalText(b []byte) error {
	parsed, err := ParsePattern(string(b))
	*p = parsed
	return err
}

// Matches reports whether an origin is a member.
func (p Pattern) Matches(o Origin) bool {
	if o.scheme != p.scheme || !p.anyPort && o.port != p.port {
		return false
	}
	before, under := strings.CutSuffix(o.host, "."+p.host)
	switch p.labels {
	case noLabel:
		return o.host == p.host
	case oneLabel:
		return under && before != "" && !strings.Contains(before, ".")
	}
	return under && before != "" && !strings.HasPrefix(before, ".") && !strings.Contains(before, "..")
}

// Member is an origin that the pattern matches by its wildcards: with this label before
// the domain, and on port 8443 where any will do.
func (p Pattern) Member(label string) Origin {
	o := Origin{scheme: p.scheme, host: p.host, port: p.port}
	if p.labels != noLabel {
		o.host = label + "." + p.host
	}
	if p.anyPort {
		o.port = "8443"
	}
	return o
}

// Domain is the origin of the domain before which labels may stand; ok is false where
// none may.
func (p Pattern) Domain() (o Origin, ok bool) {
	return Origin{scheme: p.scheme, host: p.host, port: p.port}, p.labels != noLabel
}
