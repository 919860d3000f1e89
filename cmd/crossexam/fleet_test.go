package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/fleet"
)

// A fleet is swept, known, told of, and swept again when that is wanted; no browser is
// needed for it.
func TestFleetOfSweeps(t *testing.T) {
	t.Parallel()
	targets := serveFleet(t, 6, 1)
	dir := t.TempDir()
	manifest := targets.manifest(t, dir)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent.Close() // nobody is there
	extra := fmt.Sprintf("  - target: http://%s\n    name: gone\n  - target: http://%s/sub\n    credentials: {bearer: \"${FLEET_NOT_SET}\"}\n    name: secretless\n", silent.Addr(), silent.Addr())
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "targets: [targets.csv]\n", "targets:\n  - targets.csv\n"+extra, 1))
	if err := os.WriteFile(manifest, text, 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		code, output := start(t, dir, binary, append([]string{"fleet"}, args...)...).end(t)
		if code != want {
			t.Fatalf("%q ends with %d:\n%s", args, code, output)
		}
		return output
	}
	run(1, "run", manifest, "--prove=none", "--lease=600ms")
	if got := found(t, filepath.Join(dir, "crossexam-fleet-report")); len(got) != 8 {
		t.Errorf("%d outcomes", len(got))
	} else if o := got["http://"+silent.Addr().String()]; o.ExitCode != 3 || o.Fault == nil || o.Fault.Stage != "reach" || o.Name != "gone" {
		t.Errorf("the target that is not there: %+v %+v", o, o.Fault)
	}
	var st fleet.Status
	if err := json.Unmarshal([]byte(run(0, "status", "--json")), &st); err != nil {
		t.Fatal(err)
	}
	if st.Targets != 8 || st.Known != 8 || len(st.Dead) != 1 || !strings.Contains(st.Dead[0].Reason, "FLEET_NOT_SET") || st.Dead[0].Attempts != 5 {
		t.Errorf("%+v", st)
	}
	if text := run(0, "status"); !strings.Contains(text, "8 of 8 targets are known") || !strings.Contains(text, "FLEET_NOT_SET is not set") {
		t.Error(text)
	}
	asked := targets.count()
	run(1, "report", "--out=again")
	if got, want := len(found(t, filepath.Join(dir, "again"))), 8; got != want || targets.count() != asked {
		t.Errorf("%d outcomes, %d requests", got, targets.count()-asked)
	}
	if out := run(0, "cancel"); !strings.Contains(out, "0 targets") {
		t.Error(out)
	}
	if out := run(0, "retry", "gone"); !strings.Contains(out, "1 target was queued again") {
		t.Error(out)
	}
	// What changed is swept again, and what was not wanted to be known before.
	replace := func(old, new string) {
		data, _ := os.ReadFile(filepath.Join(dir, "targets.csv"))
		if err := os.WriteFile(filepath.Join(dir, "targets.csv"), []byte(strings.ReplaceAll(string(data), old, new)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	replace("team-0", "team-9") // which is no part of the configuration
	if out := run(1, "run", manifest, "--prove=none"); !strings.Contains(out, "2 to examine, 6 known already") || targets.count() != asked {
		t.Errorf("%d requests\n%s", targets.count()-asked, out)
	}
	if o := found(t, filepath.Join(dir, "crossexam-fleet-report"))[targets.urls[0]]; o.Owner != "team-9" {
		t.Errorf("its owner is %q", o.Owner)
	}
	if out := run(1, "run", manifest, "--prove=none", "--since=1ms"); !strings.Contains(out, "8 to examine, 0 known already") || targets.count() == asked {
		t.Errorf("%d requests\n%s", targets.count()-asked, out)
	}
	targets.check(t)
}

// A run that is told to stop gives back what it is at, and the same command goes on, at
// once: with these leases it would not in a test's time. No target is examined twice.
func TestFleetGoesOn(t *testing.T) {
	targets := serveFleet(t, 12, 2)
	dir := t.TempDir()
	manifest := targets.manifest(t, dir)
	reached, release := targets.holdAfter(60)
	p := start(t, dir, binary, "fleet", "run", manifest, "--prove=none", "--sweeps=2", "--lease=10m")
	<-reached
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, output := p.end(t); code != 3 || !strings.Contains(output, "the same command goes on") {
		t.Errorf("it ends with %d:\n%s", code, output)
	}
	release()
	if code, output := start(t, dir, binary, "fleet", "run", manifest, "--prove=none").end(t); code > 1 || strings.Contains(output, " 0 known already") {
		t.Errorf("it goes on and ends with %d:\n%s", code, output)
	}
	if results, writes := storedIn(t, filepath.Join(dir, "crossexam-fleet")); results != 12 || writes != 12 {
		t.Errorf("%d results, written %d times", results, writes)
	}
}

// A worker that is told to stop ends in order, which it has five seconds for, and another
// takes at once what it gives back: with these leases, nobody would have it else.
func TestFleetWorkerIsStopped(t *testing.T) {
	t.Parallel()
	targets := serveFleet(t, 8, 3)
	dir := t.TempDir()
	manifest := targets.manifest(t, dir)
	reached, release := targets.holdAfter(40)
	run := start(t, dir, binary, "fleet", "run", manifest, "--prove=none", "--workers=0", "--listen=127.0.0.1:0", "--lease=10m")
	awaitFile(t, filepath.Join(dir, "crossexam-fleet", "address"))
	worker := start(t, dir, binary, "fleet", "worker", "--sweeps=3")
	<-reached
	if err := worker.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, output := worker.end(t); code != 0 {
		t.Errorf("the worker ends with %d:\n%s", code, output)
	}
	release()
	other := start(t, dir, binary, "fleet", "worker", "--sweeps=3")
	if code, output := run.end(t); code > 1 || strings.Contains(output, "given up") {
		t.Errorf("the run ends with %d:\n%s", code, output)
	}
	if err := other.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, output := other.end(t); code != 0 {
		t.Errorf("without a broker a worker that is stopped ends with %d:\n%s", code, output)
	}
	if results, writes := storedIn(t, filepath.Join(dir, "crossexam-fleet")); results != 8 || writes != 8 {
		t.Errorf("%d results, written %d times", results, writes)
	}
}

// A run whose broker takes nothing more, which keeps what it has, ends with what is known and with
// what does not answer.
func TestFleetOnADeafBroker(t *testing.T) {
	t.Parallel()
	targets := serveFleet(t, 3, 1)
	dir := t.TempDir()
	manifest := targets.manifest(t, dir)
	broker := natsServer(t)
	run := func(want int, says string, args ...string) {
		t.Helper()
		code, output := start(t, dir, binary, append([]string{"fleet", "run", manifest, "--prove=none", "--nats=" + broker.ClientURL(), "--broker-timeout=1s"}, args...)...).end(t)
		if code != want || !strings.Contains(output, says) {
			t.Errorf("%q ends with %d:\n%s", args, code, output)
		}
	}
	run(1, "3 of 3 targets are known", "--out=before")
	turnDeaf(t, broker, "KV_crossexam-results")
	run(3, "the results: the broker has not answered as it should", "--out=after", "--since=1ms")
	same(t, found(t, filepath.Join(dir, "before")), found(t, filepath.Join(dir, "after")))
}

func natsServer(t testing.TB) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the broker does not start")
	}
	return s
}

// turnDeaf has a stream take nothing of what is sent to it.
func turnDeaf(t testing.TB, s *server.Server, stream string) {
	t.Helper()
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	found, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	config := found.CachedInfo().Config
	config.Subjects = []string{"elsewhere"}
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

func TestFleetUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "fleet.yaml")
	if err := os.WriteFile(file, []byte("targets:\n  - target: http://127.0.0.1:1\n    red: []\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no file":      {[]string{"run"}, "give one file"},
		"wrong file":   {[]string{"run", file}, "fleet.yaml:3:"},
		"wrong share":  {[]string{"run", file, "--prove=some"}, "--prove"},
		"wrong age":    {[]string{"run", file, "--since=often"}, "7d"},
		"both brokers": {[]string{"run", file, "--nats=nats://127.0.0.1:1", "--listen=127.0.0.1:0"}, "--listen"},
		"no worker":    {[]string{"run", file, "--workers=0"}, "--listen"},
		"no broker":    {[]string{"worker"}, "--nats"},
		"nobody there": {[]string{"worker", "--nats=nats://127.0.0.1:1"}, "cannot be used"},
		"no fleet":     {[]string{"report"}, "nothing was submitted"},
		"wrong name":   {[]string{"status", "--fleet=a.b"}, "no name of a fleet"},
	} {
		code, output := start(t, dir, binary, append([]string{"fleet"}, c.args...)...).end(t)
		if code != 2 || !strings.Contains(output, c.want) {
			t.Errorf("%s: it ends with %d:\n%s", name, code, output)
		}
	}
}

func TestFleetHealth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "health")
	if code, output := start(t, t.TempDir(), binary, "fleet", "health", file).end(t); code != 3 {
		t.Errorf("without a file: %d\n%s", code, output)
	}
	touch(file)
	if code, output := start(t, t.TempDir(), binary, "fleet", "health", file).end(t); code != 0 {
		t.Errorf("it is well: %d\n%s", code, output)
	}
	old := time.Now().Add(-3 * time.Minute)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	if code, output := start(t, t.TempDir(), binary, "fleet", "health", file).end(t); code != 3 || !strings.Contains(output, "not well") {
		t.Errorf("it is not: %d\n%s", code, output)
	}
}

// drawn finds the names of paths, hosts and headers that an examination draws for itself.
var drawn = regexp.MustCompile(`(?i)crossexam-([0-9a-f]{12}|[a-z2-7]{12})\b`)

// drawnLabel finds the name that an examination draws for itself.
var drawnLabel = regexp.MustCompile(`Crossexam-Injected:([a-z2-7]{12})`)

// What differs from one examination of a target to the next: names that are drawn, ports,
// keys and folders of this run, and times.
var differs = []struct {
	of *regexp.Regexp
	is string
}{
	{drawn, "NAME"},
	{regexp.MustCompile(`crossexam-profile-\d+`), "PROFILE"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "HARNESS"},
	{regexp.MustCompile(`spki-list=[^"]+`), "KEY"},
	{regexp.MustCompile(`"(started|duration_ms|startTimeUtc)": *("[^"]*"|[0-9.]+)`), `"$1": 0`},
	{regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`), "DATE"},
	{regexp.MustCompile(`\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d:\d\d UTC`), "DATE"},
	{regexp.MustCompile(`\bin \d+(\.\d+)? ?s\b`), "in TIME"},
}

// A worker that examines one target comes to the report of `crossexam test`, but for
// times and names.
func TestFleetOfOneIsTheTest(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts browsers")
	}
	// With HTTP authentication, how often a browser asks depends on which of its requests is
	// challenged first.
	policy, _ := fixtures.PolicyNamed("wildcard-echo-always")
	api := httptest.NewServer(fixtures.Notebook{Policy: policy, Login: fixtures.SessionCookie, Origins: []cors.Origin{mustOrigin(t, fleetTrusted)}}.Handler())
	defer api.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "crossexam.yaml")
	text := "target: " + api.URL + "\ntrusted: [" + fleetTrusted + "]\nread: [/api/notebooks]\ncredentials: {login: {path: " + fixtures.LoginPath + ", json: {" + fixtures.PasswordField + ": \"${FLEET_SECRET}\"}}}\n"
	manifest := filepath.Join(dir, "fleet.yaml")
	for path, text := range map[string]string{config: text, manifest: "targets: [crossexam.yaml]\n"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	code, output := start(t, dir, binary, "test", "--config", config, "--out", "single").end(t)
	fleetCode, fleetOutput := start(t, dir, binary, "fleet", "run", manifest, "--prove=all").end(t)
	if code != fleetCode || code == 3 {
		t.Fatalf("the test ends with %d, and the fleet with %d:\n%s\n%s", code, fleetCode, output, fleetOutput)
	}
	o := found(t, filepath.Join(dir, "crossexam-fleet-report"))[api.URL]
	ofFleet := filepath.Join(dir, "crossexam-fleet-report", filepath.Dir(filepath.FromSlash(o.Report)))
	for _, file := range []string{"report.json", "report.html", "results.sarif", "summary.md", "badge.json", "poc/README.md", "poc/every-origin.html"} {
		a, b := normal(t, filepath.Join(dir, "single", file)), normal(t, filepath.Join(ofFleet, file))
		if len(a) != len(b) || file == "report.json" && len(a) < 1000 {
			t.Errorf("%s: %d lines, and %d", file, len(a), len(b))
		}
		shown := 0
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				if shown++; shown <= 3 {
					t.Errorf("%s, line %d\n test  %s\n fleet %s", file, i+1, a[i], b[i])
				}
			}
		}
	}
}

// normal are the lines of a file of a report, without times and names.
func normal(t testing.TB, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := string(data)
	if m := drawnLabel.FindSubmatch(data); m != nil {
		s = regexp.MustCompile("(?i)"+string(m[1])).ReplaceAllString(s, "LABEL") // in the name of a header it has a capital
	}
	for _, d := range differs {
		s = d.of.ReplaceAllString(s, d.is)
	}
	return strings.Split(s, "\n")
}
