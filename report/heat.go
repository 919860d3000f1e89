package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// A heat map says which attackers read or change what, and with which credential: a row
// for each kind of attacker, a column for each endpoint and credential.
type heatMap struct {
	Columns []heatColumn
	Rows    []heatRow
	More    int // columns that are not shown
}

// A heatColumn is an endpoint and a credential, with those that decide alike for every
// attacker.
type heatColumn struct {
	Endpoint   string
	Credential scenarios.Credential
	Alike      []string // other endpoints
}

type heatRow struct {
	Attacker string
	Cells    []heatCell
}

// A heatCell is what an attacker came to at an endpoint. The zero value is an attempt that
// was not made.
type heatCell struct {
	Mark   string // see [mark]
	Word   string
	Result int // the place of its evidence among the results
	About  string
}

// attackers are the pages that the heat map tells apart, by the scenarios that play them.
var attackers = []struct {
	name string
	ids  []string
}{
	{"any https:// site", []string{"WLD-001", "WLD-003", "WLD-005", "PRE-003", "ERR-002", "ERR-006", "ALT-001", "ALT-002", "ALT-003", "ALT-004"}},
	{"any http:// site", []string{"WLD-002"}},
	{"a site that begins as yours", []string{"ORG-001", "ORG-002", "ORG-008", "ORG-015", "ORG-017"}},
	{"a site that ends as yours", []string{"ORG-003"}},
	{"a look-alike of your site", []string{"ORG-004", "ORG-005", "ORG-016", "ORG-018"}},
	{"your host, other scheme or port", []string{"ORG-006", "ORG-007"}},
	{"a subdomain or sibling", []string{"ORG-009", "ORG-010", "ORG-011", "CRD-002"}},
	{"a site on shared hosting", []string{"ORG-012"}},
	{"a page on localhost", []string{"ORG-013", "ORG-014"}},
	{"another extension", []string{"ORG-020"}},
	{"a sandboxed frame or file (null)", []string{"NUL-001", "NUL-002", "NUL-003", "NUL-004"}},
	{"a page that comes into the network", []string{"NET-001", "NET-004"}},
}

// lenient are the scenarios of a row that a target may conform to and still let the attacker
// read, and whose advice is about what handed nothing over: only what binds says something
// about a cell.
var lenient = []string{"WLD-005", "ALT-003", "ALT-004"}

// heatColumns is how many columns fit beside the names of the attackers.
const heatColumns = 8

// errorReplies stands for the endpoints at which an error was provoked.
const errorReplies = "error replies"

// heat draws the map of the results. It is empty where no attacker tried anything.
func (r Report) heat() heatMap {
	type key struct {
		endpoint   string
		credential scenarios.Credential
	}
	cells := map[key]map[int]heatCell{}
	gravest := map[key]int{}
	var keys []key
	for i, c := range r.Results {
		row := slices.IndexFunc(attackers, func(a struct {
			name string
			ids  []string
		}) bool {
			return slices.Contains(a.ids, c.ID)
		})
		if row < 0 || c.Verdict == scenarios.NotApplicable || c.Subject.Endpoint == "" ||
			slices.Contains(lenient, c.ID) && (c.Verdict == scenarios.Conforms || c.Verdict == scenarios.Violates && c.Level != scenarios.Must && !c.Exfiltrated) {
			continue
		}
		k := key{c.Subject.Endpoint, c.Subject.Credential}
		if endpointClass(c.Subject) == "errors" {
			k.endpoint = errorReplies
		}
		if cells[k] == nil {
			cells[k] = map[int]heatCell{}
			keys = append(keys, k)
		}
		if old, there := cells[k][row]; there && r.Results[old.Result].gravity() >= c.gravity() {
			continue
		}
		gravest[k] = max(gravest[k], c.gravity())
		cells[k][row] = heatCell{Mark: mark(c), Word: heatWord(c), Result: i, About: fmt.Sprintf("%s, %s: %s", c.ID, c.Subject, c.Reason)}
	}
	slices.SortStableFunc(keys, func(a, b key) int {
		return cmp.Or(gravest[b]-gravest[a], cmp.Compare(a.endpoint, b.endpoint), cmp.Compare(a.credential, b.credential))
	})
	var m heatMap
	var shown []key
	words := func(k key) string {
		var all []string
		for row := range attackers {
			all = append(all, cells[k][row].Word)
		}
		return string(k.credential) + "\n" + strings.Join(all, "\n")
	}
	for _, k := range keys {
		if i := slices.IndexFunc(shown, func(other key) bool { return words(other) == words(k) }); i >= 0 {
			m.Columns[i].Alike = append(m.Columns[i].Alike, k.endpoint)
			continue
		}
		if len(shown) == heatColumns {
			m.More++
			continue
		}
		shown = append(shown, k)
		m.Columns = append(m.Columns, heatColumn{Endpoint: k.endpoint, Credential: k.credential})
	}
	for row, a := range attackers {
		cells := func() (list []heatCell) {
			for _, k := range shown {
				list = append(list, cells[k][row])
			}
			return list
		}()
		if slices.ContainsFunc(cells, func(c heatCell) bool { return c.Mark != "" }) {
			m.Rows = append(m.Rows, heatRow{Attacker: a.name, Cells: cells})
		}
	}
	return m
}

// heatWord is what a cell says.
func heatWord(c Result) string {
	switch {
	case mark(c) == "accepted":
		return "accepted"
	case c.Verdict == scenarios.Violates && c.Exfiltrated:
		return "got data"
	case c.Verdict == scenarios.Violates:
		return "let in"
	case c.Verdict == scenarios.CannotTell:
		return "unknown"
	}
	return "kept out"
}
