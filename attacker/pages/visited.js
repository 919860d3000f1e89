// The page in a visitor's own browser, which nothing drives: it makes its attacks
// by itself and shows what came of them.
"use strict";

async function attackAlone(attacks) {
  const told = [];
  let stolen = false;
  for (const { how, spec } of attacks) {
    const [view] = await run(spec.way, [spec], 1);
    const read = view.readable && view.status === 200;
    stolen ||= read;
    let outcome = "BLOCKED by your browser, which tells the page no more than: " + view.error;
    if (read) outcome = "STOLEN:\n" + view.body;
    else if (view.readable) outcome = "Readable, but only an error (" + view.status + "): " + view.body;
    told.push(spec.init.method + " " + spec.url + ", " + how + "\n" + outcome);
    show(stolen ? "This page has read your notebooks, and sent them home" : "This page could read nothing of yours", told.join("\n\n"));
    document.getElementById("loot").toggleAttribute("data-blocked", !stolen);
  }
}
