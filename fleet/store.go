package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// StoreOptions say how a fleet is kept. The zero value is for one on a broker of its own.
type StoreOptions struct {
	// Fleet is the name by which several fleets share a broker: letters, digits and -.
	// Empty is "crossexam".
	Fleet string
	// Replicas is how many servers of a cluster keep each thing of a fleet that is new; 0 is
	// three, and one where the broker is no cluster.
	Replicas int
	// Lease is, of a fleet that is new, how long a host stays reserved for a worker that is
	// not heard of, and how long until its items are given to another; 0 is 30 seconds.
	Lease time.Duration
	// Patience is how long a broker is called again that does not answer as it should; then
	// the error is ErrSilent. 0 is without end.
	Patience time.Duration
	// Tell is told what an operator should know while the broker does not answer, and of
	// what it has lost; it may be nil.
	Tell func(sentence string)
}

const defaultLease = 30 * time.Second

// A Store is a fleet's queue, results and reports on a broker. Its methods may be called
// from many goroutines. They call again while the broker does not answer, until their
// context or their patience ends. Whoever opened it closes it.
type Store struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	name  string
	lease time.Duration

	patience patience
	say      func(sentence string)
	replicas int           // of what is made; 0 is 3, and 1 where the broker is no cluster
	look     time.Duration // after which Await looks up what it was not told

	items    jetstream.Stream
	results  jetstream.KeyValue // by key and stage
	dead     jetstream.KeyValue // by key
	attempts jetstream.KeyValue // by key and stage
	leases   jetstream.KeyValue // by host
	workers  jetstream.KeyValue // by name
	objects  jetstream.ObjectStore
}

// ErrName says that a fleet cannot be called so.
var ErrName = errors.New("this is no name of a fleet: write letters, digits and -")

var fleetName = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// The errors of JetStream by which a broker says that it is no cluster.
const noCluster jetstream.ErrorCode = 10074

// openStore finds the fleet on a broker, and makes it where there is none. The connection
// is closed with it, and with an error.
func openStore(ctx context.Context, nc *nats.Conn, o StoreOptions) (s *Store, err error) {
	defer func() {
		if err != nil {
			nc.Close()
		}
	}()
	if o.Fleet == "" {
		o.Fleet = "crossexam"
	}
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	if !fleetName.MatchString(o.Fleet) {
		return nil, fmt.Errorf("%w: %q", ErrName, o.Fleet)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	s = &Store{nc: nc, js: js, name: o.Fleet, lease: o.Lease, replicas: o.Replicas, say: o.Tell, look: lookAfter}
	if s.say == nil {
		s.say = func(string) {}
	}
	s.patience = patience{long: o.Patience, tell: func(err error) {
		if isFull(err) {
			s.say(fmt.Sprintf("The broker cannot store anything (%v): make room on its disk. It is tried again.", err))
			return
		}
		s.say(fmt.Sprintf("The broker does not answer as it should (%v): it is tried again.", err))
	}}
	lost, err := s.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("the fleet %q cannot be kept on the broker: %w", o.Fleet, err)
	}
	for _, what := range lost {
		s.say(lostSentence(what))
	}
	return s, nil
}

// Close ends the connection to the broker.
func (s *Store) Close() { s.nc.Close() }

// subject is that of an item, or of all of a stage for the key "*.*".
func (s *Store) subject(stage fleetreport.Stage, key string) string {
	return s.name + ".items.v1." + string(stage) + "." + key
}

// attemptAge is how long a failed attempt counts.
const attemptAge = 24 * time.Hour

// newFor is how long a fleet may take to be made, by others who begin at the same time.
const newFor = time.Minute

// open finds what a fleet is kept in, and makes what there is not. lost is what it has made of
// a fleet that is not new.
func (s *Store) open(ctx context.Context) (lost []string, err error) {
	if s.replicas != 0 {
		return s.openWith(ctx, s.replicas)
	}
	lost, err = s.openWith(ctx, 3)
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil && api.APIError().ErrorCode == noCluster {
		return s.openWith(ctx, 1)
	}
	return lost, err
}

func (s *Store) openWith(ctx context.Context, replicas int) (lost []string, err error) {
	isNew := true
	stream := func(ctx context.Context) (jetstream.Stream, error) {
		if found, err := s.js.Stream(ctx, s.name+"-items"); !errors.Is(err, jetstream.ErrStreamNotFound) {
			if err == nil {
				info := found.CachedInfo()
				isNew = info.TimeStamp.Sub(info.Created) < newFor
			}
			return found, err
		}
		// One message a subject, and the newer one refused: nothing is queued twice.
		return s.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: s.name + "-items", Subjects: []string{s.name + ".items.v1.>"}, Description: "What Crossexam has to examine",
			Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: replicas,
			MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
		})
	}
	if s.items, err = persist(ctx, s.patience, stream); err != nil {
		return nil, err
	}
	made := func(what string) {
		if !isNew && !slices.Contains(lost, what) {
			lost = append(lost, what)
		}
	}
	for _, b := range []struct {
		into *jetstream.KeyValue
		name string
		ttl  time.Duration
	}{
		{&s.results, "results", 0},
		{&s.dead, "dead", 0},
		{&s.attempts, "attempts", attemptAge},
		{&s.leases, "leases", s.lease},
		{&s.workers, "workers", 2 * s.lease},
	} {
		bucket := func(ctx context.Context) (jetstream.KeyValue, error) {
			if found, err := s.js.KeyValue(ctx, s.name+"-"+b.name); !errors.Is(err, jetstream.ErrBucketNotFound) {
				return found, err
			}
			if b.name == "results" {
				made(theResults)
			}
			return s.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: s.name + "-" + b.name, Storage: jetstream.FileStorage, Replicas: replicas, TTL: b.ttl})
		}
		if *b.into, err = persist(ctx, s.patience, bucket); err != nil {
			return nil, err
		}
	}
	// Whoever made the fleet said how long a lease is.
	status, err := persist(ctx, s.patience, s.leases.Status)
	if err != nil {
		return nil, err
	}
	s.lease = status.TTL()
	s.objects, err = persist(ctx, s.patience, func(ctx context.Context) (jetstream.ObjectStore, error) {
		if found, err := s.js.ObjectStore(ctx, s.name+"-reports"); !errors.Is(err, jetstream.ErrBucketNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return found, err
		}
		made(theReports)
		return s.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: s.name + "-reports", Storage: jetstream.FileStorage, Replicas: replicas})
	})
	return lost, err
}

// held is what is stored of a target.
func (s *Store) held(ctx context.Context, t Target) (held, error) {
	var h held
	var err error
	if h.sweep, err = s.result(ctx, t.key(), fleetreport.Sweep); err == nil {
		h.proof, err = s.result(ctx, t.key(), fleetreport.Proof)
	}
	return h, err
}

func resultKey(key string, stage fleetreport.Stage) string { return key + "." + string(stage) }

// result is what is stored of a stage, or nil.
func (s *Store) result(ctx context.Context, key string, stage fleetreport.Stage) (*stored, error) {
	e, err := get(ctx, s, s.results, resultKey(key, stage))
	if e == nil || err != nil {
		return nil, err
	}
	return storedIn(e)
}

// storedIn is a result that is stored. That another version has written it is an error;
// what is no result at all, whoever has put it there, is one that is unreadable.
func storedIn(e jetstream.KeyValueEntry) (*stored, error) {
	r, err := decode[Result](e.Value(), resultVersion)
	var other versionError
	if errors.As(err, &other) {
		return nil, fmt.Errorf("the result %s: %w", e.Key(), err)
	}
	return &stored{Result: r, unreadable: err, revision: e.Revision(), created: e.Created()}, nil
}

// errStored says that another result is in that place by now.
var errStored = errors.New("another worker has stored a result")

// putResult stores a result in the place of the one with a revision. The error is
// errStored where there is another one.
func (s *Store) putResult(ctx context.Context, i Item, r Result) error {
	data, key := encode(r), resultKey(i.Target.key(), i.Stage)
	_, err := persist(ctx, s.patience, func(ctx context.Context) (uint64, error) {
		if i.Replaces == 0 {
			return s.results.Create(ctx, key, data)
		}
		return s.results.Update(ctx, key, data, i.Replaces)
	})
	if !errors.Is(err, jetstream.ErrKeyExists) && !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return err
	}
	e, err := get(ctx, s, s.results, key)
	switch {
	case err != nil:
		return err
	case e != nil && bytes.Equal(e.Value(), data): // the first call was done, and its answer lost
		return nil
	}
	return errStored
}

// eachResult gives all results that are stored.
func (s *Store) eachResult(ctx context.Context, do func(key string, r *stored)) error {
	return each(ctx, s, s.results, func(e jetstream.KeyValueEntry) error {
		r, err := storedIn(e)
		if err == nil {
			do(e.Key(), r)
		}
		return err
	})
}

// each gives the entries of a bucket.
func each(ctx context.Context, s *Store, b jetstream.KeyValue, do func(jetstream.KeyValueEntry) error) error {
	w, err := persist(ctx, s.patience, func(context.Context) (jetstream.KeyWatcher, error) {
		return b.WatchAll(ctx, jetstream.IgnoreDeletes()) // which outlives the call
	})
	if err != nil {
		return err
	}
	defer w.Stop()
	for {
		select {
		case e := <-w.Updates():
			if e == nil {
				return nil
			}
			if err := do(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// get is an entry of a bucket, or nil.
func get(ctx context.Context, s *Store, b jetstream.KeyValue, key string) (jetstream.KeyValueEntry, error) {
	e, err := persist(ctx, s.patience, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return b.Get(ctx, key) })
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	return e, err
}

func (s *Store) put(ctx context.Context, b jetstream.KeyValue, key string, v any) error {
	_, err := persist(ctx, s.patience, func(ctx context.Context) (uint64, error) { return b.Put(ctx, key, encode(v)) })
	return err
}

func (s *Store) remove(ctx context.Context, b jetstream.KeyValue, key string) error {
	_, err := persist(ctx, s.patience, func(ctx context.Context) (struct{}, error) { return struct{}{}, b.Delete(ctx, key) })
	return err
}

// putObject stores a file.
func (s *Store) putObject(ctx context.Context, name string, data []byte) error {
	_, err := persist(ctx, s.patience, func(ctx context.Context) (*jetstream.ObjectInfo, error) {
		return s.objects.Put(ctx, jetstream.ObjectMeta{Name: name}, bytes.NewReader(data))
	})
	return err
}

// errDamaged says that a stored file is not whole any more.
var errDamaged = errors.New("it is not stored whole any more, and the same command makes it again")

// readTime bounds how long a stored file is read again whose beginning or end does not come.
const readTime = 10 * time.Second

// object is a stored file of at most limit bytes, or nil where there is none. The error is
// errDamaged where the broker knows the file and does not have it whole.
func (s *Store) object(ctx context.Context, name string, limit int64) ([]byte, error) {
	data, err := persist(ctx, s.patience.atMost(readTime), func(ctx context.Context) ([]byte, error) {
		o, err := s.objects.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		defer o.Close()
		return io.ReadAll(io.LimitReader(o, limit+1))
	})
	if errors.Is(err, ErrSilent) { // does it not answer, or not have it?
		_, err = persist(ctx, s.patience, func(ctx context.Context) (*jetstream.ObjectInfo, error) { return s.objects.GetInfo(ctx, name) })
		if err == nil {
			err = errDamaged
		}
	}
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return nil, nil
	case err == nil && int64(len(data)) > limit:
		return nil, fmt.Errorf("the stored file %s is larger than %d bytes", name, limit)
	}
	return data, err
}

// removeObject removes a file; what is left of it otherwise is garbage and no harm.
func (s *Store) removeObject(ctx context.Context, name string) {
	if name != "" {
		_, _ = once(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.objects.Delete(ctx, name) })
	}
}
