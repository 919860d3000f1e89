// Package target is what is under test: how it is configured, discovered and
// launched, how a victim gets credentials for it, and which violations its
// operator accepts. Requests to it go through [tap.Tap], which is a package of its
// own; what is asked of the target, and judged, is none of this package's business.
package target
