// Package team_test is a Ginkgo suite as a team has one that is not Crossexam's: its
// own server, its own specs, and the requirements of Crossexam beside them. Of
// Crossexam it imports what such a team imports.
package team_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

func TestTeam(t *testing.T) {
	needsBrowser(t)
	RegisterFailHandler(Fail)
	RunSpecs(t, "The team's suite")
}

var server *httptest.Server

var _ = BeforeSuite(func() {
	api := careful
	if os.Getenv("TEAM_API") == "careless" {
		api = careless
	}
	server = httptest.NewServer(http.HandlerFunc(api))
	DeferCleanup(server.Close)
})

var _ = Describe("The API", Label("own"), func() {
	It("asks strangers to log in", func() {
		res, err := http.Get(server.URL + "/me")
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Body.Close()).To(Succeed())
		Expect(res).To(HaveHTTPStatus(http.StatusUnauthorized))
	})
})

func config() target.Config {
	c := target.Config{
		URL:     server.URL,
		Trusted: []string{frontEnd},
		Reads:   []string{"/me"},
	}
	c.Credentials.Cookies = []string{"session=" + session + "; Secure; HttpOnly; SameSite=None"}
	return c
}

var _ = suite.Register(suite.Registration{Text: "CORS", Config: func() target.Config {
	c := config()
	if os.Getenv("TEAM_API") == "down" {
		c.URL = "http://127.0.0.1:1"
	}
	c.Accepted = os.Getenv("TEAM_ACCEPTED")
	return c
}})

// A second API in the same suite, with a server that is started for its specs.
var _ = Describe("Another API", Label("another"), func() {
	var server *httptest.Server
	start := func() {
		server = httptest.NewServer(http.HandlerFunc(careful))
		DeferCleanup(server.Close)
	}
	if os.Getenv("TEAM_API") == "each" {
		BeforeEach(start) // another one for each spec
	} else {
		BeforeEach(OncePerOrdered, start)
	}
	suite.Register(suite.Registration{Strict: true, Config: func() target.Config {
		c := config()
		c.URL = server.URL
		return c
	}})
})

// What can happen in the middle of a suite: here, in the third spec of Crossexam's.
var _ = Describe("An accident", Label("accident"), func() {
	if os.Getenv("TEAM_ACCIDENT") == "" {
		return
	}
	specs := 0
	accident := func(ctx SpecContext) {
		if specs++; specs != 3 {
			return
		}
		switch os.Getenv("TEAM_ACCIDENT") {
		case "abort":
			AbortSuite("the team has seen enough")
		case "interrupt":
			Expect(syscall.Kill(os.Getpid(), syscall.SIGINT)).To(Succeed())
			<-ctx.Done()
		case "fail":
			Fail("the team's own check")
		}
	}
	BeforeEach(accident)
	suite.Register(suite.Registration{Text: "CORS in an accident", Config: config})
})

var _ = ReportAfterSuite("what became of it", func(r Report) {
	if path := os.Getenv("TEAM_OUTCOME"); path != "" {
		f, err := os.Create(path)
		Expect(err).NotTo(HaveOccurred())
		for _, s := range r.SpecReports {
			fmt.Fprintln(f, s.State, s.FullText())
		}
		Expect(f.Close()).To(Succeed())
	}
})
