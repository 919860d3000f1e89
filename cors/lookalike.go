package cors

import (
	"strings"

	"golang.org/x/net/idna"
)

// lookAlikes are Cyrillic letters that look like Latin ones.
var lookAlikes = map[rune]rune{
	'a': 'а', 'c': 'с', 'e': 'е', 'i': 'і', 'j': 'ј', 'o': 'о', 'p': 'р', 's': 'ѕ', 'x': 'х', 'y': 'у',
}

// LookAlike is the origin whose host differs in one letter, which looks the same
// and is Cyrillic, written as browsers send it (an "xn--" label). The letter is in
// the registrable domain, or in the last label where there is none. ok is false
// for an IP literal, and for a label without such a letter or that is encoded
// already.
func (o Origin) LookAlike() (like Origin, ok bool) {
	if _, isIP := o.IP(); isIP || o.IsOpaque() {
		return Opaque, false
	}
	domain := o.RegistrableDomain()
	if domain == "" {
		domain = o.host[strings.LastIndexByte(o.host, '.')+1:]
	}
	before := strings.TrimSuffix(o.host, domain)
	label, after, _ := strings.Cut(domain, ".")
	if strings.HasPrefix(label, "xn--") {
		return Opaque, false
	}
	for i, r := range label {
		other, found := lookAlikes[r]
		if !found {
			continue
		}
		encoded, err := idna.Punycode.ToASCII(label[:i] + string(other) + label[i+1:])
		if err != nil {
			return Opaque, false
		}
		if after != "" {
			encoded += "." + after
		}
		return o.withHost(before + encoded), true
	}
	return Opaque, false
}
