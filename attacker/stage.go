package attacker

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
)

// A Stage plays every host of a run on loopback: on one port, and on a second one
// those on public addresses. The browser is told to send all its traffic there; what the stage does with a request depends on the
// origin it is for: a mounted handler (a target's tap, a fixture), a page that is
// being played, or nothing at all: the connection is closed, so that the browser
// can reach no other host and none can answer in a target's name. Other users of this
// machine are not served; see [loopback.ServeOwn].
//
// The stage is closed by whoever made it. It is safe for concurrent use.
type Stage struct {
	// collector receives what the pages send home.
	collector *collector

	authority *loopback.Authority
	server    *loopback.Server
	public    *loopback.Server // the same, on the port that stands for public addresses
	proxy     *loopback.Server // nil until it is asked for
	pages     *pageSet

	mu      sync.RWMutex
	mounted map[cors.Origin]http.Handler
	played  map[cors.Origin]Role
	asking  []cors.Origin        // where browsers are asked for a client certificate
	hidden  map[cors.Origin]bool // have no page for the moment
}

// Role says whose page is played on an origin.
type Role string

// The roles; each is the name of its page.
const (
	Malicious    Role = "malicious"
	TrustedFront Role = "trusted"
	FrameHosting Role = "frame-host"
	Framed       Role = "framed"
)

// NewStage starts the stage on a free loopback port.
func NewStage() (*Stage, error) {
	authority, err := loopback.NewAuthority()
	if err != nil {
		return nil, err
	}
	s := &Stage{
		collector: newCollector(),
		authority: authority,
		mounted:   map[cors.Origin]http.Handler{},
		played:    map[cors.Origin]Role{},
		hidden:    map[cors.Origin]bool{},
	}
	if s.pages, err = readPages(); err != nil {
		return nil, err
	}
	if s.server, err = loopback.ServeOwn(s, s.tlsConfig()); err != nil {
		return nil, err
	}
	if s.public, err = loopback.ServeOwn(s, s.tlsConfig()); err != nil {
		return nil, errors.Join(err, s.server.Close())
	}
	return s, nil
}

// Addr is the loopback address all hosts are mapped to, but those under
// [scenarios.PublicDomain].
func (s *Stage) Addr() string { return s.server.Addr() }

// publicAddr is the loopback address that hosts under [scenarios.PublicDomain] are
// mapped to. The browser takes it for a public one.
func (s *Stage) publicAddr() string { return s.public.Addr() }

// Authority makes the certificates of the stage.
func (s *Stage) Authority() *loopback.Authority { return s.authority }

// Close stops the servers.
func (s *Stage) Close() error {
	s.mu.Lock()
	proxy := s.proxy
	s.mu.Unlock()
	var err error
	if proxy != nil {
		err = proxy.Close()
	}
	return errors.Join(err, s.server.Close(), s.public.Close())
}

// Mount has the handler answer for an origin. It is replaced by a later Mount of
// the same origin and stays until the stage closes.
func (s *Stage) Mount(o cors.Origin, h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mounted[o] = h
}

// AskForCertificate has the stage ask for a client certificate on new connections
// to the hosts of these origins, and on no others.
//
// Which certificate goes along is settled when a connection is made, and Chrome
// makes no difference there between requests with credentials and those without
// (TestTheCertificateGoesWithEveryRequest). What keeps victims apart is that each has connections of its own:
// the stage is told whose turn it is.
func (s *Stage) AskForCertificate(at ...cors.Origin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = at
}

// asks reports whether a client with this server name is asked. Clients name no
// server for an IP address.
func (s *Stage) asks(serverName string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(s.asking, func(o cors.Origin) bool {
		if serverName == "" {
			_, ip := o.IP()
			return ip
		}
		return strings.EqualFold(o.Host(), serverName)
	})
}

// tlsConfig is the authority's, with the question for a certificate. Where that is
// asked no session is resumed, which would keep what an earlier one had proved.
func (s *Stage) tlsConfig() *tls.Config {
	plain := s.authority.TLSConfig()
	asking := plain.Clone()
	asking.SessionTicketsDisabled = true
	asking.ClientAuth = tls.RequestClientCert // whether it will do is for the target to say
	plain.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if s.asks(hello.ServerName) {
			return asking, nil
		}
		return nil, nil
	}
	return plain
}

// Play has the stage answer for an origin with the page of the role.
func (s *Stage) Play(o cors.Origin, r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.played[o] = r
}

// hide has the stage give no page on an origin until it is shown again.
func (s *Stage) hide(o cors.Origin) (show func()) {
	set := func(hidden bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hidden[o] = hidden
	}
	set(true)
	return func() { set(false) }
}

// ServeHTTP answers for whatever origin the request is for.
func (s *Stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := (&url.URL{Scheme: loopback.Scheme(r), Host: r.Host})
	origin := cors.OriginOf(at)
	s.mu.RLock()
	handler, mounted := s.mounted[origin]
	role, played := s.played[origin]
	hidden := s.hidden[origin]
	s.mu.RUnlock()
	switch {
	case hidden && r.URL.Path == PagePath:
		panic(http.ErrAbortHandler)
	case played && r.URL.Path == PagePath:
		s.servePage(w, origin, role)
	case played && isPlacePath(r.URL.Path):
		s.servePlace(w, r, origin, role)
	case played && r.URL.Path == collectorPath:
		s.collector.ServeHTTP(w, r)
	case isIconRequest(r):
		http.NotFound(w, r)
	case mounted:
		handler.ServeHTTP(w, r)
	case played:
		http.NotFound(w, r)
	default:
		panic(http.ErrAbortHandler)
	}
}

// isIconRequest reports whether the browser asks by itself for the icon of a page that the
// victim visits (HTML standard, link type "icon"). It does so when it has time, so that
// what a target is asked would differ from run to run; no attempt asks for an image.
func isIconRequest(r *http.Request) bool {
	return r.URL.Path == "/favicon.ico" && r.Header.Get(cors.HeaderOrigin) == "" && strings.HasPrefix(r.Header.Get("Accept"), "image/")
}

// PagePath is where the page of a played origin is. Like collectorPath it is an
// unlikely one, because a trusted origin may be the target's own, whose other
// paths belong to the target.
const PagePath = "/crossexam-page"

// collectorPath is where a page sends what it could read.
const collectorPath = "/crossexam-collector"

// isStagePath reports whether a path is the stage's on every origin that it plays.
func isStagePath(path string) bool {
	return path == PagePath || path == collectorPath || isPlacePath(path)
}

func (s *Stage) servePage(w http.ResponseWriter, origin cors.Origin, role Role) {
	s.serveTemplate(w, origin, string(role))
}

// pageOf makes one of the embedded pages, by its name.
func (s *Stage) pageOf(origin cors.Origin, name string) ([]byte, error) {
	return s.pages.of(origin, name, nil)
}

func (s *Stage) serveTemplate(w http.ResponseWriter, origin cors.Origin, name string) {
	s.pages.serve(w, origin, name, nil)
}
