// The page itself: it makes requests from where it stands, or from a frame or a
// worker whose origin is opaque.
"use strict";

const attemptScript = document.getElementById("attempt-script").textContent;
const frames = {};
const lost = {}; // what to do when a frame has gone elsewhere
const framed = ["sandboxed-frame", "sandboxed-page-frame", "data-frame", "data-worker", "script"];

// run is called by Crossexam through the DevTools protocol.
async function run(vector, specs, parallel) {
  if (!framed.includes(vector)) return all(specs, parallel);
  const port = await frameOf(vector);
  return new Promise((resolve) => {
    const nothing = specs.map(() => ({ ...nothingSeen(), error: "timeout", late: true }));
    const turns = Math.ceil(specs.length / parallel);
    setTimeout(resolve, turns * (specs[0].timeout + 1000), nothing);
    lost[vector] = () => resolve(nothing);
    port.onmessage = (e) => resolve(e.data);
    port.postMessage({ specs, parallel });
  });
}

// frameOf opens the frame of a vector the first time. Crossexam calls it too, to
// listen to the frame before it does anything.
function frameOf(vector) {
  return (frames[vector] ??= openFrame(vector));
}

// openFrame adds a frame with an opaque origin, which runs the same script and
// talks through a port.
function openFrame(vector) {
  const html = "<!doctype html><script>" + attemptScript + "\nlisten();</" + "script>";
  const frame = document.createElement("iframe");
  switch (vector) {
    case "sandboxed-frame":
    case "script": // what a target serves may not meddle with the page
      frame.sandbox = "allow-scripts";
      frame.srcdoc = html;
      break;
    case "sandboxed-page-frame":
      frame.sandbox = "allow-scripts";
      frame.src = "/crossexam-frame";
      break;
    case "data-frame":
      frame.src = "data:text/html;charset=utf-8," + encodeURIComponent(html);
      break;
    default:
      throw new Error("no such vector: " + vector);
  }
  return new Promise((resolve) => {
    frame.onload = () => {
      frame.onload = () => {
        frame.remove();
        delete frames[vector];
        lost[vector]?.();
      };
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resolve(channel.port1);
      frame.contentWindow.postMessage("hello", "*", [channel.port2]);
    };
    document.body.append(frame);
  });
}

// openWorker starts a worker with an opaque origin, whose URL begins with the
// label. It does nothing until it is told to.
function openWorker(label) {
  const script = "//" + label + "\n" + attemptScript + "\nlisten();";
  const worker = new Worker("data:text/javascript;charset=utf-8," + encodeURIComponent(script));
  frames["data-worker"] = new Promise((resolve, reject) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(channel.port1);
    worker.onerror = () => reject(new Error("the worker did not start"));
    worker.postMessage("hello", [channel.port2]);
  });
  return frames["data-worker"].then(() => true);
}

// show puts what was stolen on the page, for the screenshot.
function show(what, text) {
  const panel = document.getElementById("loot");
  if (!panel) return;
  panel.hidden = false;
  document.getElementById("loot-title").textContent = what;
  document.getElementById("loot-text").textContent = text;
}
