package suite_test

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

// TestCatalogue runs the whole catalogue as Ginkgo specs: on the deployment that
// CROSSEXAM_TARGET, CROSSEXAM_TRUSTED and CROSSEXAM_READ name, else on the hardened
// fixture.
func TestCatalogue(t *testing.T) {
	browsertest.Needed(t)
	RegisterFailHandler(Fail)
	config, reporter := GinkgoConfiguration()
	config.FailOnEmpty = true
	RunSpecs(t, "Crossexam", config, reporter)
}

var api target.Config

var _ = BeforeSuite(func() {
	if url := os.Getenv("CROSSEXAM_TARGET"); url != "" {
		api = target.Config{URL: url, Trusted: list("CROSSEXAM_TRUSTED"), Reads: list("CROSSEXAM_READ")}
		return
	}
	api = hardened()
})

var _ = suite.Register(suite.Registration{
	Config:         func() target.Config { return api },
	RequireBrowser: true,
})

// list is a variable of the environment with values between commas or blanks.
func list(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(r rune) bool { return r == ',' || r == ' ' })
}

// hardened serves the hardened notebook under a public-looking name until the suite
// ends.
func hardened() target.Config {
	notebook := fixtures.Notebook{
		Policy:  fixtures.Hardened(),
		Login:   fixtures.SessionCookie,
		Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
		Hosts:   []string{"api.notebook.test"},
	}
	authority, err := loopback.NewAuthority()
	Expect(err).NotTo(HaveOccurred())
	server, err := loopback.Serve(notebook.Handler(), authority)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Close)
	c := target.Config{
		URL:     "https://api.notebook.test",
		Trusted: []string{"https://notebook.example.com"},
		Reads:   []string{"/api/notebooks"},
	}
	c.Credentials.Login = &target.LoginConfig{
		Path: fixtures.LoginPath,
		Form: map[string]string{fixtures.PasswordField: fixtures.Password},
	}
	return c.ServedAt(server.Addr(), authority)
}
