package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/report/fleetreport"
)

var (
	fleetTargets   = flag.Int("fleet-targets", 40, "how many targets TestFleetChaos has")
	fleetKills     = flag.Int("fleet-kills", 3, "how many workers it kills")
	fleetNodeKills = flag.Int("fleet-node-kills", 1, "how many brokers it kills, and starts again")
	fleetCluster   = flag.Bool("fleet-cluster", false, "whether it has a cluster of three nats-servers too")
	fleetProofs    = flag.Int("fleet-proofs", 0, "of how many targets it has the proof too, while workers are killed")
	fleetSeed      = flag.Uint64("fleet-seed", 0, "what its moments follow from; 0 draws one, which the test prints")
)

// fleetEnv is the environment in which the targets' secret is.
func fleetEnv() []string { return append(os.Environ(), "FLEET_SECRET="+fixtures.Password) }

// A proc is a running command that a test may kill.
type proc struct {
	cmd    *exec.Cmd
	output *bytes.Buffer
	ended  chan struct{}
}

func start(t testing.TB, dir, program string, args ...string) *proc {
	t.Helper()
	p := &proc{cmd: exec.Command(program, args...), output: &bytes.Buffer{}, ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, append(fleetEnv(), "TMPDIR="+dir), p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(p.kill)
	return p
}

func (p *proc) kill() { _ = p.cmd.Process.Kill(); <-p.ended }

// end waits for the command's own end.
func (p *proc) end(t testing.TB) (code int, output string) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(15 * time.Minute):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		<-p.ended
		t.Fatalf("it does not end:\n%s", p.output)
	}
	return p.cmd.ProcessState.ExitCode(), p.output.String()
}

// found is what is known of each target in the end, without what differs from run to run.
func found(t testing.TB, out string) map[string]fleetreport.Outcome {
	t.Helper()
	f, err := os.Open(filepath.Join(out, "outcomes.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := fleetreport.ReadLines(f)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]fleetreport.Outcome{}
	for _, o := range all {
		if _, twice := by[o.Target]; twice {
			t.Errorf("%s is in the report twice", o.Target)
		}
		if o.Stage == fleetreport.Proof {
			o.Counts.Requests = 0 // how often it was asked again, for one, differs
		}
		o.Started, o.DurationMS, o.Worker, o.Deliveries = time.Time{}, 0, "", 0
		by[o.Target] = o
	}
	return by
}

// same holds what is known to what an undisturbed run found.
func same(t testing.TB, truth, got map[string]fleetreport.Outcome) {
	t.Helper()
	if len(got) != len(truth) {
		t.Errorf("%d outcomes, and there are %d targets", len(got), len(truth))
	}
	wrong := 0
	for url, want := range truth {
		w, g := drawn.ReplaceAllString(fmt.Sprintf("%+v", want), "NAME"), drawn.ReplaceAllString(fmt.Sprintf("%+v", got[url]), "NAME")
		if want.Fault == nil && got[url].Fault == nil && w != g || (want.Fault == nil) != (got[url].Fault == nil) {
			if wrong++; wrong <= 3 {
				t.Errorf("%s\n got %s %+v\nwant %s", url, g, got[url].Fault, w)
			}
		}
	}
	if wrong > 3 {
		t.Errorf("%d targets differ", wrong)
	}
}

// A chaos is a fleet that is disturbed.
type chaos struct {
	t       testing.TB
	dir     string
	targets *targetFleet
	draw    *rand.Rand
	workers []*proc
	args    []string // of each worker
	mu      sync.Mutex
}

// killWorker kills a worker, and starts another.
func (c *chaos) killWorker() {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.draw.IntN(len(c.workers))
	c.workers[i].kill()
	c.workers[i] = start(c.t, c.dir, binary, c.args...)
}

// endWorkers ends them, and tells what one said that had ended by itself.
func (c *chaos) endWorkers() {
	c.t.Helper()
	for _, w := range c.workers {
		select {
		case <-w.ended:
			c.t.Errorf("a worker ended with %d:\n%s", w.cmd.ProcessState.ExitCode(), w.output)
		default:
			w.kill()
		}
	}
}

func (c *chaos) startWorkers(args ...string) {
	c.args = append([]string{"fleet", "worker", "--sweeps", "4"}, args...)
	for range 3 {
		c.workers = append(c.workers, start(c.t, c.dir, binary, c.args...))
	}
}

// mixed are the kills of workers and brokers, in an order that is drawn.
func (c *chaos) mixed(killBroker func()) []func() {
	var do []func()
	for range *fleetKills {
		do = append(do, c.killWorker)
	}
	for range *fleetNodeKills {
		do = append(do, killBroker)
	}
	c.draw.Shuffle(len(do), func(i, j int) { do[i], do[j] = do[j], do[i] })
	return do
}

// disturb does things at moments that are drawn of the requests of an undisturbed run,
// one after another, until over is closed.
func (c *chaos) disturb(requests int, over <-chan struct{}, do []func()) (done int) {
	begun := c.targets.count()
	var moments []int
	for range do {
		moments = append(moments, 1+c.draw.IntN(max(1, requests*9/10)))
	}
	slices.Sort(moments)
	for i, at := range moments {
		wait := begun + at - c.targets.count()
		if wait > 0 {
			select {
			case <-c.targets.nth(wait):
			case <-over:
				return i
			}
		}
		do[i]()
	}
	return len(do)
}

// stored counts the results in the bucket, and how many were ever written to it.
func stored(t testing.TB, nc *nats.Conn) (results, writes uint64) {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := js.Stream(ctx, "KV_crossexam-results")
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs, info.State.LastSeq
}

// storedIn is stored of a fleet that no process has any more.
func storedIn(t testing.TB, state string) (results, writes uint64) {
	t.Helper()
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: state, DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	return stored(t, nc)
}

// noSecretIn fails where a file below a folder has the victim's secret in it.
func noSecretIn(t testing.TB, dirs ...string) {
	t.Helper()
	secrets := []string{fixtures.Password, base64.StdEncoding.EncodeToString([]byte(fixtures.User + ":" + fixtures.Password))}
	files := 0
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			files++
			for _, s := range secrets {
				if bytes.Contains(data, []byte(s)) {
					t.Errorf("the secret is in %s", path)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files < 5 {
		t.Errorf("there are %d files below %q", files, dirs)
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestFleetChaos kills workers and brokers of a fleet at random moments, and fills the
// disk; in the end all servers of a cluster lose their power. However often, each target has one result in the end, that of an undisturbed run;
// none was ever stored twice; no two runs were at a target at once; and the secret is in
// none of what was stored.
func TestFleetChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts and kills processes for 8 seconds")
	}
	seed := *fleetSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-fleet-seed=%d", seed)
	dir := t.TempDir()
	targets := serveFleet(t, *fleetTargets, seed)
	manifest := targets.manifest(t, dir)
	code, output := start(t, dir, binary, "fleet", "run", manifest, "--prove=none", "--state=undisturbed", "--out=truth", "--workers=2").end(t)
	if code != 1 {
		t.Fatalf("undisturbed it ends with %d:\n%s", code, output)
	}
	truth := found(t, filepath.Join(dir, "truth"))
	requests := targets.count()
	t.Logf("%d requests for %d targets", requests, len(truth))
	if len(truth) != *fleetTargets {
		t.Fatalf("%d outcomes", len(truth))
	}
	targets.check(t)
	noSecretIn(t, filepath.Join(dir, "undisturbed"), filepath.Join(dir, "truth"))

	t.Run("embedded", func(t *testing.T) {
		c := &chaos{t: t, dir: dir, targets: targets, draw: rand.New(rand.NewPCG(seed, 2))}
		c.embedded(manifest, requests, truth)
	})
	t.Run("cluster", func(t *testing.T) {
		if !*fleetCluster {
			t.Skip("-fleet-cluster starts three nats-servers")
		}
		c := &chaos{t: t, dir: dir, targets: targets, draw: rand.New(rand.NewPCG(seed, 3))}
		c.cluster(manifest, requests, truth)
	})
	t.Run("proofs", func(t *testing.T) {
		if *fleetProofs == 0 {
			t.Skip("-fleet-proofs examines targets in the browser")
		}
		proveInChaos(t, seed)
	})
	targets.check(t)
}

// proveInChaos kills workers and the broker while targets are examined in the browser.
func proveInChaos(t *testing.T, seed uint64) {
	dir, err := os.MkdirTemp("", "fc") // a short path, as Chrome makes a socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	targets := serveFleet(t, *fleetProofs, seed)
	manifest := targets.manifest(t, dir)
	if code, output := start(t, dir, binary, "fleet", "run", manifest, "--prove=all", "--state=undisturbed", "--out=truth").end(t); code > 1 {
		t.Fatalf("undisturbed it ends with %d:\n%s", code, output)
	}
	truth := found(t, filepath.Join(dir, "truth"))
	requests := targets.count()
	c := &chaos{t: t, dir: dir, targets: targets, draw: rand.New(rand.NewPCG(seed, 4))}
	address, state := freeAddress(t), filepath.Join(dir, "proofs")
	args := []string{"fleet", "run", manifest, "--prove=all", "--state=" + state, "--out=found", "--workers=0", "--listen=" + address, "--lease=4s"}
	run := start(t, dir, binary, args...)
	awaitFile(t, filepath.Join(state, "address"))
	c.startWorkers("--nats=nats://"+address, "--nats-creds="+filepath.Join(state, "worker.nk"))
	do := []func(){c.killWorker, c.killWorker, func() { run.kill(); run = start(t, dir, binary, args...) }, c.killWorker}
	t.Logf("%d of %d disturbances", c.disturb(requests, nil, do), len(do))
	if code, output := run.end(t); code > 1 {
		t.Errorf("it ends with %d:\n%s", code, output)
	}
	c.endWorkers()
	same(t, truth, found(t, filepath.Join(dir, "found")))
	if results, writes := storedIn(t, state); int(results) != len(truth) || int(writes) != len(truth) {
		t.Errorf("%d results of %d targets, written %d times", results, len(truth), writes)
	}
	noSecretIn(t, state, filepath.Join(dir, "found"))
	targets.check(t)
}

// embedded disturbs a fleet on the built-in broker, whose process is killed too.
func (c *chaos) embedded(manifest string, requests int, truth map[string]fleetreport.Outcome) {
	t := c.t
	state := filepath.Join(c.dir, "embedded")
	small := smallDisk(t, state)
	address := freeAddress(t)
	args := []string{"fleet", "run", manifest, "--prove=none", "--state=" + state, "--out=found", "--workers=0", "--listen=" + address, "--lease=2s"}
	// The disk is full while most results are still to be stored.
	before := c.draw.IntN(requests / 2)
	reached, release := c.targets.holdAfter(before)
	var mu sync.Mutex
	run := start(t, c.dir, binary, args...)
	again := func() {
		mu.Lock()
		defer mu.Unlock()
		run = start(t, c.dir, binary, args...)
	}
	awaitFile(t, filepath.Join(state, "address"))
	c.startWorkers("--nats=nats://"+address, "--nats-creds="+filepath.Join(state, "worker.nk"))
	<-reached
	if small {
		filled := fillDisk(t, state)
		release()
		code, output := run.end(t) // by itself
		if code != 3 || !strings.Contains(output, "full") && !strings.Contains(output, "no space") {
			t.Errorf("with a full disk it ends with %d:\n%s", code, output)
		}
		if err := os.Remove(filled); err != nil {
			t.Error(err)
		}
		again()
	} else {
		release()
	}
	do := c.mixed(func() { run.kill(); again() })
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			mu.Lock()
			p := run
			mu.Unlock()
			<-p.ended
			mu.Lock()
			last := p == run && p.cmd.ProcessState.ExitCode() == 1
			mu.Unlock()
			if last {
				return
			}
		}
	}()
	done := c.disturb(requests-before, over, do)
	t.Logf("%d of %d disturbances", done, len(do))
	code, output := run.end(t)
	if code != 1 {
		t.Errorf("it ends with %d:\n%s", code, output)
	}
	c.endWorkers()
	same(t, truth, found(t, filepath.Join(c.dir, "found")))
	if results, writes := storedIn(t, state); int(results) != len(truth) || int(writes) != len(truth) {
		t.Errorf("%d results of %d targets, written %d times", results, len(truth), writes)
	}
	noSecretIn(t, state, filepath.Join(c.dir, "found"))
}

// awaitFile waits for a file, which no event tells of.
func awaitFile(t testing.TB, path string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// cluster disturbs a fleet on three nats-servers.
func (c *chaos) cluster(manifest string, requests int, truth map[string]fleetreport.Outcome) {
	t := c.t
	program := filepath.Join(c.dir, "nats-server")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/nats-io/nats-server/v2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var clients, routes, states []string
	for range 3 {
		clients, routes = append(clients, freeAddress(t)), append(routes, "nats://"+freeAddress(t))
	}
	nodes := make([]*proc, 3)
	startNode := func(i int) {
		nodes[i] = start(t, c.dir, program, "-c", filepath.Join(c.dir, fmt.Sprintf("node%d.conf", i)))
	}
	for i := range nodes {
		state := filepath.Join(c.dir, fmt.Sprintf("node%d", i))
		states = append(states, state)
		config := fmt.Sprintf("server_name: n%d\nlisten: %q\njetstream { store_dir: %q }\ncluster { name: c, listen: %q, routes: [%s] }\n",
			i, clients[i], state, strings.TrimPrefix(routes[i], "nats://"), strings.Join(routes, ", "))
		if err := os.WriteFile(filepath.Join(c.dir, fmt.Sprintf("node%d.conf", i)), []byte(config), 0o666); err != nil {
			t.Fatal(err)
		}
		startNode(i)
	}
	url := "nats://" + strings.Join(clients, ",nats://")
	nc := awaitCluster(t, url)
	run := start(t, c.dir, binary, "fleet", "run", manifest, "--prove=none", "--nats="+url, "--out=clustered", "--workers=0", "--lease=2s")
	c.startWorkers("--nats=" + url)
	do := c.mixed(func() {
		i := c.draw.IntN(len(nodes))
		nodes[i].kill()
		startNode(i)
	})
	t.Logf("%d of %d disturbances", c.disturb(requests, run.ended, do), len(do))
	code, output := run.end(t)
	if code != 1 {
		t.Errorf("it ends with %d:\n%s", code, output)
	}
	c.endWorkers()
	same(t, truth, found(t, filepath.Join(c.dir, "clustered")))
	if results, writes := stored(t, nc); int(results) != len(truth) || int(writes) != len(truth) {
		t.Errorf("%d results of %d targets, written %d times", results, len(truth), writes)
	}
	noSecretIn(t, append(states, filepath.Join(c.dir, "clustered"))...)

	// All of them lose their power, and each what it had not written to its disk.
	for i, node := range nodes {
		node.kill()
		loseEnds(t, states[i])
	}
	for i := range nodes {
		startNode(i)
	}
	awaitCluster(t, url)
	heal := func(flags ...string) (int, string) {
		return start(t, c.dir, binary, append([]string{"fleet", "run", manifest, "--prove=none", "--nats=" + url, "--out=healed"}, flags...)...).end(t)
	}
	code, output = heal()
	if code == 3 && strings.Contains(output, "a --fleet NAME that is new begins anew") {
		t.Log("the cluster was left with a part that takes nothing, and does not follow from others: that is for its operator")
		code, output = heal("--fleet=anew")
	}
	if code != 1 {
		t.Errorf("after the loss it ends with %d:\n%s", code, output)
	}
	same(t, truth, found(t, filepath.Join(c.dir, "healed")))
}

// loseEnds takes the second half of each file that a server of NATS has of its streams and
// of its log, in the middle of a record, and the index that would know better.
func loseEnds(t testing.TB, state string) {
	t.Helper()
	lost := 0
	err := filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".blk" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		lost++
		if err := os.Remove(filepath.Join(filepath.Dir(path), "index.db")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Truncate(path, info.Size()/2+1)
	})
	if err != nil || lost == 0 {
		t.Errorf("%d files lost their end: %v", lost, err)
	}
}

// awaitCluster waits until the cluster has a leader.
func awaitCluster(t testing.TB, url string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := js.AccountInfo(ctx)
		cancel()
		if err == nil {
			return nc
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// smallDisk makes the folder a disk of its own, which can be filled, and reports whether
// that is possible here.
func smallDisk(t testing.TB, dir string) bool {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	size := 64 + *fleetTargets/10 // MiB
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=700", size), "tmpfs", dir).CombinedOutput(); err != nil {
		t.Logf("the disk is not filled, which needs root: %s", out)
		return false
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return true
}

// fillDisk fills the disk that a folder is on, and gives the file that does.
func fillDisk(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); ; {
		if _, err := f.Write(block); err != nil {
			if len(block) == 1 || !errors.Is(err, syscall.ENOSPC) {
				return path
			}
			block = block[:len(block)/2]
		}
	}
}
