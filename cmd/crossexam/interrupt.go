package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// patience is how long a process that was told twice to stop may still take to
// remove what it made.
const patience = 2 * time.Second

var errInterrupted = errors.New("a signal ended it")

// interruptible gives a context that the first signal cancels, by which a run ends
// in order. The second signal ends the process even where it cannot: what writes to
// a pipe that nobody reads, for one. stop lets go of the signals.
//
// It does not end the process in that instant, because everything was cancelled by
// the first signal, and is about to leave no browser and no temporary file behind.
func interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		select {
		case <-signals:
		case <-ended:
			return
		}
		fmt.Fprintln(os.Stderr, "\ncrossexam: stopping; once more to stop at once")
		cancel(errInterrupted)
		select {
		case <-signals:
		case <-ended:
			return
		}
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case <-ended:
		case <-late.C:
			os.Exit(exitCouldNotSay)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(ended)
		cancel(nil)
	}
}
