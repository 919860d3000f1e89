// Other ways for a page to make a request than fetch. Each takes the same spec
// as attempt, gives the same view, and lets Chrome see the attempt's name.
"use strict";

const ways = {
  "untyped-fetch": (spec) => attempt(Object.assign(spec, { init: { ...spec.init, body: new Blob([spec.init.body]) } })),
  "event-source": listenToStream,
  "websocket": openSocket,
  "script": runScript,
};

// listenToStream waits for the first event of an event stream.
async function listenToStream(spec) {
  const view = nothingSeen();
  const options = { withCredentials: spec.init.credentials === "include" };
  const named = { [spec.name]: () => new EventSource(spec.url, options) };
  const source = named[spec.name]();
  view.body = await firstOf(spec, (resolve) => {
    source.onopen = () => Object.assign(view, { readable: true, status: 200 });
    source.onmessage = (e) => resolve(e.data);
    source.onerror = () => resolve("");
  });
  source.close();
  if (!view.readable) view.error = "EventSource gives no reason";
  return takenHome(spec, view);
}

// openSocket waits for the first message of a WebSocket, and sends the attempt's
// before, if it has one.
async function openSocket(spec) {
  const view = nothingSeen();
  const named = { [spec.name]: () => new WebSocket(spec.url.replace(/^http/, "ws"), spec.offers) };
  const socket = named[spec.name]();
  socket.binaryType = "arraybuffer";
  view.body = await firstOf(spec, (resolve) => {
    socket.onopen = () => {
      Object.assign(view, { readable: true, status: 101 });
      if (spec.message) socket.send(spec.message);
    };
    socket.onmessage = ({ data }) => resolve(typeof data === "string" ? data : new TextDecoder().decode(data));
    socket.onclose = () => resolve("");
  });
  socket.close();
  if (!view.readable) view.error = "WebSocket gives no reason";
  return takenHome(spec, view);
}

// runScript has a reply run as a script, and takes what it hands to the function
// crossexam. It is called in a frame of its own, one at a time. readable says
// that data came out, error that the browser did not take it for a script.
async function runScript(spec) {
  const view = nothingSeen();
  const script = document.createElement("script");
  globalThis.crossexam = (...data) => Object.assign(view, { readable: true, body: JSON.stringify(data) });
  const named = { [spec.name]: () => document.documentElement.append(script) };
  script.src = spec.url;
  view.error = await firstOf(spec, (resolve) => {
    script.onload = () => resolve("");
    script.onerror = () => resolve("the script did not load");
    named[spec.name]();
  }, "timeout");
  script.remove();
  return takenHome(spec, view);
}

function nothingSeen() {
  return { readable: false, status: 0, headers: [], body: "", error: "" };
}

// firstOf waits for what begin resolves with, or gives late when the time of the
// attempt is over.
function firstOf(spec, begin, late = "") {
  return new Promise((resolve) => {
    setTimeout(() => {
      spec.late = true;
      resolve(late);
    }, spec.timeout);
    begin(resolve);
  });
}

async function takenHome(spec, view) {
  view.body = view.body.slice(0, spec.limit);
  if (spec.loot && view.body !== "") await sendHome(spec.loot, view.body);
  return view;
}

// listen makes a frame or a worker do what the page tells it through a port.
function listen() {
  onmessage = (e) => {
    const port = e.ports[0];
    port.onmessage = async (m) => port.postMessage(await all(m.data.specs, m.data.parallel));
    port.postMessage("ready");
  };
}
