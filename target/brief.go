package target

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// Brief is [Discovery.Summary] for somebody who waits for the verdict: what is examined,
// and how much is left alone. The report has all of the summary.
func (d Discovery) Brief() []string {
	var s []string
	switch {
	case d.Recording != "":
		s = append(s, "Read from a recording of "+d.Recording+".")
	case d.recognised != "" && d.Document != "":
		s = append(s, d.recognised+", with the OpenAPI document "+d.Document+".")
	case d.recognised != "":
		s = append(s, d.recognised+".")
	case d.Document != "":
		s = append(s, "The endpoints are from the OpenAPI document "+d.Document+".")
	default:
		s = append(s, "No OpenAPI document was found; the usual paths were tried.")
	}
	if len(d.Reads) == 0 && d.Recording == "" {
		s = append(s, "No endpoint was found that can be read: name one with `read`.")
	}
	names := func(most int, of []string) string {
		if len(of) <= most+1 {
			return strings.Join(of, ", ")
		}
		return fmt.Sprintf("%s and %d more", strings.Join(of[:most], ", "), len(of)-most)
	}
	var reads, writes, statuses []string
	for _, e := range d.Reads {
		reads = append(reads, readName(e))
	}
	for _, e := range d.Writes {
		writes = append(writes, e.String())
	}
	for _, r := range d.Errors {
		if status := fmt.Sprint(r.Status); !slices.Contains(statuses, status) {
			statuses = append(statuses, status)
		}
	}
	if len(reads) > 0 && d.Recording == "" {
		s = append(s, "Read: "+names(3, reads)+".")
	}
	if len(writes) > 0 && d.Recording == "" {
		s = append(s, "Writes, all withheld from the target: "+names(2, writes)+".")
	}
	if len(statuses) > 0 && d.Recording == "" {
		s = append(s, "Errors provoked: "+strings.Join(statuses, ", ")+".")
	}
	switch n := len(d.Left); n {
	case 0:
	case 1:
		s = append(s, "Left alone: "+d.Left[0].operation+" ("+d.Left[0].why+").")
	default:
		s = append(s, fmt.Sprintf("Left alone: %d endpoints. The report says why.", n))
	}
	return append(s, d.Notes...)
}

// readName is what is read: a path, with its method where that is not GET.
func readName(e scenarios.Endpoint) string {
	if e.Method == http.MethodGet {
		return e.Path
	}
	return e.String()
}
