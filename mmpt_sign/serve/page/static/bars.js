// Scores as bars, best first; rows move to their new place while one signs.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const SHOWN = 8;

export class Bars {
  // `open` is told of a prompt whose words are wanted; rows offer it while `worded` says so.
  constructor(list, more, open) {
    Object.assign(this, { list, more, open });
    this.rows = new Map();
    this.all = false;
    more.addEventListener("click", () => { this.all = !this.all; this.#fold(); });
  }
  clear() {
    this.rows.clear();
    this.list.replaceChildren();
    this.more.hidden = true;
  }
  worded(yes) {
    this.list.classList.toggle("worded", yes);
  }
  // Pairs of prompt and score; what comes back is sorted.
  show(pairs) {
    const sorted = [...pairs].sort((a, b) => b[1] - a[1]), scores = sorted.map(([, score]) => score);
    const low = Math.min(0, ...scores), high = Math.max(low < -1 ? 0.001 : 1, ...scores);
    const before = new Map([...this.rows].map(([prompt, row]) => [prompt, row.item.offsetTop]));
    const rows = sorted.map(([prompt, score]) => this.#row(prompt, score, low, high));
    this.rows = new Map(sorted.map(([prompt], place) => [prompt, rows[place]]));
    this.list.replaceChildren(...rows.map(({ item }) => item));
    this.#fold();
    if (!still.matches) for (const [prompt, row] of this.rows) moved(row.item, before.get(prompt));
    return sorted;
  }
  #row(prompt, score, low, high) {
    const row = this.rows.get(prompt) ?? made(prompt, this.open), at = (value) => (100 * (value - low)) / (high - low);
    row.value.textContent = score.toFixed(3);
    row.fill.style.left = `${Math.min(at(0), at(score))}%`;
    row.fill.style.width = `${Math.abs(at(score) - at(0))}%`;
    row.fill.classList.toggle("below", score < 0);
    row.zero.style.left = `${at(0)}%`;
    row.zero.hidden = low === 0;
    return row;
  }
  #fold() {
    const items = [...this.list.children];
    items.forEach((item, place) => { item.hidden = !this.all && place >= SHOWN; });
    this.more.hidden = items.length <= SHOWN;
    this.more.setAttribute("aria-expanded", String(this.all));
    this.more.textContent = this.all ? `Show the best ${SHOWN} only` : `Show all ${items.length}`;
  }
}

function made(prompt, open) {
  const item = document.createElement("li"), [name, value, track, fill, zero] = ["prompt", "value", "track", "fill", "zero"].map(span);
  name.append(...inParts(prompt));
  track.setAttribute("aria-hidden", "true");
  track.append(fill, zero);
  const words = Object.assign(document.createElement("button"), { type: "button", className: "open", textContent: "Show words" });
  words.setAttribute("aria-label", `Show words of ${prompt}`);
  words.setAttribute("aria-pressed", "false");
  words.addEventListener("click", () => open(prompt, words));
  item.append(name, value, track, words);
  return { item, value, fill, zero };
}

const span = (className) => Object.assign(document.createElement("span"), { className });

// Tags and words, and the language that the first tag names.
export const partsOf = (prompt) => /^((?:<[^<> ]+> ?)*)(.*)$/s.exec(prompt).slice(1);
export const languageOf = (prompt) => /^<([a-z]{2,3})>/.exec(prompt)?.[1] ?? "";

// Tags in small letters, so that the words stand out.
export function inParts(prompt) {
  const [tags, words] = partsOf(prompt);
  if (!tags || !words) return [prompt];
  return [Object.assign(document.createElement("code"), { textContent: tags.trim() }), ` ${words}`];
}

function moved(item, before) {
  const way = before === undefined ? 0 : before - item.offsetTop;
  if (way && !item.hidden) item.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], { duration: 220, easing: "ease-out" });
}
