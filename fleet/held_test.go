package fleet

import (
	"testing"
	"time"

	"github.com/crossexam/crossexam/report/fleetreport"
)

func TestNext(t *testing.T) {
	at := func(revision uint64, age time.Duration, o fleetreport.Outcome) *stored {
		return &stored{Result: Result{Outcome: o}, revision: revision, created: time.Unix(1e9, 0).Add(-age)}
	}
	some := aTarget("https://a.example.com")
	clean, grants, failed := granting(some), granting(some), granting(some)
	clean.Grant = fleetreport.Ungranted
	failed.Fault, failed.Grant = &fleetreport.Fault{Error: "refused"}, fleetreport.GrantUnknown
	unknown := granting(some)
	unknown.Grant = fleetreport.GrantUnknown
	week := time.Unix(1e9, 0).Add(-7 * 24 * time.Hour)
	const old = 8 * 24 * time.Hour
	for _, c := range []struct {
		name     string
		have     held
		prove    Prove
		before   time.Time
		stage    fleetreport.Stage
		replaces uint64
		done     bool
	}{
		{"nothing is known", held{}, ProveSuspects, time.Time{}, "sweep", 0, false},
		{"nothing is granted", held{at(3, 0, clean), nil}, ProveSuspects, time.Time{}, "", 0, true},
		{"it did not answer", held{at(3, 0, failed), nil}, "100%", time.Time{}, "", 0, true},
		{"a sample of all", held{at(3, 0, clean), nil}, "100%", time.Time{}, "proof", 0, false},
		{"something is granted", held{at(3, 0, grants), nil}, ProveSuspects, time.Time{}, "proof", 0, false},
		{"something was not answered", held{at(3, 0, unknown), nil}, ProveSuspects, time.Time{}, "proof", 0, false},
		{"nothing is proved", held{at(3, 0, grants), nil}, ProveNone, time.Time{}, "", 0, true},
		{"it is proved", held{at(3, 0, grants), at(4, 0, grants)}, ProveSuspects, time.Time{}, "proof", 4, true},
		{"it was swept again", held{at(5, 0, grants), at(4, 0, grants)}, ProveSuspects, time.Time{}, "proof", 4, false},
		{"it is old, which nobody minds", held{at(3, old, grants), at(4, old, grants)}, ProveSuspects, time.Time{}, "proof", 4, true},
		{"it is old", held{at(3, old, grants), at(4, old, grants)}, ProveSuspects, week, "sweep", 3, false},
		{"it is a day old", held{at(3, 24*time.Hour, clean), nil}, ProveSuspects, week, "", 0, true},
		{"all are proved", held{}, ProveAll, time.Time{}, "proof", 0, false},
		{"all are proved, this one is", held{nil, at(4, 0, clean)}, ProveAll, time.Time{}, "proof", 4, true},
		{"all are proved, it is old", held{nil, at(4, old, clean)}, ProveAll, week, "proof", 4, false},
	} {
		stage, replaces, done := c.have.next(c.prove, some, c.before)
		if stage != c.stage || replaces != c.replaces || done != c.done {
			t.Errorf("%s: %q in the place of %d, done %v", c.name, stage, replaces, done)
		}
		if final := c.have.final(c.prove, some); c.before.IsZero() && (final != nil) != done {
			t.Errorf("%s: done is %v, and the final result %v", c.name, done, final)
		}
	}
}

func TestProve(t *testing.T) {
	for in, ok := range map[string]bool{"all": true, "suspects": true, "0%": true, "5%": true, "100%": true, "": false, "101%": false, "-1%": false, "5": false, "none": true, "some": false} {
		if _, err := ParseProve(in); (err == nil) != ok {
			t.Errorf("%q: %v", in, err)
		}
	}
	// A tenth of those that grant nothing, about, and the same for every worker.
	n := 0
	for i := range 1000 {
		some := numbered(i)
		clean := granting(some)
		clean.Grant = fleetreport.Ungranted
		if Prove("10%").proves(some, clean) {
			n++
		}
		if ProveSuspects.proves(some, clean) {
			t.Fatal("it is no suspect")
		}
	}
	if n < 70 || n > 130 {
		t.Errorf("%d of 1000 are in the sample", n)
	}
}
