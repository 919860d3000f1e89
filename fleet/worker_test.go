package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// Each target is swept once, and what grants something is proved once, however often it
// is submitted.
func TestEachTargetOnce(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	var targets []Target
	for i := range 40 {
		targets = append(targets, numbered(i))
	}
	c := newTally()
	c.grant = func(t Target) fleetreport.Grant {
		if strings.HasPrefix(t.URL, "https://t1") {
			return fleetreport.Granted
		}
		return fleetreport.Ungranted
	}
	for range 2 { // twice in the queue is once
		if n, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil || n != (Submitted{Queued: 40}) {
			t.Fatal(n, err)
		}
	}
	if info, err := s.items.Info(until(t)); err != nil || info.State.Msgs != 40 {
		t.Errorf("%d items are queued, %v", info.State.Msgs, err)
	}
	for range 3 {
		working(t, s, &Worker{Sweeps: 4, Stages: c.stages()})
	}
	var last Progress
	if _, err := s.Await(until(t), time.Time{}, func(p Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	if last != (Progress{Known: 40, Targets: 40}) {
		t.Errorf("at the end %+v", last)
	}
	k, err := s.Known(until(t))
	if err != nil || len(k.Outcomes) != 40 || k.Targets != 40 || k.Previous != nil {
		t.Fatalf("%d of %d outcomes, %d before, %v", len(k.Outcomes), k.Targets, len(k.Previous), err)
	}
	for i, o := range k.Outcomes {
		want := fleetreport.Sweep
		if c.grant(targets[i]) == fleetreport.Granted {
			want = fleetreport.Proof
			if data, err := s.object(until(t), k.archives[i], 1000); err != nil || string(data) != "PK of "+o.Target {
				t.Errorf("the archive of %s has %q, %v", o.Target, data, err)
			}
		}
		if o.Target != targets[i].URL || o.Stage != want || c.swept[o.Target] != 1 {
			t.Errorf("%s: %s, swept %d times", o.Target, o.Stage, c.swept[o.Target])
		}
	}
	if len(c.swept) != 40 || len(c.proved) != 11 {
		t.Errorf("%d were swept, and %d proved", len(c.swept), len(c.proved))
	}
	// What is known is not examined again, but for what changed, and what is old.
	targets[0] = aTarget("https://other.example.com")
	if n, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil || n != (Submitted{1, 39}) {
		t.Fatal(n, err)
	}
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if k, err = s.Known(until(t)); err != nil || len(k.Outcomes) != 40 || len(k.Previous) != 40 || k.Previous[0].Target != numbered(0).URL {
		t.Errorf("%d outcomes, %d before, %v", len(k.Outcomes), len(k.Previous), err)
	}
	since := time.Now()
	if n, err := s.Submit(until(t), ProveSuspects, targets, since); err != nil || n != (Submitted{40, 0}) {
		t.Fatal(n, err)
	}
	if _, err := s.Await(until(t), since, nil); err != nil {
		t.Fatal(err)
	}
	for url, n := range c.swept {
		want := 2
		if url == numbered(0).URL { // which is no target any more
			want = 1
		}
		if n != want {
			t.Errorf("%s was swept %d times", url, n)
		}
	}
	for url, n := range c.proved {
		if n != 2 {
			t.Errorf("%s was proved %d times", url, n)
		}
	}
}

// However many targets a host has, one worker at a time is there.
func TestOneWorkerAtAHost(t *testing.T) {
	t.Parallel() // a host that is taken is asked for again after a while
	s := fleetOn(t, broker(t, ""), 6*time.Second)
	c := newTally()
	c.grant = func(Target) fleetreport.Grant { return fleetreport.Granted }
	c.sweep = func(context.Context, Job) error {
		time.Sleep(time.Millisecond) // being there takes a while
		return nil
	}
	var targets []Target
	for _, path := range strings.Split("abcdefghij", "") {
		targets = append(targets, aTarget("https://one.example.com/"+path))
	}
	if _, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		working(t, s, &Worker{Sweeps: 3, Stages: c.stages()})
	}
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if c.most != 1 || len(c.swept) != 10 || len(c.proved) != 10 {
		t.Errorf("%d at once; %d swept, %d proved", c.most, len(c.swept), len(c.proved))
	}
}

// A sweep that is stored while the proof before it ends asks for another proof, though that
// one is still in the queue.
func TestSweepStoredWhileAProofEnds(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	c := newTally()
	granted := func(stage fleetreport.Stage) Result {
		return Result{Schema: resultVersion, Outcome: fleetreport.Outcome{Target: numbered(1).URL, Stage: stage, Grant: fleetreport.Granted}}
	}
	proof := Item{Schema: itemVersion, Stage: fleetreport.Proof, Prove: ProveSuspects, Target: numbered(1)}
	sweep := proof
	sweep.Stage = fleetreport.Sweep
	if err := s.enqueue(until(t), proof); err != nil {
		t.Fatal(err)
	}
	consumer, err := s.consumer(until(t), s.patience, fleetreport.Proof)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.take(until(t), consumer)
	if err != nil || m == nil {
		t.Fatal(m, err)
	}
	for _, i := range []Item{proof, sweep} {
		if err := s.putResult(until(t), i, granted(i.Stage)); err != nil {
			t.Fatal(err)
		}
	}
	d := &delivery{w: &Worker{Stages: c.stages()}, s: s, m: m, item: proof}
	if err := d.finish(until(t)); err != nil {
		t.Fatal(err)
	}
	a, err := s.all(until(t))
	if err != nil || len(a.queued) != 1 || a.queued[0].stage != fleetreport.Proof {
		t.Errorf("queued: %+v, %v", a.queued, err)
	}
}

// A worker that is stopped gives back what it has, for another to do at once.
func TestStoppedWorkerGivesBack(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0) // a lease takes longer than the test waits
	if _, err := s.Submit(until(t), ProveSuspects, []Target{numbered(1)}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	c := newTally()
	begun := make(chan struct{}, 10)
	c.sweep = func(ctx context.Context, j Job) error {
		if j.worker == "other" {
			return nil
		}
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	for range maxAttempts + 2 { // which are no attempts that count
		stop := working(t, s, &Worker{Stages: c.stages()})
		<-begun
		stop()
	}
	working(t, s, &Worker{Name: "other", Stages: c.stages()})
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Known(until(t)); err != nil || len(k.Outcomes) != 1 || k.Outcomes[0].Worker != "other" || k.Outcomes[0].Fault != nil {
		t.Errorf("%+v, %v", k.Outcomes, err)
	}
}

// An item that fails again and again is a dead letter with the reason, until it is tried
// again.
func TestDeadLetters(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 600*time.Millisecond)
	targets := []Target{numbered(1), numbered(2)}
	c := newTally()
	broken := true
	c.sweep = func(_ context.Context, j Job) error {
		if broken && j.Target.URL == numbered(1).URL {
			return errors.New("TOKEN is not set in the environment")
		}
		return nil
	}
	if _, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil {
		t.Fatal(err)
	}
	stop := working(t, s, &Worker{Name: "w", Stages: c.stages()})
	var last Progress
	if _, err := s.Await(until(t), time.Time{}, func(p Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	stop()
	if last != (Progress{Known: 2, Dead: 1, Targets: 2}) || c.swept[numbered(1).URL] != maxAttempts {
		t.Errorf("%+v after %d attempts", last, c.swept[numbered(1).URL])
	}
	k, err := s.Known(until(t))
	if err != nil || len(k.Outcomes) != 2 {
		t.Fatal(k, err)
	}
	if o := k.Outcomes[0]; o.ExitCode != 3 || o.Fault == nil || !strings.Contains(o.Fault.Error, "TOKEN is not set") || o.Worker != "w" || o.Deliveries != maxAttempts {
		t.Errorf("the dead one is %+v %+v", o, o.Fault)
	}
	broken = false
	if n, err := s.Retry(until(t), nil); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	working(t, s, &Worker{Stages: c.stages()})
	if _, err := s.Await(until(t), time.Time{}, func(p Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	if last != (Progress{Known: 2, Targets: 2}) {
		t.Errorf("tried again, %+v", last)
	}
}

func TestCancel(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	targets := []Target{numbered(1), numbered(2), numbered(3)}
	targets[1].Name = "two"
	if _, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func(context.Context, []string) (int, error){s.Cancel, s.Retry} {
		if n, err := do(until(t), []string{"two", "tow"}); n != 0 || !errors.Is(err, ErrNoSuchTarget) || !strings.Contains(err.Error(), `"tow"`) {
			t.Errorf("of a name that is none: %d, %v", n, err)
		}
	}
	if n, err := s.Cancel(until(t), []string{"two", numbered(3).URL}); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	c := newTally()
	working(t, s, &Worker{Stages: c.stages()})
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if len(c.swept) != 1 || c.swept[numbered(1).URL] != 1 {
		t.Errorf("swept %v", c.swept)
	}
	// Nobody says of what was swept that it conforms.
	st, err := s.Status(until(t))
	var text strings.Builder
	if st.WriteText(&text); err != nil || st.Exits[0] != 1 || st.Swept != 1 || strings.Contains(text.String(), "conforms") {
		t.Errorf("%+v, %v\n%s", st, err, text.String())
	}
	// Who submits them again wants them.
	if n, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil || n != (Submitted{2, 1}) {
		t.Fatal(n, err)
	}
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if len(c.swept) != 3 {
		t.Errorf("swept %v", c.swept)
	}
}

// A worker that loses its lease ends what it does, and stores nothing of it; the host is
// another's.
func TestLostLease(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 2*time.Second)
	if _, err := s.Submit(until(t), ProveSuspects, []Target{numbered(1)}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	c := newTally()
	begun, ended := make(chan struct{}), make(chan error, 1)
	first := true
	c.sweep = func(ctx context.Context, j Job) error {
		if !first {
			return nil
		}
		first = false
		close(begun)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return ctx.Err()
	}
	working(t, s, &Worker{Stages: c.stages()})
	<-begun
	if err := s.remove(until(t), s.leases, leaseKey(numbered(1).host())); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, errLost) {
			t.Errorf("it ended with %v", err)
		}
	case <-until(t).Done():
		t.Fatal("it goes on")
	}
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if c.swept[numbered(1).URL] != 2 {
		t.Errorf("swept %v", c.swept)
	}
}

// An item that no version reads is a dead letter, and none keeps the queue.
func TestUnreadableItem(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	if _, err := s.js.Publish(until(t), s.subject(fleetreport.Sweep, "a.b"), []byte("<xml>")); err != nil {
		t.Fatal(err)
	}
	working(t, s, &Worker{Stages: newTally().stages()})
	w, err := watch(until(t), s, s.dead)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	for e := range w.Updates() {
		if e == nil {
			continue
		}
		if d, err := decode[deadItem](e.Value(), deadVersion); err != nil || !strings.Contains(d.Reason, "cannot be read") || e.Key() != "a.b" {
			t.Errorf("%s: %+v, %v", e.Key(), d, err)
		}
		break
	}
}
