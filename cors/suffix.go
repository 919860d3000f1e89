package cors

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Section is the part of the public-suffix list that names a suffix.
type Section string

// Under a suffix of the ICANN section a registry hands out names; under one of
// the private section a company does, to its customers ("github.io"). An unlisted
// suffix is a private top-level domain, or none at all.
const (
	Unlisted Section = ""
	ICANN    Section = "icann"
	Private  Section = "private"
)

// PublicSuffix is the part of the host under which others can get a name, by the
// public-suffix list ("com", "co.uk", "github.io"), and the section that says so.
// It is empty for an IP literal and an opaque origin, and the last label where no
// section names it. A trailing dot is left out.
func (o Origin) PublicSuffix() (suffix string, in Section) {
	if _, ok := o.IP(); ok || o.IsOpaque() {
		return "", Unlisted
	}
	suffix, icann := publicsuffix.PublicSuffix(strings.TrimSuffix(o.host, "."))
	switch {
	case icann:
		return suffix, ICANN
	case strings.Contains(suffix, "."): // the default rule gives a single label
		return suffix, Private
	}
	return suffix, Unlisted
}
