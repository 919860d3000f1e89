// Package suite is the Ginkgo front end: thin specs that ask the engine for
// results, attach them, and fail with what they say. The package holds no judgement
// of its own.
//
// In a suite of your own, beside your own specs:
//
//	var _ = suite.Register(suite.Registration{
//		Config: func() target.Config { // read when specs run
//			return target.Config{
//				URL:     server.URL,
//				Trusted: []string{"https://app.example.com"},
//				Reads:   []string{"/me"},
//			}
//		},
//	})
//
// That is a spec for each requirement of the catalogue, with the labels crossexam,
// its ID, its family and its level: `ginkgo --label-filter='WLD && must'`.
// [Run] is what the command crossexam stands on: finer specs, of a plan that is
// known before.
package suite
