// Package cors holds the CORS protocol of the Fetch standard as plain types
// and pure functions: origins, header lists, exchanges as they crossed the
// wire, the reasons a browser gives for refusing a response, and the rules
// that decide it. It does no I/O and imports nothing of this project: what a
// server should grant is in package scenarios, and how requests are sent and
// recorded in attacker and target.
//
// The normative text is the Fetch standard, https://fetch.spec.whatwg.org/,
// cited by the anchors of its sections.
package cors
