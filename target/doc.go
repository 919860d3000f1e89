// Package target is what is under test: how it is configured and discovered, how
// a victim gets credentials for it, and the tap, the recording proxy through
// which every request to it goes.
package target
