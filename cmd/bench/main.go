// Command bench measures an examination of the notebook fixture: its speed, its
// memory, and its ratio to a bare chromedp program that makes the same
// attempts. Full and bare runs take turns, each in a process of
// its own that starts its own browser, so that a machine whose speed drifts
// treats both alike.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
)

const (
	pairs  = 5
	output = "crossexam-bench.json"
)

// Bench is what is written to crossexam-bench.json. Times and ratios are medians.
type Bench struct {
	WallS          float64 `json:"wall_s"`
	Attempts       int     `json:"attempts"`
	Navigations    int     `json:"navigations"`
	AttemptsPerS   float64 `json:"attempts_per_s"`
	PeakRSSMB      float64 `json:"peak_rss_mb"`
	RatioToBare    float64 `json:"ratio_to_bare"`
	RatioToBareMin float64 `json:"ratio_to_bare_min"`
	RatioToBareMax float64 `json:"ratio_to_bare_max"`
	Pairs          int     `json:"pairs"`
	Stages         stages  `json:"stages"`
	// Slope is how an examination grows.
	Slope []Step `json:"slope"`
	// Swept is an API of 500 endpoints beside one of 8.
	Swept Swept `json:"swept"`
}

// A Step is one examination of a size.
type Step struct {
	size
	measured
}

// usual is the size of the pairs: one endpoint, a cookie, two trusted origins.
func usual() size { return size{Endpoints: 1, Trusted: 2} }

func sizeOf(args []string) size {
	var s size
	// What bench gives its own children is right.
	_, _ = fmt.Sscan(args[0]+" "+args[1], &s.Endpoints, &s.Trusted)
	return s
}

func main() {
	ctx := context.Background()
	var err error
	switch {
	case len(os.Args) == 1:
		err = bench()
	case len(os.Args) == 4 && os.Args[1] == "full":
		err = show(full(ctx, sizeOf(os.Args[2:])))
	case len(os.Args) == 4 && os.Args[1] == "swept":
		err = show(swept(ctx, sizeOf(os.Args[2:]).Endpoints))
	case len(os.Args) == 4 && os.Args[1] == "bare":
		err = show(bareRun(ctx, sizeOf(os.Args[2:])))
	default:
		err = fmt.Errorf("bench takes no argument, and not %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func show(m measured, err error) error {
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// bench runs the pairs, after one pair that is not counted.
func bench() error {
	var walls, ratios, rss []float64
	var last measured
	var each []stages
	for i := range pairs + 1 {
		f, err := child("full", usual())
		if err != nil {
			return err
		}
		b, err := child("bare", usual())
		if err != nil {
			return err
		}
		if f.Attempts != b.Attempts {
			return fmt.Errorf("the examination made %d attempts and the bare program %d: they cannot be compared", f.Attempts, b.Attempts)
		}
		if i == 0 {
			continue
		}
		fmt.Printf("pair %d: full %.2f s, bare %.2f s, ratio %.2f\n", i, f.WallS, b.WallS, f.WallS/b.WallS)
		walls, ratios, rss = append(walls, f.WallS), append(ratios, f.WallS/b.WallS), append(rss, f.PeakRSSMB)
		last, each = f, append(each, *f.Stages)
	}
	wall := median(walls)
	result := Bench{
		WallS:          wall,
		Attempts:       last.Attempts,
		Navigations:    last.Navigations,
		AttemptsPerS:   float64(last.Attempts) / wall,
		PeakRSSMB:      slices.Max(rss),
		RatioToBare:    median(ratios),
		RatioToBareMin: slices.Min(ratios),
		RatioToBareMax: slices.Max(ratios),
		Pairs:          pairs,
		Stages:         medians(each),
	}
	for _, s := range []size{{1, 2}, {4, 2}, {16, 2}, {1, 1}, {1, 4}} {
		m, err := child("full", s)
		if err != nil {
			return err
		}
		fmt.Printf("%d endpoints, %d trusted origins: %.2f s, %d attempts\n", s.Endpoints, s.Trusted, m.WallS, m.Attempts)
		result.Slope = append(result.Slope, Step{s, m})
	}
	var err error
	if result.Swept, err = compareSwept(); err != nil {
		return err
	}
	encoded, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", encoded)
	return os.WriteFile(output, append(encoded, '\n'), 0o644)
}

func child(kind string, s size) (measured, error) {
	var m measured
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	c := exec.Command(self, kind, strconv.Itoa(s.Endpoints), strconv.Itoa(s.Trusted))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return m, fmt.Errorf("the %s run: %w", kind, err)
	}
	return m, json.Unmarshal(out, &m)
}

// medians are those of each stage by itself.
func medians(of []stages) (m stages) {
	for _, stage := range []func(*stages) *float64{
		func(s *stages) *float64 { return &s.BrowserS },
		func(s *stages) *float64 { return &s.PrepareS },
		func(s *stages) *float64 { return &s.VictimsS },
		func(s *stages) *float64 { return &s.ObserveS },
		func(s *stages) *float64 { return &s.EndS },
		func(s *stages) *float64 { return &s.ReportS },
	} {
		var values []float64
		for i := range of {
			values = append(values, *stage(&of[i]))
		}
		*stage(&m) = median(values)
	}
	return m
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
