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

// How long a process may still take that was told to stop: to judge no more, to write
// its report and to remove what it made; and, told twice, to remove what it made.
const (
	patience     = 4500 * time.Millisecond
	lastPatience = 2 * time.Second
)

var errInterrupted = errors.New("a signal ended it")

// interruptible gives a context that the first signal cancels, by which a run ends
// in order. Where it cannot, as it writes to a pipe that nobody reads, for one, the
// process is ended all the same, and sooner after a second signal. stop lets go of
// the signals.
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
		end := func() { os.Exit(exitCouldNotSay) }
		defer time.AfterFunc(patience, end).Stop()
		select {
		case <-signals:
		case <-ended:
			return
		}
		defer time.AfterFunc(lastPatience, end).Stop()
		<-ended
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(ended)
		cancel(nil)
	}
}
