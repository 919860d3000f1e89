package engine

import (
	"crypto/tls"
	"net/url"
	"slices"

	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// StagedURL is where a staged fixture seems to be.
const StagedURL = "https://api.notebook.test"

// A Staged is the notebook API, served on loopback over https under a
// public-looking name, as a deployment that can be examined. It is closed by
// whoever staged it.
type Staged struct {
	Deployment target.Deployment
	server     *loopback.Server
}

// StageNotebook serves a notebook for a lab at [StagedURL]. The tap verifies its
// https by the lab's authority, as it verifies others by the system's.
func StageNotebook(lab *Lab, n fixtures.Notebook) (*Staged, error) {
	return StageNotebookAt(lab, n, StagedURL)
}

// LocalURL is where Open Notebook is without a proxy before it.
const LocalURL = "http://127.0.0.1:5055"

// StageNotebookAt is [StageNotebook] with another URL, http or https, under which
// the browser finds the notebook. Unless the notebook says otherwise, that host is
// the only one it answers for. Who logs in with a client certificate has the lab's.
func StageNotebookAt(lab *Lab, n fixtures.Notebook, at string) (*Staged, error) {
	base, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	if n.Hosts == nil {
		n.Hosts = []string{base.Hostname()}
	}
	n.Client = lab.leaf()
	config := lab.stage.Authority().TLSConfig()
	if slices.Contains(n.Login.Credentials(), scenarios.ClientCert) {
		config.ClientAuth = tls.RequestClientCert
	}
	server, err := loopback.ServeTLS(n.Handler(), config)
	if err != nil {
		return nil, err
	}
	s := &Staged{server: server, Deployment: target.Deployment{
		Facts: n.Target(at),
		Upstream: tap.Upstream{
			URL:     base,
			Address: server.Addr(),
			Roots:   lab.stage.Authority().Roots(),
		},
	}}
	creds := &s.Deployment.Credentials
	for _, kind := range s.Deployment.Facts.Credentials {
		switch kind {
		case scenarios.Cookie:
			form := url.Values{fixtures.PasswordField: {fixtures.Password}}
			creds.Login = &target.Login{
				Path:        fixtures.LoginPath,
				ContentType: "application/x-www-form-urlencoded",
				Body:        form.Encode(),
			}
		case scenarios.Basic:
			creds.Basic = &target.BasicLogin{Username: fixtures.User, Password: fixtures.Password}
		case scenarios.ClientCert:
			if lab.options.ClientCertificate != nil {
				creds.ClientCertificate = &target.ClientCertificate{TLS: *lab.options.ClientCertificate}
			}
		case scenarios.Bearer:
			creds.Bearer = fixtures.Token
		}
	}
	return s, nil
}

// Close stops the API.
func (s *Staged) Close() error { return s.server.Close() }
