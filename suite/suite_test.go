package suite_test

import (
	"context"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

// TestCatalogue runs the whole catalogue as Ginkgo specs: on the deployment that
// CROSSEXAM_TARGET and CROSSEXAM_TRUSTED name, else on the hardened fixture.
func TestCatalogue(t *testing.T) {
	RegisterFailHandler(Fail)
	lab, err := engine.OpenLab(t.Context(), attacker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	d := deployment(t, lab)
	plan := engine.NewPlan(scenarios.Catalogue(), d.Facts)
	suite.Register(suite.Examination{
		Plan: plan,
		Start: func(ctx context.Context) (*engine.Session, error) {
			session, err := engine.NewSession(d, plan, engine.Options{})
			if err != nil {
				return nil, err
			}
			DeferCleanup(session.Close)
			if err := session.Reach(ctx); err != nil {
				return nil, err
			}
			return session, session.Start(ctx, lab)
		},
	})
	config, reporter := GinkgoConfiguration()
	config.FailOnEmpty = true
	RunSpecs(t, "Crossexam", config, reporter)
}

func deployment(t *testing.T, lab *engine.Lab) target.Deployment {
	if url := os.Getenv("CROSSEXAM_TARGET"); url != "" {
		d, err := target.Config{
			URL:     url,
			Trusted: strings.Fields(os.Getenv("CROSSEXAM_TRUSTED")),
			Reads:   strings.Fields(os.Getenv("CROSSEXAM_READ")),
		}.Deployment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	staged, err := engine.StageNotebook(lab, fixtures.Notebook{
		Policy:  fixtures.Hardened(),
		Login:   fixtures.SessionCookie,
		Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { staged.Close() })
	return staged.Deployment
}
