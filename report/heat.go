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

// A heatKey is what a column is about.
type heatKey struct {
	endpoint   string
	credential scenarios.Credential
}

// heatCells are the gravest of the results at each place.
type heatCells struct {
	keys    []heatKey
	cells   map[heatKey]map[int]heatCell // by the attacker's place among all
	gravest map[heatKey]int
}

// heat draws the map of the results. It is empty where no attacker tried anything.
func (r Report) heat() heatMap {
	attackers := scenarios.Attackers()
	all := r.heatCells(attackers)
	var m heatMap
	var shown []heatKey
	words := func(k heatKey) string {
		var words []string
		for row := range attackers {
			words = append(words, all.cells[k][row].Word)
		}
		return string(k.credential) + "\n" + strings.Join(words, "\n")
	}
	for _, k := range all.keys {
		if i := slices.IndexFunc(shown, func(other heatKey) bool { return words(other) == words(k) }); i >= 0 {
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
		var cells []heatCell
		for _, k := range shown {
			cells = append(cells, all.cells[k][row])
		}
		if slices.ContainsFunc(cells, func(c heatCell) bool { return c.Mark != "" }) {
			m.Rows = append(m.Rows, heatRow{Attacker: string(a), Cells: cells})
		}
	}
	return m
}

// heatCells are those of all results, the columns with the gravest first.
func (r Report) heatCells(attackers []scenarios.Attacker) heatCells {
	all := heatCells{cells: map[heatKey]map[int]heatCell{}, gravest: map[heatKey]int{}}
	for i, c := range r.Results {
		about, _ := scenarios.Find(c.ID)
		row := slices.Index(attackers, about.Attacker)
		if row < 0 || c.Verdict == scenarios.NotApplicable || c.Subject.Endpoint == "" ||
			about.Indirect && (c.Verdict == scenarios.Conforms || c.Verdict == scenarios.Violates && c.Level != scenarios.Must && !c.Exfiltrated) {
			continue
		}
		k := heatKey{c.Subject.Endpoint, c.Subject.Credential}
		if endpointClass(c.Subject) == "errors" {
			k.endpoint = errorReplies
		}
		if all.cells[k] == nil {
			all.cells[k] = map[int]heatCell{}
			all.keys = append(all.keys, k)
		}
		if old, there := all.cells[k][row]; there && r.Results[old.Result].gravity() >= c.gravity() {
			continue
		}
		all.gravest[k] = max(all.gravest[k], c.gravity())
		all.cells[k][row] = heatCell{Mark: mark(c), Word: heatWord(c), Result: i, About: fmt.Sprintf("%s, %s: %s", c.ID, c.Subject, c.Reason)}
	}
	slices.SortStableFunc(all.keys, func(a, b heatKey) int {
		return cmp.Or(all.gravest[b]-all.gravest[a], cmp.Compare(a.endpoint, b.endpoint), cmp.Compare(a.credential, b.credential))
	})
	return all
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
