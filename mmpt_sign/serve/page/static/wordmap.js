// The map of words: which frames of the clip answer which word of a sentence, under the player that plays them.

import { align } from "./server.js";
import { languageOf } from "./bars.js";
import { hush, tell } from "./notices.js";
import { dark } from "./player.js";

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
const find = (id) => document.getElementById(id);

export class WordMap {
  constructor({ player, model, failed }) {
    Object.assign(this, { player, model, failed, rows: [], current: -1 });
    player.watch = (frame) => this.#moment(frame);
    find("map-close").addEventListener("click", () => { const { opener } = this; this.close(); opener?.focus(); });
    find("spans").addEventListener("keydown", (event) => this.#step(event));
    dark.addEventListener("change", () => this.#paint());
  }
  // Ask for the words of a prompt, or put the map away where it is the one that is shown.
  async toggle(pose, prompt, opener) {
    if (this.opener === opener) return this.close();
    this.close();
    this.opener = opener;
    opener.setAttribute("aria-pressed", "true");
    const mine = (this.asking = new AbortController());
    find("map").hidden = false;
    find("map-about").textContent = "Looking for the words …";
    try {
      this.#show(await align(pose, prompt, this.model(), mine.signal), prompt);
      if ([opener, document.body].includes(document.activeElement)) this.#arrive(); // not every browser focuses buttons
      find("clip").classList.add("mapped");
    } catch (error) {
      if (error.name === "AbortError") return;
      find("map-about").textContent = "";
      tell(find("map-notice"), error);
      find("map").scrollIntoView({ block: "nearest" });
      this.failed(error);
    }
  }
  close() {
    this.asking?.abort();
    this.opener?.setAttribute("aria-pressed", "false");
    Object.assign(this, { opener: null, rows: [], current: -1 });
    hush(find("map-notice"));
    find("clip").classList.remove("mapped");
    find("spans").replaceChildren();
    find("caption").hidden = find("map").hidden = find("map-drawn").hidden = true;
    find("map-about").textContent = "";
  }
  #show(answer, prompt) {
    const { words, frames, fps } = answer, language = languageOf(prompt);
    this.answer = answer;
    this.rows = words.map((word) => row(word, frames, language));
    this.rows.forEach(({ button }, place) => button.addEventListener("click", () => this.#play(place)));
    this.at = Array.from({ length: frames }, (_, frame) => wordAt(answer, frame));
    find("caption").lang = language;
    find("spans").replaceChildren(...this.rows.map(({ item }) => item));
    find("map-half").textContent = (frames / fps / 2).toFixed(1);
    find("map-end").textContent = `${(frames / fps).toFixed(1)} s`;
    find("map-about").textContent = `${words.length === 1 ? "One word" : `${words.length} words`}. Choose one to see its frames; arrow keys go on to the next.`;
    find("map-drawn").hidden = false;
    this.#paint();
    this.#moment(this.player.reel.frame);
  }
  // The figure and its words are looked at together.
  #arrive() {
    const stage = find("stage");
    if (stage.getBoundingClientRect().top < 0 || find("map").getBoundingClientRect().bottom > window.innerHeight)
      stage.scrollIntoView({ block: "start" });
    this.rows[0].button.focus({ preventScroll: true });
  }
  #play(place) {
    const { first_frame: first, last_frame: last } = this.answer.words[place];
    this.player.span(first, last);
  }
  #step(event) {
    const here = this.rows.findIndex(({ button }) => button === document.activeElement), step = STEPS[event.key];
    if (here < 0 || step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(this.rows.length - 1, here + step));
    this.rows[place].button.focus();
    this.#play(place);
  }
  #moment(frame) {
    if (!this.rows.length) return;
    const { frames, words } = this.answer, now = this.at[frame] ?? -1;
    find("spans").style.setProperty("--moment", `${(100 * (frame + 0.5)) / frames}%`);
    if (now === this.current) return;
    this.rows[this.current]?.button.removeAttribute("aria-current");
    this.rows[now]?.button.setAttribute("aria-current", "true");
    this.current = now;
    find("caption").hidden = now < 0;
    find("caption").textContent = words[now]?.word ?? "";
  }
  // Cells in the page's colour, as strong as the attention; the strongest one of the map is full.
  #paint() {
    if (!this.rows.length) return;
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
    const { attention } = this.answer, most = attention.reduce((high, row) => row.reduce((a, b) => Math.max(a, b), high), 1e-6);
    attention.forEach((values, place) => {
      const { canvas } = this.rows[place], pen = canvas.getContext("2d");
      Object.assign(canvas, { width: values.length, height: 1 });
      pen.fillStyle = colour;
      values.forEach((value, frame) => { pen.globalAlpha = value / most; pen.fillRect(frame, 0, 1, 1); });
    });
  }
}

// Of the words whose spans hold this frame, the one that gets most of its attention; -1 where there is none.
function wordAt({ words, attention }, frame) {
  let best = -1;
  words.forEach(({ first_frame: first, last_frame: last }, place) => {
    if (first <= frame && frame <= last && (best < 0 || attention[place][frame] > attention[best][frame])) best = place;
  });
  return best;
}

function row({ word, start, end, first_frame: first, last_frame: last }, frames, language) {
  const [item, button, canvas] = ["li", "button", "canvas"].map((kind) => document.createElement(kind));
  const [name, colon, time, strip, mark] = ["word", "unseen", "time", "strip", "mark"].map((className) => Object.assign(document.createElement("span"), { className }));
  Object.assign(button, { type: "button", className: "span" });
  Object.assign(name, { textContent: word, lang: language });
  colon.textContent = ": ";
  time.textContent = `${start.toFixed(1)} to ${end.toFixed(1)} s`;
  strip.setAttribute("aria-hidden", "true");
  mark.style.left = `${(100 * first) / frames}%`;
  mark.style.width = `${(100 * (last + 1 - first)) / frames}%`;
  strip.append(canvas, mark);
  button.append(name, colon, time, strip);
  item.append(button);
  return { item, button, canvas };
}
