package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/target"
)

// Swept compares an API of many endpoints, of which all are asked by header, with one of
// as many as are examined in whole; both have seven policies.
type Swept struct {
	Few   measured `json:"8_endpoints"`
	Many  measured `json:"500_endpoints"`
	Ratio float64  `json:"ratio"`
}

// swept examines an API of so many endpoints, from the start of the browser to its end.
func swept(ctx context.Context, endpoints int) (m measured, err error) {
	front := cors.MustParseOrigin("https://notebook.example.com")
	shares := fixtures.SevenPolicies(endpoints)
	if shares[1].Routes == 0 { // too few to share out: one each
		for i := range shares {
			shares[i].Routes = 1
		}
		shares[0].Routes = endpoints - 6
	}
	server := httptest.NewServer(fixtures.NewRoutes(1, []cors.Origin{front}, shares...))
	defer server.Close()
	start := time.Now()
	record, err := engine.Examine(ctx, engine.Request{Config: target.Config{
		URL: server.URL, Trusted: []string{front.String()},
		Credentials: target.CredentialsConfig{Cookies: []string{fixtures.RoutesCookie + "; Path=/; Secure; SameSite=None"}},
	}})
	if err != nil {
		return m, err
	}
	m.WallS, m.Attempts, m.Navigations = time.Since(start).Seconds(), record.Attempts, record.Navigations
	if s := record.Sweep; endpoints > 8 && (s == nil || len(s.Endpoints) != endpoints || len(s.Classes) != len(shares)) {
		return m, fmt.Errorf("%d endpoints in %d policies were not told apart", endpoints, len(shares))
	}
	m.PeakRSSMB, err = peakRSS()
	return m, err
}

// compareSwept makes both runs, each in a process of its own.
func compareSwept() (s Swept, err error) {
	if s.Few, err = child("swept", size{Endpoints: 8}); err != nil {
		return s, err
	}
	if s.Many, err = child("swept", size{Endpoints: 500}); err != nil {
		return s, err
	}
	s.Ratio = s.Many.WallS / s.Few.WallS
	fmt.Printf("sweep: 8 endpoints %.2f s, 500 endpoints %.2f s, ratio %.2f\n", s.Few.WallS, s.Many.WallS, s.Ratio)
	return s, nil
}
