package suite_test

import (
	"net/http"
	"net/http/httptest"

	. "github.com/onsi/ginkgo/v2"

	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

// In a file of a team's own suite these are at the top level; such a suite, which is
// run, is in suite/internal/team.
func ExampleRegister() {
	var server *httptest.Server

	var _ = BeforeSuite(func() {
		server = httptest.NewServer(http.NotFoundHandler()) // the API
		DeferCleanup(server.Close)
	})

	var _ = suite.Register(suite.Registration{
		Text: "CORS of the API",
		Config: func() target.Config {
			return target.Config{
				URL:     server.URL,
				Trusted: []string{"https://app.example.com"},
				Reads:   []string{"/me"},
				Credentials: target.CredentialsConfig{
					Cookies: []string{"session=VALUE; Secure; HttpOnly; SameSite=None"},
				},
			}
		},
	})
}
