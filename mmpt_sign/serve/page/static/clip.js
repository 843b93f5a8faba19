// The card of the clip: from a file, an example or the camera to a pose and its picture.

import { Camera } from "./camera.js";
import { draw, fit } from "./drawing.js";
import { hasHand, poseOfVideoHere } from "./estimator.js";
import { figureOfFrame, figureOfPose, shapeOf } from "./figure.js";
import { hush, tell } from "./notices.js";
import { Player } from "./player.js";
import { BadPose, decodePose } from "./pose-file.js";
import { example, poseOfVideo, Trouble } from "./server.js";

const EVERY = 500; // milliseconds between two questions while one signs
const NO_CAMERA = "The part of the page that estimates poses is not installed: the operator runs ‘mmpt-sign setup page’ once.";
const find = (id) => document.getElementById(id);

export class ClipCard {
  constructor({ facts, skeleton, clip, live }) {
    Object.assign(this, { facts, skeleton, told: clip, live });
    this.bytes = null;
    this.shape = shapeOf(numbered(skeleton.components), skeleton);
    this.player = new Player({
      canvas: find("canvas"), play: find("play"), slider: find("frame"), time: find("time"), speed: find("speed"), controls: find("player"),
    });
    this.camera = new Camera(find("mirror"), skeleton, { seen: (points) => this.#seen(points), failed: (error) => this.#fail(error) });
    this.#offerExamples();
    this.#listen();
  }
  // What there is to compare now: the clip, or the last seconds of the camera.
  pose() {
    return this.camera.on ? this.camera.recent() : this.bytes;
  }
  #offerExamples() {
    const { examples } = this.facts;
    find("example-choice").hidden = !examples.length;
    find("example").append(...examples.map(({ id, title }) => new Option(title, id)));
  }
  #listen() {
    find("file").addEventListener("change", ({ target }) => { if (target.files[0]) this.open(target.files[0]); target.value = ""; });
    for (const id of ["file", "camera"]) find(id).addEventListener("click", () => { find("example").value = ""; });
    find("example").addEventListener("change", ({ target }) => { if (target.value) this.#fetch(target.selectedOptions[0].text, () => example(target.value)); });
    find("camera").addEventListener("click", () => (this.camera.on ? this.#leaveCamera() : this.#useCamera()));
    find("record").addEventListener("click", () => this.#record());
    find("picture").addEventListener("change", ({ target }) => { find("mirror").hidden = !target.checked; });
    find("stop").addEventListener("click", () => this.working?.abort());
    const stage = find("stage"), over = (event) => { event.preventDefault(); stage.classList.add("over"); };
    stage.addEventListener("dragenter", over);
    stage.addEventListener("dragover", over);
    stage.addEventListener("dragleave", () => stage.classList.remove("over"));
    for (const target of [window, stage]) target.addEventListener("drop", (event) => event.preventDefault());
    window.addEventListener("dragover", (event) => event.preventDefault());
    stage.addEventListener("drop", ({ dataTransfer }) => { stage.classList.remove("over"); if (dataTransfer.files[0]) this.open(dataTransfer.files[0]); });
  }
  async open(file) {
    await this.#try(async (signal) => {
      const isVideo = file.type.startsWith("video/") || /\.(mp4|webm|mov|mkv|avi|m4v)$/i.test(file.name);
      this.#check(file, isVideo ? 1 : 4 / 3, isVideo && this.facts.camera);
      const bytes = isVideo ? await this.#fromVideo(file, signal) : new Uint8Array(await file.arrayBuffer());
      signal.throwIfAborted();
      this.#take(bytes, file.name, isVideo);
    });
  }
  // A clip that is not here yet; `ask` gets its file, `come` is told when it is there.
  async bring(name, ask, come) {
    const card = find("clip");
    card.scrollIntoView({ block: "start" });
    card.focus({ preventScroll: true });
    await this.#fetch(name, ask, come);
  }
  async #fetch(name, ask, come) {
    await this.#try(async (signal) => {
      const bytes = await ask();
      signal.throwIfAborted();
      come?.();
      this.#take(bytes, name, false);
    });
  }
  // A pose grows by a third on its way; a video that is estimated here does not travel at all.
  #check({ name, size }, growth, stays) {
    const most = this.facts.limits.max_body_bytes / growth, megabytes = (bytes) => (bytes / 2 ** 20).toFixed(0);
    if (!size) throw new Trouble(`${name} is empty.`);
    if (size > most && !stays) throw new Trouble(`${name} has ${megabytes(size)} MB; this server takes at most ${megabytes(most)} MB.`);
  }
  async #fromVideo(file, signal) {
    if (!this.facts.camera && !this.facts.video)
      throw new Trouble(`This server takes no videos. ${NO_CAMERA} Until then, choose a .pose file.`, "no_video");
    try {
      if (!this.facts.camera) return await this.#fromServer(file, signal);
      this.#work("Estimating the pose in this browser; the video stays here.", 0, 0);
      return await poseOfVideoHere(file, this.skeleton, (done, all) => this.#work(`Estimating the pose in this browser: frame ${done} of ${all}`, done, all), signal);
    } catch (error) {
      if (error.code !== "video" && error.code !== "estimator") throw error;
      if (!this.facts.video) throw error;
      return await this.#fromServer(file, signal);
    }
  }
  #fromServer(file, signal) {
    signal.throwIfAborted();
    this.#work("The server estimates the pose of the video, which takes a while.", 0, 0);
    return poseOfVideo(file, signal);
  }
  #work(text, done, all) {
    const progress = find("progress");
    find("working").hidden = false;
    find("working-text").textContent = text;
    if (all) Object.assign(progress, { max: all, value: done });
    else progress.removeAttribute("value");
  }
  #take(bytes, name, keepable) {
    let figure = null;
    try {
      figure = figureOfPose(decodePose(bytes), this.skeleton);
    } catch (error) {
      if (!(error instanceof BadPose)) throw error;
      throw new Trouble(`${name} cannot be shown or compared: ${error.message}.`);
    }
    this.#leaveCamera();
    this.bytes = bytes;
    find("empty").hidden = true;
    find("clip-name").textContent = name;
    this.player.open(figure, name);
    this.#offerSaving(keepable ? bytes : null, name);
    this.told(bytes);
  }
  #offerSaving(bytes, name) {
    const link = find("save");
    if (link.href) URL.revokeObjectURL(link.href);
    link.hidden = !bytes;
    if (bytes) Object.assign(link, { href: URL.createObjectURL(new Blob([bytes])), download: `${name.replace(/\.\w+$/, "")}.pose` });
    else link.removeAttribute("href");
  }
  async #useCamera() {
    await this.#try(async () => {
      if (!this.facts.camera) throw new Trouble(`The camera cannot be used yet. ${NO_CAMERA}`);
      this.player.close();
      this.bytes = null;
      this.told(null);
      this.#showCamera(true);
      this.#badge("Starting …");
      await this.camera.start();
    });
  }
  #seen(points) {
    const { videoWidth: width, videoHeight: height } = find("mirror"), canvas = find("canvas");
    fit(canvas);
    draw(canvas, figureOfFrame(points, width, height, this.shape), 0, { mirrored: true });
    this.#badge(this.camera.recorded ? "Recording" : hasHand(points) ? "Live" : "No hand in the picture");
    if (this.camera.full) this.#record();
    if (performance.now() - (this.asked ?? 0) < EVERY) return;
    const recent = this.camera.recent();
    if (recent) { this.asked = performance.now(); this.live(recent); }
  }
  #record() {
    const button = find("record");
    if (!this.camera.recorded) {
      this.camera.record();
      button.setAttribute("aria-pressed", "true");
      button.textContent = "Stop recording";
      return;
    }
    const bytes = this.camera.recording();
    this.#resetRecord();
    if (bytes) this.#take(bytes, "recording", true);
    else tell(find("clip-notice"), new Trouble("The recording is too short. Record for a second or two."));
  }
  #resetRecord() {
    find("record").setAttribute("aria-pressed", "false");
    find("record").textContent = "Record a clip";
  }
  #leaveCamera() {
    if (!this.camera.on) return;
    this.camera.stop();
    this.camera.recorded = null;
    this.#resetRecord();
    this.#showCamera(false);
    this.player.close();
  }
  #showCamera(on) {
    find("camera").setAttribute("aria-pressed", String(on));
    find("camera").textContent = on ? "Stop the camera" : "Use the camera";
    find("live").hidden = !on;
    find("mirror").hidden = !on || !find("picture").checked;
    find("empty").hidden = on;
    find("badge").hidden = true;
    find("clip-name").textContent = "";
    if (on) find("canvas").setAttribute("aria-label", "Your skeleton, live");
  }
  #badge(text) {
    const badge = find("badge");
    badge.hidden = false;
    if (badge.textContent !== text) badge.textContent = text;
    badge.classList.toggle("recording", text === "Recording");
  }
  // What comes next takes the place of whatever is still under way.
  async #try(work) {
    hush(find("clip-notice"));
    this.working?.abort();
    const mine = (this.working = new AbortController());
    find("working").hidden = true;
    try {
      await work(mine.signal);
    } catch (error) {
      if (!mine.signal.aborted) this.#fail(error);
    }
    if (this.working === mine) find("working").hidden = true;
  }
  #fail(error) {
    this.#leaveCamera();
    tell(find("clip-notice"), error);
  }
}

function numbered(components) {
  let first = 0;
  return components.map((component) => { const placed = { ...component, first }; first += component.points.length; return placed; });
}
