// MediaPipe in its worker: one picture at a time, the points of each as a promise.

import { fileAddress, Trouble } from "./server.js";
import { encodePose } from "./pose-file.js";

const HANDS_FROM = 501, POINTS = 543; // the last 42 points

export class Estimator {
  constructor() {
    this.worker = new Worker(fileAddress("holistic/worker.js"));
    this.ready = new Promise((resolve, reject) => { this.opened = { resolve, reject }; });
    this.ready.catch(() => {});
    this.worker.onmessage = ({ data }) => this.#hear(data);
    this.worker.onerror = (event) => { event.preventDefault(); this.#fail(event.message || "its files cannot be loaded"); };
  }
  async pointsOf(source) {
    await this.ready;
    const picture = await createImageBitmap(source);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.worker.postMessage({ picture }, [picture]);
    });
  }
  forget() {
    this.worker.postMessage({ reset: true });
  }
  close() {
    const stopped = new DOMException("stopped", "AbortError");
    this.worker.terminate();
    this.opened.reject(stopped);
    this.waiting?.reject(stopped);
  }
  #hear({ ready, points, trouble }) {
    if (trouble) return this.#fail(trouble);
    if (ready) return this.opened.resolve();
    return this.waiting?.resolve(points);
  }
  #fail(reason) {
    const trouble = new Trouble(`The pose cannot be estimated in this browser: ${reason}.`, "estimator");
    this.opened.reject(trouble);
    this.waiting?.reject(trouble);
  }
}

export function hasHand(points) {
  for (let n = HANDS_FROM; n < POINTS; n++) if (points[4 * n + 3] > 0) return true;
  return false;
}

// Moments {time in seconds, points} as a file.
export function fileOf(moments, width, height, skeleton, fps) {
  const seconds = moments.at(-1).time - moments[0].time;
  const rate = fps ?? (seconds > 0 ? (moments.length - 1) / seconds : 25);
  return encodePose({ width, height, fps: rate, frames: moments.map(({ points }) => points) }, skeleton.components);
}

const STEP = 1 / 25;

// The pose of a video, estimated here; `tell` hears how far it is.
export async function poseOfVideoHere(video, skeleton, tell, signal) {
  const element = Object.assign(document.createElement("video"), { muted: true, preload: "auto", playsInline: true });
  const address = URL.createObjectURL(video), estimator = new Estimator();
  signal.addEventListener("abort", () => estimator.close());
  try {
    element.src = address;
    await happened(element, "loadeddata", signal);
    const frames = Math.max(1, Math.floor(element.duration / STEP)), moments = [];
    if (!Number.isFinite(element.duration)) throw new Trouble("This video does not say how long it is.", "video");
    for (let n = 0; n < frames; n++) {
      if (n) { element.currentTime = n * STEP; await happened(element, "seeked", signal); }
      moments.push({ time: n * STEP, points: await estimator.pointsOf(element) });
      tell(n + 1, frames);
    }
    return fileOf(moments, element.videoWidth, element.videoHeight, skeleton, 1 / STEP);
  } finally {
    estimator.close();
    URL.revokeObjectURL(address);
  }
}

function happened(element, name, signal) {
  return new Promise((resolve, reject) => {
    element.addEventListener(name, resolve, { once: true });
    element.addEventListener("error", () => reject(new Trouble("This browser cannot play the video.", "video")), { once: true });
    signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")), { once: true });
  });
}
