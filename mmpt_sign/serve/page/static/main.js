// Puts the cards together.

import { partsOf } from "./bars.js";
import { ClipCard } from "./clip.js";
import { Dictionary } from "./dictionary.js";
import { tell } from "./notices.js";
import { facts, key, models, poseOfHit, table } from "./server.js";
import { WordMap } from "./wordmap.js";
import { Words } from "./words.js";

const find = (id) => document.getElementById(id);

async function start() {
  const [known, languages, skeleton] = await Promise.all([facts(), table("languages.json"), table("skeleton.json")]);
  const model = () => find("model").value || "default";
  const failed = (error) => { if (error.code === "unauthorised") find("key").open = true; };
  const clip = new ClipCard({
    facts: known,
    skeleton,
    clip: (bytes) => { dictionary.clip(bytes || clip.camera.on); words.clear(); if (bytes) words.compare(bytes); },
    live: (bytes) => { dictionary.clip(true); words.compare(bytes, { live: true }); },
  });
  const pose = () => clip.pose();
  const map = new WordMap({ player: clip.player, model, failed });
  const words = new Words({ facts: known, languages, model, pose, failed, map });
  const open = ({ id, text }) => clip.bring(partsOf(text)[1] || text, () => poseOfHit(id, model()), () => words.putFirst(text));
  const names = new Map(languages.signed);
  const dictionary = new Dictionary({ facts: known, model, pose, failed, names, open, tagged: (line) => words.tagged(line) });
  find("version").textContent = `mmpt_sign ${known.version}`;
  find("model").addEventListener("change", () => { offer(dictionary, words); if (pose()) words.compare(pose()); });
  askForKey(known, () => loadModels(dictionary, words, failed));
  await loadModels(dictionary, words, failed);
  document.body.dataset.ready = "yes";
}

let offered = [];

async function loadModels(dictionary, words, failed) {
  try {
    ({ models: offered } = await models());
  } catch (error) {
    tell(find("words-notice"), error);
    return failed(error);
  }
  find("words-notice").hidden = true;
  find("model").replaceChildren(...offered.map(({ name }) => new Option(name, name)));
  find("model-choice").hidden = offered.length < 2;
  return offer(dictionary, words);
}

function offer(...cards) {
  const chosen = offered.find(({ name }) => name === find("model").value) ?? {};
  for (const card of cards) card.offer(chosen);
}

function askForKey(known, changed) {
  find("key").hidden = !known.keys;
  find("key").open = known.keys && !key.get();
  find("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    key.set(find("key-value").value.trim());
    find("key").open = false;
    changed();
  });
}

start().catch((error) => tell(find("clip-notice"), error));
