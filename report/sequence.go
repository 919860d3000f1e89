package report

import (
	"fmt"
	"strings"
)

// A sequence is the story of an attack as a picture: who sends what to whom, in order.
type sequence struct {
	Title  string
	Lanes  []lane
	Steps  []step
	Height int
}

type lane struct {
	Name string
	X    int
}

// A step is a message from one lane to another.
type step struct {
	Text          string
	Who           string // from whom to whom
	From, To, Mid int    // places on the x axis
	Y             int
	Key           bool // what is wrong: by which the browser allowed it, or why the front end was blocked
	Blocked       bool
	Left          bool // the arrow points to the left
}

const (
	laneWidth   = 160
	sequenceTop = 44
	stepHeight  = 40
)

// sequenceOf tells the story of a result that was attempted in a browser; nil for others.
func sequenceOf(c Result) *sequence {
	a, x := c.Proof.Attempt, c.Proof.deciding()
	if a == nil || x == nil || a.Vector == "probe" {
		return nil
	}
	const victim, page, browser, api, collector = 0, 1, 2, 3, 4
	names := []string{"victim", "malicious page", "browser", "API", "attacker's server"}
	if a.Trusted {
		names = []string{"user", "front end", "browser", "API"}
	}
	s := &sequence{Title: c.ID + ": " + names[page] + " and API"}
	for i, name := range names {
		s.Lanes = append(s.Lanes, lane{Name: name, X: laneWidth/2 + i*laneWidth})
	}
	add := func(from, to int, text string, key, blocked bool) {
		f, t := s.Lanes[from].X, s.Lanes[to].X
		s.Steps = append(s.Steps, step{
			Text: shortened(visibleLine(text), 52), Who: names[from] + " to " + names[to], From: f, To: t, Mid: (f + t) / 2, Y: sequenceTop + 28 + len(s.Steps)*stepHeight,
			Key: key, Blocked: blocked, Left: t < f,
		})
	}
	add(victim, page, "opens "+c.Subject.Origin, false, false)
	add(page, browser, fmt.Sprintf("%s %s", a.Vector, a.Method), false, false)
	with := ""
	if c.Proof.CredentialSent {
		with = ", with the " + string(c.Subject.Credential)
	}
	add(browser, api, x.Request.Method+with, false, false)
	switch {
	case x.Withheld:
		add(api, browser, "withheld by Crossexam", false, false)
	case x.Response == nil:
		add(api, browser, "no answer", false, true)
	default:
		add(api, browser, fmt.Sprintf("%d", x.Response.Status), false, false)
		for _, h := range x.Response.Headers {
			if strings.EqualFold(h.Name, "Access-Control-Allow-Origin") || strings.EqualFold(h.Name, "Access-Control-Allow-Credentials") {
				add(api, browser, strings.TrimPrefix(h.Name, "Access-Control-")+": "+h.Value, true, false)
			}
		}
	}
	switch {
	case c.Proof.Readable:
		add(browser, page, "the reply", false, false)
	case c.Proof.Block != "":
		add(browser, page, "blocked: "+c.Proof.Block, a.Trusted, !a.Trusted)
	}
	if c.Proof.LootBytes > 0 && !a.Trusted {
		add(page, collector, plural(c.Proof.LootBytes, "byte", "bytes"), false, false)
	}
	s.Height = sequenceTop + 20 + len(s.Steps)*stepHeight
	return s
}

// Above is where the words of a step stand.
func (s step) Above() int { return s.Y - 6 }

// Width is that of the picture.
func (s sequence) Width() int { return len(s.Lanes) * laneWidth }

func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
