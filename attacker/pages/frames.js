// The host page of frames: each is a page of another origin that makes its
// requests.
"use strict";

// runFrames is called by Crossexam through the DevTools protocol. It gives an
// answer for each frame, in order. At most parallelFrames of them are at work at
// once; all stay where they are.
async function runFrames(frames, parallelFrames, parallel, timeout) {
  const answers = new Array(frames.length);
  let next = 0;
  async function worker() {
    for (let i = next++; i < frames.length; i = next++) answers[i] = await runFrame(frames[i], parallel, timeout);
  }
  await Promise.all(Array.from({ length: parallelFrames }, worker));
  return answers;
}

async function runFrame({ origin, page, specs }, parallel, timeout) {
  const frame = document.createElement("iframe");
  frame.src = page;
  frame.hidden = true;
  try {
    await opened(frame, timeout);
    return await answered(frame, origin, { specs, parallel }, timeout);
  } catch (e) {
    return { fault: "a frame of " + origin + " could not be opened in this browser: " + e.message, views: [] };
  }
}

// clearFrames takes the frames away. That has to wait until Chrome has told of
// their requests: what it still has to say of a frame that is gone is lost.
function clearFrames() {
  document.querySelectorAll("iframe").forEach((frame) => frame.remove());
}

function opened(frame, timeout) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it did not load")), timeout);
    frame.onload = () => {
      clearTimeout(timer);
      resolve();
    };
    document.body.append(frame);
  });
}

// answered hands the attempts to the frame. They reach only a document of the
// origin that they are for, which says so again in its answer: an error page has
// another, and so has a host that the browser upgrades to https.
function answered(frame, origin, message, timeout) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    // The frame's own attempts have a time limit each; of an error page nothing
    // will ever come.
    const silent = setTimeout(() => reject(new Error("it became another page")), timeout / 2);
    port1.onmessage = ({ data }) => {
      if (data === "begun") return clearTimeout(silent);
      if (data.origin === origin) resolve({ fault: "", views: data.views });
      else reject(new Error("its origin is " + data.origin));
    };
    frame.contentWindow.postMessage(message, origin, [port2]);
  });
}
