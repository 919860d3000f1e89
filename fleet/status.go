package fleet

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/fleetreport"
)

// A Status is how far a fleet is.
type Status struct {
	Schema    string    `json:"schema"`
	Submitted time.Time `json:"submitted"`
	Targets   int       `json:"targets"`
	Known     int       `json:"known"`
	// Exits counts the known targets by exit code, dead letters apart, and Swept those
	// with exit code 0 that no browser examined, of which nobody says that they conform.
	Exits   map[int]int   `json:"exits"`
	Swept   int           `json:"swept"`
	Queued  map[Stage]int `json:"queued"` // in the hands of workers included
	Taken   map[Stage]int `json:"taken"`  // in the hands of workers
	Dead    []DeadLetter  `json:"dead"`
	Workers []WorkerState `json:"workers"`
}

// Stage is [fleetreport.Stage].
type Stage = fleetreport.Stage

// A DeadLetter is a target that was given up.
type DeadLetter struct {
	Target   string    `json:"target"`
	Name     string    `json:"name"`
	Stage    Stage     `json:"stage"`
	Reason   string    `json:"reason"`
	Attempts int       `json:"attempts"`
	Worker   string    `json:"worker"`
	Time     time.Time `json:"time"`
}

const statusVersion = "crossexam/fleet/status/v1"

// Workers is how many workers have told of themselves lately.
func (s *Store) Workers(ctx context.Context) (n int, err error) {
	err = each(ctx, s, s.workers, func(jetstream.KeyValueEntry) error { n++; return nil })
	return n, err
}

// Status is how far the fleet is.
func (s *Store) Status(ctx context.Context) (Status, error) {
	a, err := s.all(ctx)
	if err != nil {
		return Status{}, err
	}
	st := Status{
		Schema: statusVersion, Submitted: a.submission.Submitted, Targets: len(a.submission.Targets),
		Exits: map[int]int{}, Queued: map[Stage]int{}, Taken: map[Stage]int{}, Dead: []DeadLetter{}, Workers: []WorkerState{},
	}
	for _, t := range a.submission.Targets {
		o, _, known := a.outcome(t)
		if !known {
			continue
		}
		st.Known++
		if d, dead := a.dead[t.key()]; dead {
			st.Dead = append(st.Dead, DeadLetter{t.URL, t.Name, d.Item.Stage, d.Reason, d.Attempts, d.Worker, d.Time})
			continue
		}
		st.Exits[o.ExitCode]++
		if o.ExitCode == report.ExitConforms && o.Stage == fleetreport.Sweep {
			st.Swept++
		}
	}
	for _, stage := range []Stage{fleetreport.Sweep, fleetreport.Proof} {
		c, err := s.consumer(ctx, s.patience, stage)
		if err != nil {
			return st, err
		}
		info, err := persist(ctx, s.patience, c.Info)
		if err != nil {
			return st, err
		}
		st.Queued[stage] = int(info.NumPending) + info.NumAckPending
		st.Taken[stage] = info.NumAckPending
	}
	err = each(ctx, s, s.workers, func(e jetstream.KeyValueEntry) error {
		if w, err := decode[WorkerState](e.Value(), workerVersion); err == nil {
			st.Workers = append(st.Workers, w)
		}
		return nil
	})
	slices.SortFunc(st.Workers, func(a, b WorkerState) int { return cmp.Compare(a.Worker, b.Worker) })
	return st, err
}

// WriteText prints it for people.
func (st Status) WriteText(w io.Writer) {
	if st.Submitted.IsZero() {
		fmt.Fprintln(w, "Nothing was submitted yet.")
		return
	}
	fmt.Fprintf(w, "Submitted %s: %d of %d targets are known.\n", st.Submitted.Format(time.RFC3339), st.Known, st.Targets)
	for _, code := range slices.Sorted(maps.Keys(st.Exits)) {
		n := st.Exits[code]
		if code == report.ExitConforms && st.Swept > 0 {
			fmt.Fprintf(w, "  %6d  exit code 0: no requirement that binds is seen to be violated, by headers alone\n", st.Swept)
			n -= st.Swept
		}
		if n > 0 {
			fmt.Fprintf(w, "  %6d  exit code %d: %s\n", n, code, report.ExitMeaning(code))
		}
	}
	if len(st.Dead) > 0 {
		fmt.Fprintf(w, "  %6d  given up or cancelled\n", len(st.Dead))
	}
	fmt.Fprintf(w, "Queue: %d to sweep (%d under way), %d to prove (%d under way).\n", st.Queued[fleetreport.Sweep], st.Taken[fleetreport.Sweep], st.Queued[fleetreport.Proof], st.Taken[fleetreport.Proof])
	fmt.Fprintf(w, "Workers: %d.\n", len(st.Workers))
	for _, k := range st.Workers {
		fmt.Fprintf(w, "  %s: %d swept, %d proved, at %d now, %d MiB\n", report.Visible(k.Worker), k.Sweeps, k.Proofs, len(k.Doing), k.MemoryBytes>>20)
	}
	const shown = 20
	for i, d := range st.Dead {
		if i == 0 {
			fmt.Fprintln(w, "Given up, until `crossexam fleet retry`:")
		}
		if i == shown {
			fmt.Fprintf(w, "  and %d more, which the JSON form has too\n", len(st.Dead)-shown)
			break
		}
		fmt.Fprintf(w, "  %s (%s, %d attempts): %s\n", report.Visible(cmp.Or(d.Name, d.Target)), report.Visible(string(d.Stage)), d.Attempts, report.Visible(d.Reason))
	}
}
