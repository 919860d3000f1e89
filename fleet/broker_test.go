package fleet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A broker that listens does so on loopback, to whoever has the credential, which nobody
// else can read.
func TestBrokerListens(t *testing.T) {
	dir := t.TempDir()
	b, err := StartBroker(BrokerOptions{State: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if info, err := os.Stat(b.Credential()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the credential: %v, %v", info.Mode(), err)
	}
	remote, listens := RemoteOf(dir)
	if !listens || remote.URL != b.URL() {
		t.Fatalf("%+v, %v", remote, listens)
	}
	s, err := remote.Open(until(t), StoreOptions{Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := (Remote{URL: remote.URL}).Open(until(t), StoreOptions{}); err == nil {
		t.Error("it takes who has no credential")
	}
	other := filepath.Join(t.TempDir(), "other.nk")
	if _, err := credential(other); err != nil {
		t.Fatal(err)
	}
	if _, err := (Remote{URL: remote.URL, Credentials: other}).Open(until(t), StoreOptions{}); err == nil {
		t.Error("it takes another credential")
	}
	// What the fleet was made with holds for all.
	again, err := b.Open(until(t), StoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.lease != time.Minute {
		t.Errorf("its lease is %s", again.lease)
	}
}

func TestBrokerRefuses(t *testing.T) {
	for address, want := range map[string]string{"0.0.0.0:4222": "loopback", "192.0.2.1:4222": "loopback", "example.com:4222": "loopback", "4222": "no address", "127.0.0.1:x": "no address"} {
		if _, err := StartBroker(BrokerOptions{State: t.TempDir(), Listen: address}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
	dir := t.TempDir()
	broker(t, dir)
	if _, err := StartBroker(BrokerOptions{State: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one in the folder: %v", err)
	}
	shut := t.TempDir() // as one that may only be read: its lock cannot be opened
	if err := os.Mkdir(filepath.Join(shut, "crossexam.lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{shut, file} {
		if _, err := StartBroker(BrokerOptions{State: dir}); err == nil || errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "name a folder that can be written to") {
			t.Errorf("where nothing can be kept: %v", err)
		}
	}
	if _, listens := RemoteOf(dir); listens {
		t.Error("it is said to listen")
	}
	if got := WithoutPasswords("nats://me:secret@a:4222,tls://b"); got != "nats://a:4222,tls://b" {
		t.Error(got)
	}
}

// What a broker has stored is there for the next one.
func TestBrokerKeeps(t *testing.T) {
	dir := t.TempDir()
	b := broker(t, dir)
	s := fleetOn(t, b, 0)
	if _, err := s.Submit(until(t), ProveSuspects, []Target{numbered(1)}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b.Close()
	b = broker(t, dir)
	s = fleetOn(t, b, 0)
	working(t, s, &Worker{Stages: newTally().stages()})
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
}

// A worker may be started a moment before its broker, or while one ends.
func TestBrokerThatStartsLater(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	o := BrokerOptions{State: t.TempDir(), Listen: address}
	if _, err := credential(filepath.Join(o.State, "worker.nk")); err != nil {
		t.Fatal(err)
	}
	started := make(chan *Broker, 1)
	remote := Remote{URL: "nats://" + address, Credentials: filepath.Join(o.State, "worker.nk"), Wait: time.Minute}
	refused := remote
	refused.Wait = 0
	if _, err := refused.Open(until(t), StoreOptions{}); err == nil {
		t.Fatal("nobody is there, and it is open")
	}
	l, err = net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, linger := range []int{0, -1} { // a reset, and an end
			if c, err := l.Accept(); err != nil || c.(*net.TCPConn).SetLinger(linger) != nil || c.Close() != nil {
				t.Error("no connection was cut off")
			}
		}
		l.Close()
		b, err := StartBroker(o)
		if err != nil {
			t.Error(err)
		}
		started <- b
	}()
	s, err := remote.Open(until(t), StoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	(<-started).Close()
}
