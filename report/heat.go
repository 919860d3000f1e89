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
	attackers := scenarios.Attackers()
	cells := map[key]map[int]heatCell{}
	gravest := map[key]int{}
	var keys []key
	for i, c := range r.Results {
		about, _ := scenarios.Find(c.ID)
		row := slices.Index(attackers, about.Attacker)
		if row < 0 || c.Verdict == scenarios.NotApplicable || c.Subject.Endpoint == "" ||
			about.Indirect && (c.Verdict == scenarios.Conforms || c.Verdict == scenarios.Violates && c.Level != scenarios.Must && !c.Exfiltrated) {
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
			m.Rows = append(m.Rows, heatRow{Attacker: string(a), Cells: cells})
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
