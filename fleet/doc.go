// Package fleet examines many targets on as many machines as it takes. The targets are
// items of a work queue on NATS JetStream; workers take them, one at a time for each
// host, sweep them and, where something is granted, prove it in the browser. What is
// found is stored once for each target, configuration and stage, whoever is killed
// meanwhile: an item leaves the queue after its result is stored, and a result is stored
// only in the place of the one that the item was queued to replace.
//
// No secret is in any message, bucket or report: what is stored of a configuration has
// their names, and the worker looks them up.
package fleet
