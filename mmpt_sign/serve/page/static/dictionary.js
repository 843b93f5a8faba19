// The card of the dictionary: clips of the server's index that are nearest to words or to the clip above.

import { base64, figure, search, Trouble } from "./server.js";
import { figureOfAnswer } from "./figure.js";
import { inParts, languageOf, partsOf } from "./bars.js";
import { hush, tell } from "./notices.js";
import { dark, Thumbnail } from "./player.js";

const WANTED = 12, SENTENCE = 24; // clips; characters from which texts need more room
const find = (id) => document.getElementById(id);

export class Dictionary {
  constructor({ facts, model, pose, tagged, failed, names, open }) {
    Object.assign(this, { facts, model, pose, tagged, failed, names, open });
    this.thumbnails = [];
    dark.addEventListener("change", () => this.thumbnails.forEach((one) => one.redraw()));
    find("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const words = find("query").value.trim();
      if (words) this.#ask({ text: this.tagged(words) }, `“${this.tagged(words)}”`);
      else tell(find("search-notice"), new Trouble("Type a word to look for."));
    });
    find("search-clip").addEventListener("click", () => {
      const pose = this.pose();
      if (pose) this.#ask({ pose: base64(pose) }, "the clip above");
      else tell(find("search-notice"), new Trouble("No hand has been seen yet. Sign, then search."));
    });
  }
  offer({ clips_in_index: clips, clips_with_figure: pictured }) {
    const there = Boolean(clips);
    this.pictured = Boolean(pictured);
    find("dictionary-about").textContent = there
      ? `${clips.toLocaleString()} clips can be searched.`
      : "This server has no dictionary for this model. It gets one when it is started with --index FILE.";
    find("search-form").hidden = !there;
    if (!there) this.#show([]);
  }
  clip(there) {
    find("search-clip").disabled = !there;
  }
  async #ask(query, what) {
    const summary = find("search-summary");
    this.asking?.abort();
    const mine = (this.asking = new AbortController());
    hush(find("search-notice"));
    summary.textContent = "Searching …";
    try {
      const { hits } = await search(query, Math.min(WANTED, this.facts.limits.max_answers), this.model(), mine.signal);
      summary.textContent = hits.length ? `${hits.length} clips nearest to ${what}, best first.` : `Nothing was found for ${what}.`;
      this.#show(hits);
    } catch (error) {
      if (mine.signal.aborted) return;
      summary.textContent = "";
      tell(find("search-notice"), error);
      this.failed(error);
    }
  }
  #show(hits) {
    const cards = hits.map((hit) => ({ hit, ...card(hit, this.names) }));
    const long = hits.filter(({ text }) => partsOf(text)[1].length > SENTENCE);
    this.thumbnails = [];
    find("hits").classList.toggle("sentences", 2 * long.length > hits.length);
    find("hits").replaceChildren(...cards.map(({ item }) => item));
    cards.forEach((one) => this.#picture(one));
  }
  async #picture({ hit, button, canvas, missing, opening }) {
    try {
      if (!this.pictured) throw new Trouble("an older index does not know where its clips are");
      const answer = await figure(hit.id, this.model());
      if (!canvas.isConnected) return;
      this.thumbnails.push(new Thumbnail(button, canvas, figureOfAnswer(answer)));
      opening.addEventListener("click", () => this.open(hit));
      opening.hidden = false;
    } catch {
      button.disabled = true;
      missing.hidden = false;
    }
  }
}

function card(hit, names) {
  const item = document.createElement("li"), button = document.createElement("button"), canvas = document.createElement("canvas");
  const missing = made("span", "missing", "no picture"), about = document.createElement("div");
  const language = names.get(hit.sign_language) ?? hit.sign_language;
  missing.hidden = true;
  button.type = "button";
  button.className = "thumbnail";
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-label", `Play ${hit.text}, score ${hit.score.toFixed(3)}`);
  button.append(canvas, made("span", "value", hit.score.toFixed(3)), missing);
  const text = made("strong", "", ""), opening = made("button", "quiet-link", "Open above");
  text.lang = languageOf(hit.text);
  text.append(...inParts(hit.text));
  about.append(text, made("span", "quiet", [language, hit.signer].filter(Boolean).join(", ")));
  about.className = "about";
  Object.assign(opening, { type: "button", hidden: true });
  opening.setAttribute("aria-label", `Open above: ${hit.text}`);
  item.append(button, about, opening);
  return { item, button, canvas, missing, opening };
}

function made(kind, className, textContent) {
  return Object.assign(document.createElement(kind), { className, textContent });
}
