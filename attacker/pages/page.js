// The page itself: it makes requests from where it stands, or from a frame whose
// origin is opaque.
"use strict";

const attemptScript = document.getElementById("attempt-script").textContent;
const frames = {};

// run is called by Crossexam through the DevTools protocol.
async function run(vector, specs, parallel) {
  if (vector === "fetch") return all(specs, parallel);
  frames[vector] ??= openFrame(vector);
  const port = await frames[vector];
  return new Promise((resolve) => {
    port.onmessage = (e) => resolve(e.data);
    port.postMessage({ specs, parallel });
  });
}

// openFrame adds a frame with an opaque origin, which runs the same script and
// talks through a port.
function openFrame(vector) {
  const html =
    "<!doctype html><script>" + attemptScript +
    "\nonmessage = (e) => {" +
    "  const port = e.ports[0];" +
    "  port.onmessage = async (m) => port.postMessage(await all(m.data.specs, m.data.parallel));" +
    "  port.postMessage('ready');" +
    "};</" + "script>";
  const frame = document.createElement("iframe");
  switch (vector) {
    case "sandboxed-frame":
      frame.sandbox = "allow-scripts";
      frame.srcdoc = html;
      break;
    case "data-frame":
      frame.src = "data:text/html;charset=utf-8," + encodeURIComponent(html);
      break;
    default:
      throw new Error("no such vector: " + vector);
  }
  return new Promise((resolve) => {
    frame.onload = () => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resolve(channel.port1);
      frame.contentWindow.postMessage("hello", "*", [channel.port2]);
    };
    document.body.append(frame);
  });
}

// show puts what was stolen on the page, for the screenshot.
function show(what, text) {
  const panel = document.getElementById("loot");
  if (!panel) return;
  panel.hidden = false;
  document.getElementById("loot-title").textContent = what;
  document.getElementById("loot-text").textContent = text;
}
