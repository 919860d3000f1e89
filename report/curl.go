package report

import "strings"

// curl is the command line that asks the same by hand; the values of secrets are not in
// it, and stand in it as the report has them.
func (x Exchange) curl() string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(visibleLine(s), "'", `'\''`) + "'" }
	parts := []string{"curl -i"}
	switch x.Request.Method {
	case "GET":
	case "HEAD":
		parts = append(parts, "--head")
	default:
		parts = append(parts, "-X "+quote(x.Request.Method))
	}
	for _, h := range x.Request.Headers {
		if h.decides() || strings.EqualFold(h.Name, "Content-Type") || strings.HasPrefix(strings.ToLower(h.Name), "access-control-request-") {
			parts = append(parts, "-H "+quote(h.Name+": "+h.Value))
		}
	}
	if x.Request.Body != "" {
		parts = append(parts, "--data-raw "+quote(x.Request.Body))
	}
	return strings.Join(append(parts, "--", quote(x.Request.URL)), " ")
}
