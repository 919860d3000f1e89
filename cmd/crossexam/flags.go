package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// strictly has the flags of a command and of those below it refuse what would be lost
// without a word: an empty value, as a variable of the shell that is not set leaves it, and
// a second value where only the last counts.
func strictly(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Value.Type() != "bool" {
			f.Value = &strictValue{Value: f.Value}
			if f.DefValue == "[]" || f.DefValue == "0s" {
				f.DefValue = "" // the help says nothing of an empty one
			}
		}
	})
	for _, below := range c.Commands() {
		strictly(below)
	}
}

// A strictValue is the value of a flag that is given once, unless it is a list, and is
// not empty.
type strictValue struct {
	pflag.Value
	given bool
}

func (v *strictValue) Set(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New("it is empty, as a variable that is not set leaves it: give a value, or leave the flag out")
	case v.given && !strings.HasSuffix(v.Type(), "Array") && !strings.HasSuffix(v.Type(), "Slice"):
		return errors.New("it is given twice, and takes one value: give it once")
	}
	v.given = true
	return v.Value.Set(s)
}

// ofFlag is an error about the value of a flag, in plain words. The value is repeated only
// where its type lets it be no secret.
func ofFlag(invalid *pflag.InvalidValueError) error {
	err := invalid.Unwrap()
	var number *strconv.NumError
	if errors.As(err, &number) {
		what := "a number"
		if invalid.GetFlag().Value.Type() == "bool" {
			what = "true or false"
		}
		err = fmt.Errorf("%q cannot be used: write %s", invalid.GetValue(), what)
	}
	return fmt.Errorf("--%s: %w", invalid.GetFlag().Name, err)
}
