// The camera: pictures go to the estimator of this page, the points of the last seconds are kept, and no picture is.

import { Trouble } from "./server.js";
import { Estimator, fileOf, hasHand } from "./estimator.js";

const KEPT = 2, LONGEST = 20, FEWEST = 5, FASTEST = 25; // seconds, seconds, frames, frames per second

export class Camera {
  constructor(video, skeleton, { seen, failed }) {
    Object.assign(this, { video, skeleton, seen, failed });
    this.moments = [];
    this.recorded = null;
  }
  async start() {
    this.on = true;
    const mine = (this.estimator = new Estimator()), stream = await opened();
    if (!this.on || this.estimator !== mine) return release(stream); // stopped, or started anew, meanwhile
    this.video.srcObject = this.stream = stream;
    this.stream.getVideoTracks()[0].addEventListener("ended", () => this.failed(new Trouble("The camera was switched off.")));
    await this.video.play();
    await mine.ready;
    return this.#look(mine);
  }
  stop() {
    this.on = false;
    this.estimator?.close();
    if (this.stream) release(this.stream);
    this.video.srcObject = null;
    this.moments = [];
  }
  record() {
    this.recorded = [];
  }
  // The recording as a file, or null where there is too little.
  recording() {
    const moments = this.recorded ?? [];
    this.recorded = null;
    return moments.length < FEWEST ? null : this.#file(moments);
  }
  // The last seconds as a file, or null while no hand is in them.
  recent() {
    const enough = this.moments.length >= FEWEST && this.moments.some(({ points }) => hasHand(points));
    return enough ? this.#file(this.moments) : null;
  }
  get full() {
    return this.recorded?.length > 1 && this.recorded.at(-1).time - this.recorded[0].time > LONGEST;
  }
  #file(moments) {
    return fileOf(moments, this.video.videoWidth, this.video.videoHeight, this.skeleton);
  }
  async #look(mine) {
    while (this.on && this.estimator === mine) {
      const time = performance.now() / 1000;
      try {
        this.#keep({ time, points: await mine.pointsOf(this.video) });
      } catch (error) {
        if (this.on && error.name !== "AbortError") this.failed(error);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 * (time + 1 / FASTEST) - performance.now())));
    }
  }
  #keep(moment) {
    if (!this.on) return;
    this.moments = [...this.moments.filter(({ time }) => time > moment.time - KEPT), moment];
    this.recorded?.push(moment);
    this.seen(moment.points);
  }
}

function release(stream) {
  stream.getTracks().forEach((track) => track.stop());
}

async function opened() {
  if (!window.isSecureContext || !navigator.mediaDevices)
    throw new Trouble("Browsers give the camera only to pages at https:// or on this computer (localhost).", "insecure");
  try {
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" };
    return await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    const reasons = {
      NotAllowedError: "The browser was not allowed to use the camera. Its address bar has a switch for it.",
      NotFoundError: "No camera was found.",
      NotReadableError: "Another program is using the camera.",
    };
    throw new Trouble(reasons[error.name] ?? `The camera cannot be used (${error.name}).`, "camera");
  }
}
