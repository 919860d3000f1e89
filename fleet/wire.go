package fleet

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// The versions of what is stored and sent. A field may be added to one; a field that is
// removed or changes its meaning makes a new version.
const (
	itemVersion       = "crossexam/fleet/item/v1"
	resultVersion     = "crossexam/fleet/result/v1"
	deadVersion       = "crossexam/fleet/dead/v1"
	attemptVersion    = "crossexam/fleet/attempt/v1"
	leaseVersion      = "crossexam/fleet/lease/v1"
	workerVersion     = "crossexam/fleet/worker/v1"
	submissionVersion = "crossexam/fleet/submission/v1"
)

//go:embed wire.schema.json
var wireSchema []byte

// schema is the JSON Schema (2020-12) of what is stored and sent; $defs has each.
func schema() []byte { return slices.Clone(wireSchema) }

// A Target is one target under one configuration.
type Target struct {
	Name  string `json:"name"`
	Owner string `json:"owner"`
	URL   string `json:"target"`
	// Configuration is the hash of all that decides how the target is examined.
	Configuration string `json:"configuration"`
	// Config is a crossexam.yaml in JSON, in which secrets have names and no values.
	Config json.RawMessage `json:"config"`
}

// key names the target under its configuration in subjects and buckets.
func (t Target) key() string { return digest([]byte(t.URL))[:16] + "." + t.Configuration }

// host is the host and port that no two workers talk to at a time.
func (t Target) host() string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return t.URL
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Hostname() + ":" + port
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// An Item is a stage of a target that is to be done: the payload of the work queue.
type Item struct {
	Schema string            `json:"schema"`
	Stage  fleetreport.Stage `json:"stage"`
	Prove  Prove             `json:"prove"`
	Target Target            `json:"target"`
	// Replaces is the revision of the result in whose place the new one is stored; 0
	// where there is none yet. It has an item that is delivered twice change nothing.
	Replaces uint64 `json:"replaces"`
}

// A Result is what a stage came to.
type Result struct {
	Schema  string              `json:"schema"`
	Outcome fleetreport.Outcome `json:"outcome"`
	// Archive names the object with the files of the report; empty for none.
	Archive string `json:"archive"`
}

// A deadItem item is one that is not delivered any more.
type deadItem struct {
	Schema string `json:"schema"`
	Item   Item   `json:"item"`
	Reason string `json:"reason"`
	// Cancelled says that an operator took it from the queue.
	Cancelled bool      `json:"cancelled"`
	Attempts  int       `json:"attempts"`
	Worker    string    `json:"worker"` // the last; empty for none
	Time      time.Time `json:"time"`
}

// An Attempt tells how often an item was begun, and by whom last.
type Attempt struct {
	Schema string    `json:"schema"`
	Count  int       `json:"count"`
	Worker string    `json:"worker"`
	Began  time.Time `json:"began"`
	Error  string    `json:"error"` // that ended it; empty while it is under way, and where the worker was lost
}

// A lease is the right to talk to a host.
type lease struct {
	Schema string `json:"schema"`
	Holder string `json:"holder"` // drawn for each lease
	Worker string `json:"worker"`
	Target string `json:"target"`
}

// A WorkerState is what a worker tells of itself.
type WorkerState struct {
	Schema  string    `json:"schema"`
	Worker  string    `json:"worker"`
	Started time.Time `json:"started"`
	Sweeps  int       `json:"sweeps"` // done
	Proofs  int       `json:"proofs"` // done
	Doing   []string  `json:"doing"`  // URLs of targets
	// MemoryBytes is what the worker's own process takes of memory, without browsers.
	MemoryBytes uint64 `json:"memory_bytes"`
}

// A submission is what is to be known in the end: the targets of a fleet.yaml.
type submission struct {
	Schema    string    `json:"schema"`
	Submitted time.Time `json:"submitted"`
	Prove     Prove     `json:"prove"`
	Targets   []Target  `json:"targets"`
}

// versionError is about what another version of this program has written.
type versionError struct{ got, want string }

func (e versionError) Error() string {
	return fmt.Sprintf("it is of version %q, and this Crossexam reads %s: use one version in the whole fleet", e.got, e.want)
}

// decode reads what is stored or sent, of a version.
func decode[T any](data []byte, version string) (T, error) {
	var v T
	var head struct {
		Schema string `json:"schema"`
	}
	err := json.Unmarshal(data, &head)
	kind := version[:strings.LastIndexByte(version, '/')+1]
	switch {
	case err != nil:
		return v, err
	case !strings.HasPrefix(head.Schema, kind):
		return v, fmt.Errorf("its schema is %.80q, which is none of %s", head.Schema, kind)
	case head.Schema != version:
		return v, versionError{head.Schema, version}
	}
	return v, json.Unmarshal(data, &v)
}

// encode writes a value that has nothing in it that could not be written.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a Config that is no JSON: whoever made the target is wrong
	}
	return data
}
