package cors

import (
	"slices"
	"strings"
)

// IsHTTPSOnly reports whether browsers turn http:// into https:// for this host
// before they send anything, because its whole top-level domain is on the HSTS
// preload list, so that no page of an http origin there can exist. Single domains
// on that list, which is long and changes, are not known here.
func (o Origin) IsHTTPSOnly() bool {
	host := strings.TrimSuffix(o.Host(), ".")
	return slices.Contains(preloadedDomains, host[strings.LastIndexByte(host, '.')+1:])
}

// preloadedDomains are top-level domains of the HSTS preload list that anyone can
// register under, and those of Google.
var preloadedDomains = []string{
	"android", "app", "bank", "boo", "channel", "chrome", "dad", "day", "dev", "eat", "esq", "fly", "foo", "gle", "gmail",
	"google", "hangout", "how", "ing", "insurance", "meet", "meme", "mov", "new", "nexus", "page", "phd", "play", "prof",
	"rsvp", "search", "soy", "youtube", "zip",
}

// HasBlockedPort reports whether browsers refuse to load the origin because its
// port belongs to another protocol (Fetch standard, "port blocking").
func (o Origin) HasBlockedPort() bool { return slices.Contains(blockedPorts, o.Port()) }

var blockedPorts = strings.Fields(`
	0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137
	139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720
	1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080`)
