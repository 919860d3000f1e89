package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/crossexam/crossexam/scratch"
)

// A Broker is a NATS server in this process, which keeps a fleet in a folder.
type Broker struct {
	server *server.Server
	lock   *os.File
	seed   string // path of the credential; empty where nothing listens
	full   chan struct{}
	once   sync.Once // closes it
}

// BrokerOptions say where a broker keeps what it has, and whom it listens to.
type BrokerOptions struct {
	State string // a folder, which is made
	// Listen is an address on loopback, such as 127.0.0.1:4222 (or port 0), for workers in
	// other processes; empty has nobody but this process reach the broker.
	Listen string
	// store bounds what is stored, in bytes; 0 is three quarters of what the disk has left.
	store int64
}

// ErrInUse says that another process keeps a fleet in the folder.
var ErrInUse = errors.New("another crossexam keeps a fleet there")

// The files of a state folder. Whoever can read the credential can use the broker.
const (
	credentialFile = "worker.nk"
	addressFile    = "address"
)

// unwritable says that no state can be kept in a folder.
func unwritable(folder string, err error) error {
	return fmt.Errorf("the state of the fleet cannot be kept in %s (%w): name a folder that can be written to", folder, err)
}

// StartBroker starts a broker. One at a time can use a folder: the error is ErrInUse for
// another.
func StartBroker(o BrokerOptions) (_ *Broker, err error) {
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, unwritable(o.State, err)
	}
	b := &Broker{full: make(chan struct{})}
	switch b.lock, err = scratch.Lock(o.State); {
	case errors.As(err, new(*fs.PathError)): // its file cannot be made
		return nil, unwritable(o.State, err)
	case err != nil:
		return nil, fmt.Errorf("the folder %s cannot be used: %w", o.State, errors.Join(ErrInUse, err))
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	options := &server.Options{
		ServerName: "crossexam", NoSigs: true, DontListen: true,
		JetStream: true, StoreDir: o.State, JetStreamMaxStore: o.store,
		// What a crash of the whole machine can lose; that of the process loses nothing.
		SyncInterval: 10 * time.Second,
	}
	if o.Listen != "" {
		if err := b.listen(options, o); err != nil {
			return nil, err
		}
	}
	if b.server, err = server.NewServer(options); err != nil {
		return nil, err
	}
	b.server.SetLogger(brokerLog{b}, false, false)
	b.server.Start()
	if !b.server.ReadyForConnections(10*time.Second) || !b.server.JetStreamEnabled() {
		return nil, fmt.Errorf("the broker in %s did not start: is there room on its disk, and may the folder be written to?", o.State)
	}
	address := filepath.Join(o.State, addressFile)
	if o.Listen != "" {
		err = os.WriteFile(address, []byte(b.server.ClientURL()), 0o600)
	} else if err = os.Remove(address); errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return b, err
}

// listen has the broker listen on loopback, to whoever has the credential.
func (b *Broker) listen(options *server.Options, o BrokerOptions) error {
	host, port, err := net.SplitHostPort(o.Listen)
	number, convErr := strconv.Atoi(port)
	if err != nil || convErr != nil {
		return fmt.Errorf("%q is no address to listen on: write it like 127.0.0.1:4222", o.Listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the built-in broker listens on loopback alone, and %s is not: for workers on other machines run a nats-server, and name that as the broker", host)
	}
	if number == 0 {
		number = server.RANDOM_PORT
	}
	b.seed = filepath.Join(o.State, credentialFile)
	public, err := credential(b.seed)
	if err != nil {
		return err
	}
	options.DontListen, options.Host, options.Port = false, host, number
	options.Nkeys = []*server.NkeyUser{{Nkey: public}}
	return nil
}

// credential makes the file of the credential, where there is none, and gives its
// public part.
func credential(path string) (string, error) {
	seed, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		pair, err := nkeys.CreateUser()
		if err != nil {
			return "", err
		}
		if seed, err = pair.Seed(); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, append(seed, '\n'), 0o600); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", err
	}
	pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(string(seed))))
	if err != nil {
		return "", fmt.Errorf("%s is no credential: remove it, and a new one is made: %w", path, err)
	}
	return pair.PublicKey()
}

// brokerLog is what a server takes for its log.
type brokerLog struct{ broker *Broker }

// Errorf is told of the server's errors: of one by which it stores nothing any more, for
// good, until it is started again.
func (l brokerLog) Errorf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if strings.Contains(text, "Critical write error") || strings.Contains(text, "JetStream out of") || strings.Contains(text, "no space left") {
		l.broker.once.Do(func() { close(l.broker.full) })
	}
}

// The rest of the server's log is nobody's business.

func (l brokerLog) Fatalf(format string, args ...any) { l.Errorf(format, args...) }
func (l brokerLog) Warnf(format string, args ...any)  { l.Errorf(format, args...) }
func (brokerLog) Noticef(string, ...any)              {}
func (brokerLog) Debugf(string, ...any)               {}
func (brokerLog) Tracef(string, ...any)               {}

// Full is closed when the broker has given up, as its disk cannot be written to. What it
// has stored stays, and a new broker goes on with it.
func (b *Broker) Full() <-chan struct{} { return b.full }

// URL is the address that the broker listens on; empty for none.
func (b *Broker) URL() string {
	if b.seed == "" {
		return ""
	}
	return b.server.ClientURL()
}

// Credential is the file that --nats-creds takes; empty where the broker does not listen.
func (b *Broker) Credential() string { return b.seed }

// Open opens the fleet that this process's broker keeps.
func (b *Broker) Open(ctx context.Context, o StoreOptions) (*Store, error) {
	nc, err := b.connect()
	if err != nil {
		return nil, err
	}
	return openStore(ctx, nc, o)
}

func (b *Broker) connect() (*nats.Conn, error) {
	options := append(connectOptions(), nats.InProcessServer(b.server))
	if b.seed != "" {
		o, err := nats.NkeyOptionFromSeed(b.seed)
		if err != nil {
			return nil, err
		}
		options = append(options, o)
	}
	return nats.Connect("", options...)
}

// Close ends the broker. It may be called more than once.
func (b *Broker) Close() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
	if b.lock != nil {
		_ = b.lock.Close() // which lets go of it
	}
}

// Remote says which broker to connect to.
type Remote struct {
	// URL is nats://, tls:// or ws://; several are separated by commas.
	URL string
	// Credentials is a file: one of NATS (.creds), or the seed of a user's key. Empty for
	// none.
	Credentials string
	// CA is a PEM file with the authorities of the broker's certificate; empty for the
	// system's.
	CA string
	// Wait is how long a broker is waited for that nobody answers for yet: it may be starting
	// too, or be restarted. 0 is not at all.
	Wait time.Duration
}

// Open opens the fleet that a broker keeps. The connection outlives the broker's servers.
func (r Remote) Open(ctx context.Context, o StoreOptions) (*Store, error) {
	nc, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	return openStore(ctx, nc, o)
}

func (r Remote) connect(ctx context.Context) (*nats.Conn, error) {
	options := connectOptions()
	if r.Credentials != "" {
		text, err := os.ReadFile(r.Credentials)
		if err != nil {
			return nil, fmt.Errorf("the credentials of NATS: %w", err)
		}
		if strings.Contains(string(text), "-----BEGIN NATS USER JWT-----") {
			options = append(options, nats.UserCredentials(r.Credentials))
		} else {
			o, err := nats.NkeyOptionFromSeed(r.Credentials)
			if err != nil {
				return nil, fmt.Errorf("the credentials of NATS: %s has neither a JWT nor the seed of a user's key", r.Credentials)
			}
			options = append(options, o)
		}
	}
	if r.CA != "" {
		options = append(options, nats.RootCAs(r.CA))
	}
	nc, err := nats.Connect(r.URL, options...)
	for end := time.Now().Add(r.Wait); isAway(err) && time.Now().Before(end); {
		select {
		case <-time.After(100 * time.Millisecond):
			nc, err = nats.Connect(r.URL, options...)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if err == nil {
		if err = hasJetStream(ctx, nc); err == nil || ctx.Err() != nil {
			return nc, nil
		}
		nc.Close()
	}
	return nil, fmt.Errorf("the broker at %s cannot be used: %w%s", WithoutPasswords(r.URL), err, r.advice(err))
}

// isAway reports whether nobody answered, or whoever did was gone before the connection was
// made, as a broker is that is being restarted.
func isAway(err error) bool {
	for _, away := range []error{nats.ErrNoServers, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, away) {
			return true
		}
	}
	return false
}

// startTime is how long the servers of a broker may take from their start until they store
// something.
const startTime = 10 * time.Second

// hasJetStream has an error where a broker stores nothing at all.
func hasJetStream(ctx context.Context, nc *nats.Conn) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	var none error
	_, err = persist(ctx, patience{long: startTime}, func(ctx context.Context) (*jetstream.AccountInfo, error) {
		info, err := js.AccountInfo(ctx)
		none = nil
		if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
			none = err
			return nil, errors.New("not yet") // for all that is known
		}
		return info, nil // whoever opens a fleet waits for the rest
	})
	if err != nil && none != nil {
		return none
	}
	return nil
}

// advice is what to do where a broker cannot be used, after the error; empty for nothing
// that its text does not say.
func (r Remote) advice(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return ": a fleet is kept in JetStream, which nats-server has with --jetstream, and an account where that says so"
	case errors.Is(err, nats.ErrAuthorization) && r.Credentials == "" && !strings.Contains(r.URL, "@"):
		return ": it asks for credentials, in a file or in the URL, as in nats://USER:PASSWORD@HOST"
	case errors.Is(err, nats.ErrAuthorization):
		return ": it refuses these credentials"
	case errors.Is(err, nats.ErrNoServers):
		return ": nobody answers there"
	case errors.Is(err, nats.ErrSecureConnWanted):
		return ": it does not speak TLS, so that its URL begins with nats://"
	case errors.As(err, &timeout) && timeout.Timeout():
		return ": is that the address of a NATS server, such as nats://HOST:4222?"
	}
	return ""
}

// RemoteOf is the broker that a run listens with on loopback, for other commands on this
// machine. ok is false where none listens.
func RemoteOf(state string) (r Remote, ok bool) {
	address, err := os.ReadFile(filepath.Join(state, addressFile))
	if err != nil {
		return Remote{}, false
	}
	return Remote{URL: string(address), Credentials: filepath.Join(state, credentialFile)}, true
}

// WithoutPasswords takes user names and passwords out of a list of URLs.
func WithoutPasswords(urls string) string {
	list := strings.Split(urls, ",")
	for i, u := range list {
		if scheme, rest, ok := strings.Cut(u, "://"); ok {
			list[i] = scheme + "://" + rest[strings.LastIndex(rest, "@")+1:]
		}
	}
	return strings.Join(list, ",")
}

// connectOptions have a connection outlive its servers.
func connectOptions() []nats.Option {
	return []nats.Option{
		nats.Name("crossexam"), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.Timeout(5 * time.Second), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
	}
}
