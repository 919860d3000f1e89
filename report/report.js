"use strict";
document.documentElement.classList.remove("no-script");

// A link into something that is folded unfolds it.
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let e = target; e; e = e.parentElement) {
    if (e.tagName === "DETAILS") e.open = true;
    if (e.hidden) e.hidden = false;
  }
  target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();

// Requirements are found by what is written in them and by their verdict.
const words = document.getElementById("words");
const verdict = document.getElementById("verdict");
if (words) {
  const cards = [...document.querySelectorAll("[data-verdict]")];
  const texts = new Map();
  const said = document.getElementById("found");
  const filter = () => {
    const wanted = words.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const card of cards) {
      if (wanted.length && !texts.has(card)) texts.set(card, card.textContent.toLowerCase());
      const fits = (!verdict.value || card.dataset.verdict === verdict.value) && wanted.every((w) => texts.get(card).includes(w));
      card.hidden = !fits;
      if (fits) found++;
    }
    for (const section of document.querySelectorAll("[data-results]")) {
      section.hidden = !section.querySelector("[data-verdict]:not([hidden])");
    }
    said.textContent = found === 1 ? "1 requirement" : found + " requirements";
  };
  words.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  words.form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}

// Where a browser has no clipboard for the page, the text is selected instead.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "copied";
  } catch {
    const shown = document.createElement("pre");
    shown.textContent = button.dataset.copy;
    button.replaceWith(shown);
    getSelection().selectAllChildren(shown);
  }
});
