package fleet

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/fleetreport"
)

// What somebody puts into the buckets that is no result keeps nobody from the others: the
// target is examined again, in its place.
func TestUnreadableResults(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	targets := []Target{numbered(0), numbered(1), numbered(2)}
	for i, text := range []string{"<xml>", `{"schema": "x"}`} {
		if _, err := s.results.Put(until(t), resultKey(targets[i].key(), fleetreport.Sweep), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.dead.Put(until(t), targets[2].key(), []byte("no letter\x1b[31m")); err != nil {
		t.Fatal(err)
	}
	submit := func() {
		t.Helper()
		if n, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil || n.Queued+n.Known != 3 {
			t.Fatalf("%+v, %v", n, err)
		}
	}
	submit()
	if _, err := s.Status(until(t)); err != nil {
		t.Error(err)
	}
	c := newTally()
	working(t, s, &Worker{Stages: c.stages()})
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Known(until(t)); err != nil || len(k.Outcomes) != 3 || len(c.swept) != 3 {
		t.Errorf("%d outcomes, %d swept, %v", len(k.Outcomes), len(c.swept), err)
	}
	// Who waits is told, and does not wait for ever.
	if _, err := s.results.Put(until(t), resultKey(targets[0].key(), fleetreport.Sweep), []byte("[]")); err != nil {
		t.Fatal(err)
	}
	submit()
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
}

// A worker says of a target what it likes. It says nothing of others, and the report of
// its target is written to the folder of that one.
func TestForgedResult(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	one := numbered(1)
	archive, err := packed(fill(t, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.putObject(until(t), "forged", archive); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"report.html", "../report.html", "targets/report.html", "targets/a/report.html"} {
		o := granting(numbered(7))
		o.Grant, o.Name, o.Owner, o.Report = fleetreport.Ungranted, "\x1b[31m", "someone", path
		r := Result{Schema: resultVersion, Outcome: o, Archive: "forged"}
		if _, err := s.results.Put(until(t), resultKey(one.key(), fleetreport.Sweep), encode(r)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Submit(until(t), ProveSuspects, []Target{one}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		k, err := s.Known(until(t))
		if err != nil || len(k.Outcomes) != 1 {
			t.Fatal(len(k.Outcomes), err)
		}
		if o := k.Outcomes[0]; o.Target != one.URL || o.Configuration != one.Configuration || o.Name != "" || o.Owner != "" {
			t.Errorf("%+v", o)
		}
		out := fill(t, "mine.txt", "targets/mine.txt", "targets/a/mine.txt")
		if err := s.WriteReports(until(t), k, out); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"mine.txt", "targets/mine.txt", "targets/a/mine.txt", one.reportPath()} {
			if _, err := os.Stat(filepath.Join(out, name)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// fill is a folder with files.
func fill(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// An item is about what its subject says: else one that is sent as another's would take
// that one's place, and no lease would be of the host that is asked.
func TestForgedItems(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	c := newTally()
	forged := map[string]Item{
		s.subject(fleetreport.Sweep, numbered(1).key()): {Schema: itemVersion, Stage: fleetreport.Sweep, Target: numbered(2)},
		s.subject(fleetreport.Sweep, numbered(3).key()): {Schema: itemVersion, Stage: "a stage", Target: numbered(3)},
		s.subject(fleetreport.Proof, numbered(4).key()): {Schema: itemVersion, Stage: fleetreport.Sweep, Target: numbered(4)},
	}
	for subject, item := range forged {
		if _, err := s.js.Publish(until(t), subject, encode(item)); err != nil {
			t.Fatal(err)
		}
	}
	working(t, s, &Worker{Stages: c.stages()})
	letters, err := watch(until(t), s, s.dead)
	if err != nil {
		t.Fatal(err)
	}
	defer letters.Stop()
	for left := len(forged); left > 0; {
		select {
		case e := <-letters.Updates():
			if e == nil {
				continue
			}
			left--
			if d, err := decode[deadItem](e.Value(), deadVersion); err != nil || !strings.Contains(d.Reason, "the subject of another") {
				t.Errorf("%s: %+v, %v", e.Key(), d, err)
			}
		case <-until(t).Done():
			t.Fatalf("%d are no dead letters", left)
		}
	}
	if len(c.swept)+len(c.proved) > 0 {
		t.Errorf("%v were swept, %v proved", c.swept, c.proved)
	}
}

// Whoever writes a message cannot have a worker ask another host than the one that it
// reserves, nor take its memory.
func TestHostileConfigurations(t *testing.T) {
	var e Examiner
	other := aTarget("http://127.0.0.1:1")
	other.URL = "http://127.0.0.1:2"
	deep := aTarget("http://127.0.0.1:1")
	deep.Config = []byte(`{"target": "http://127.0.0.1:1", "read": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}")
	wide := aTarget("http://127.0.0.1:1")
	wide.Config = []byte(`{"target": "http://127.0.0.1:1", "read": [` + strings.Repeat(`"/a",`, 150_000) + `"/b"]}`)
	for says, target := range map[string]Target{"about http://127.0.0.1:1": other, "deep": deep, "values": wide} {
		for _, stage := range []func(context.Context, Job) (Done, error){e.sweep, e.prove} {
			if _, err := stage(t.Context(), Job{Target: target}); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%q is not in %v", says, err)
			}
		}
	}
}

// A terminal obeys nothing that a status has from others.
func TestStatusOfHostileWorkers(t *testing.T) {
	evil := "\x1b[2J\u202e\u009b31m"
	st := Status{
		Submitted: now(), Targets: 1, Known: 1, Exits: map[int]int{1: 1},
		Dead:    []DeadLetter{{Target: evil, Name: evil, Stage: Stage(evil), Reason: evil, Worker: evil}},
		Workers: []WorkerState{{Worker: evil, Doing: []string{evil}}},
	}
	var text, lines strings.Builder
	st.WriteText(&text)
	if err := report.EncodeJSON(&lines, st); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{text.String(), lines.String()} {
		if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q", s[max(0, i-40):i+10])
		}
	}
}
