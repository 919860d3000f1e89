package fleetreport

import (
	"io/fs"
	"net/url"
	"strings"
)

// link is the address of the target's report relative to the fleet's page; it is empty
// where there is none, and where what is given leads elsewhere.
func (o Outcome) link() string {
	if !fs.ValidPath(o.Report) || o.Report == "." || strings.ContainsAny(o.Report, "\\:") {
		return ""
	}
	var parts []string
	for _, p := range strings.Split(o.Report, "/") {
		parts = append(parts, url.PathEscape(p))
	}
	return strings.NewReplacer("(", "%28", ")", "%29").Replace(strings.Join(parts, "/"))
}
