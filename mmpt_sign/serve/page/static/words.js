// The card of prompts: what is compared with the clip, and how well it fits.

import { score, Trouble } from "./server.js";
import { Bars } from "./bars.js";
import { hush, tell } from "./notices.js";

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const FIRST = ["B", "L", "Y", "C", "W"];
const TYPING = 600, SAYING = 3000; // milliseconds

const find = (id) => document.getElementById(id);

export class Words {
  constructor({ facts, languages, model, pose, failed, map }) {
    Object.assign(this, { facts, model, pose, failed, map });
    this.bars = new Bars(find("bars"), find("more"), (prompt, opener) => this.map.toggle(this.pose(), prompt, opener));
    this.said = { time: 0, best: "" };
    this.tokens = false;
    fill(find("written"), languages.written, "en");
    fill(find("signed"), languages.signed, "ase");
    find("prompts").value = FIRST.join("\n");
    this.#listen();
    this.#showTag();
  }
  #listen() {
    const again = () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.pose() && this.compare(this.pose()), TYPING); };
    for (const id of ["written", "signed", "tags"]) find(id).addEventListener("change", () => { this.#showTag(); again(); });
    find("prompts").addEventListener("input", again);
    find("prompts").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); find("prompt-form").requestSubmit(); }
    });
    find("letters").addEventListener("click", () => { find("prompts").value = LETTERS.join("\n"); again(); });
    find("prompt-form").addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.typing);
      if (this.pose()) this.compare(this.pose());
      else tell(find("words-notice"), new Trouble("There is no clip yet: choose a file, an example, or use the camera."));
    });
  }
  get tag() {
    return `<${find("written").value}> <${find("signed").value}>`;
  }
  tagged(line) {
    return find("tags").checked && !line.startsWith("<") ? `${this.tag} ${line}` : line;
  }
  prompts() {
    const lines = find("prompts").value.split("\n").map((line) => line.trim()).filter(Boolean);
    return [...new Set(lines.map((line) => this.tagged(line)))];
  }
  // Another model: whether it tells the words of a prompt apart.
  offer({ compares_tokens: tokens }) {
    this.tokens = Boolean(tokens);
    this.bars.worded(this.tokens);
    this.map.close();
  }
  // A text whose clip comes now stands first.
  putFirst(text) {
    const lines = find("prompts").value.split("\n").filter((line) => line.trim() && this.tagged(line.trim()) !== text);
    find("prompts").value = [text, ...lines].join("\n");
  }
  // Compare the clip with every prompt.  While one signs, a round is left out when the one before is not answered yet.
  async compare(pose, { live = false } = {}) {
    if (live && this.asking) return;
    clearTimeout(this.typing); // what was typed is asked now
    const prompts = this.prompts(), notice = find("words-notice");
    if (!prompts.length) return tell(notice, new Trouble("Type at least one prompt: a word, a letter, a sentence."));
    this.asking?.abort();
    const mine = (this.asking = new AbortController());
    if (!live) find("bars").setAttribute("aria-busy", "true");
    try {
      const { limits } = this.facts;
      if (prompts.length > limits.max_texts)
        throw new Trouble(`${prompts.length} prompts are too many: this server compares at most ${limits.max_texts} at a time.`);
      const { scores } = await score(pose, prompts, this.model(), mine.signal);
      hush(notice);
      this.bars.worded(this.tokens && !live);
      this.#say(this.bars.show(prompts.map((prompt, place) => [prompt, scores[0][place]])), live);
    } catch (error) {
      tell(notice, error);
      this.failed(error);
    } finally {
      if (this.asking === mine) {
        this.asking = null;
        find("bars").removeAttribute("aria-busy");
      }
    }
  }
  clear() {
    this.asking?.abort();
    this.map.close();
    this.bars.clear();
    find("summary").textContent = "";
  }
  // For those who listen: always after a question of theirs, seldom while they sign.
  #say(sorted, live) {
    const [best, value] = sorted[0], now = performance.now();
    if (live && (best === this.said.best || now - this.said.time < SAYING)) return;
    this.said = { time: now, best };
    const among = sorted.length > 1 ? `, the best of ${sorted.length} prompts` : "";
    find("summary").textContent = `${best}: ${value.toFixed(3)}${among}.`;
  }
  #showTag() {
    find("tag-shown").textContent = this.tag;
  }
}

function fill(select, pairs, chosen) {
  select.append(...pairs.map(([tag, name]) => new Option(`${name} (${tag})`, tag, tag === chosen, tag === chosen)));
}
