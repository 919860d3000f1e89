"use strict";
document.documentElement.classList.remove("no-script");

// The rows are lists, in which a number stands for the text of that place; causes are
// lists of ID, text, fix and grade.
const { texts, rows: packed } = JSON.parse(document.getElementById("data").textContent);
const rows = packed.map(([title, url, link, owner, mark, word, worst, grave, stolen, stage, trend, says, kinds, causes, notes], order) => ({
  title, url, link, order, owner: texts[owner], mark: texts[mark], word: texts[word], worst: texts[worst], grave: texts[grave],
  stolen: texts[stolen], stage: texts[stage], trend: texts[trend], says: texts[says],
  kinds: kinds.map((i) => texts[i]), causes: causes.map((c) => c.map((i) => texts[i])), notes: notes.map((i) => texts[i]),
}));

const table = document.getElementById("table");
if (table) {
  const body = table.tBodies[0];
  const empty = document.getElementById("row").content.firstElementChild;
  const form = document.querySelector("form.filter");
  const fields = [...form.querySelectorAll("input, select")];
  const perPage = 100;
  let found = rows, from = 0, by = "", down = false;

  // A row is made of the empty one, and what comes of targets is text in it, never markup.
  const show = (r) => {
    const tr = empty.cloneNode(true);
    const put = (name, text) => {
      const place = tr.querySelector("." + name);
      if (place) place.textContent = text;
      return place;
    };
    tr.className = r.mark;
    const title = put("open", r.title);
    if (r.link) {
      const a = document.createElement("a");
      a.className = "open";
      a.href = r.link;
      a.textContent = r.title;
      title.replaceWith(a);
    }
    for (const name of ["url", "owner", "word", "worst", "stolen", "stage", "trend", "says"]) put(name, r[name]);
    put("grave", r.grave).hidden = !r.grave;
    tr.querySelector("use").setAttribute("href", "#" + r.mark);
    const list = tr.querySelector(".causes");
    const item = (parts) => {
      const li = document.createElement("li");
      for (const [tag, text, name] of parts) {
        const e = document.createElement(tag);
        e.textContent = text;
        if (name) e.className = name;
        li.append(e);
      }
      list.append(li);
    };
    for (const [id, text, fix, grade] of r.causes) item([["b", id], ["span", " (" + grade + "): " + text], ["br", ""], ["span", "Fix: " + fix, "muted"]]);
    for (const note of r.notes) item([["span", note]]);
    return tr;
  };

  const draw = (most = perPage) => {
    body.replaceChildren(...found.slice(from, from + most).map(show));
    const to = Math.min(from + most, found.length);
    document.getElementById("shown").textContent = found.length ? (from + 1).toLocaleString("en") + " to " + to.toLocaleString("en") + " of " + found.length.toLocaleString("en") : "";
    document.getElementById("pages").hidden = found.length <= perPage;
    document.getElementById("earlier").disabled = from === 0;
    document.getElementById("later").disabled = to >= found.length;
  };

  const ranks = { grave: ["high", "medium", "low", ""], stolen: ["yes", "unknown", "not tried", "no"], mark: ["violates", "cannot-tell", "accepted", "conforms", "not-applicable"] };
  const rank = (name) => (r) => ranks[name].indexOf(r[name]);
  const kinds = [...document.querySelectorAll("#trend option")].map((o) => o.value);
  const words = (name) => (a, b) => a[name].localeCompare(b[name], "en", { numeric: true });
  const number = (f) => (a, b) => f(a) - f(b);
  const orders = {
    title: words("title"), owner: words("owner"), stage: words("stage"), verdict: number(rank("mark")), stolen: number(rank("stolen")),
    worst: (a, b) => rank("grave")(a) - rank("grave")(b) || words("worst")(a, b),
    trend: number((r) => r.kinds.length ? Math.min(...r.kinds.map((k) => kinds.indexOf(k))) : kinds.length),
  };

  const texted = new Map();
  const text = (r) => {
    if (!texted.has(r)) texted.set(r, [r.title, r.url, r.owner, r.worst, r.says, ...r.causes.flat(), ...r.notes].join(" ").toLowerCase());
    return texted.get(r);
  };
  const fits = {
    verdict: (r, v) => r.mark === v, stage: (r, v) => r.stage === v, stolen: (r, v) => r.stolen === v, owner: (r, v) => r.owner === v,
    trend: (r, v) => r.kinds.includes(v), cause: (r, v) => r.causes.some((c) => c[0] === v),
    words: (r, v) => v.toLowerCase().split(/\s+/).every((w) => text(r).includes(w)),
  };

  // What is chosen is in the address, so that it can be passed on.
  const filter = () => {
    const chosen = fields.map((f) => [f.id, f.value.trim()]).filter(([, v]) => v);
    found = rows.filter((r) => chosen.every(([id, v]) => fits[id](r, v)));
    if (by) found.sort((a, b) => (down ? -1 : 1) * orders[by](a, b) || a.order - b.order);
    from = 0;
    document.getElementById("found").textContent = found.length === 1 ? "1 target" : found.length.toLocaleString("en") + " targets";
    const address = new URLSearchParams(by ? [...chosen, ["sort", (down ? "-" : "") + by]] : chosen).toString();
    if (address !== location.hash.slice(1)) history.replaceState(null, "", "#" + address);
    draw();
  };

  const sorted = () => {
    for (const th of table.querySelectorAll("th[data-sort]")) {
      if (th.dataset.sort === by) th.setAttribute("aria-sort", down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
  };

  const read = () => {
    const chosen = new URLSearchParams(location.hash.slice(1));
    for (const f of fields) f.value = chosen.get(f.id) || "";
    const sort = chosen.get("sort") || "";
    down = sort.startsWith("-");
    by = sort.replace("-", "");
    if (!Object.hasOwn(orders, by)) by = "";
    sorted();
    filter();
  };

  for (const th of table.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = th.textContent;
    th.replaceChildren(button);
    button.addEventListener("click", () => {
      down = by === th.dataset.sort && !down;
      by = th.dataset.sort;
      sorted();
      filter();
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => {
    by = "";
    down = false;
    sorted();
    setTimeout(filter); // after the fields have been emptied
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-filter]");
    if (!button) return;
    form.reset();
    setTimeout(() => {
      document.getElementById(button.dataset.filter).value = button.dataset.value;
      filter();
      document.getElementById("targets").scrollIntoView();
      document.getElementById(button.dataset.filter).focus();
    });
  });
  const turn = (by) => () => {
    from += by * perPage;
    draw();
    table.scrollIntoView();
  };
  document.getElementById("earlier").addEventListener("click", turn(-1));
  document.getElementById("later").addEventListener("click", turn(1));
  // Paper has no pages to turn: it gets more of what was found.
  addEventListener("beforeprint", () => draw(1000));
  addEventListener("afterprint", () => draw());
  addEventListener("hashchange", read);
  read();
}
