// Plays figures: the large one with its controls, and small ones beside each other.

import { clear, draw, fit } from "./drawing.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
export const dark = matchMedia("(prefers-color-scheme: dark)");

// Time for one figure: tells which frame is due.
export class Reel {
  constructor(show) {
    this.show = show;
    this.frame = 0;
    this.speed = 1;
    this.playing = false;
  }
  start(figure) {
    this.stop();
    this.figure = figure;
    this.frame = 0;
    this.show(0);
  }
  // Endlessly, or up to a frame, which is the last one to be seen.
  play(until = null) {
    if (!this.figure || this.playing) return;
    this.playing = true;
    let since = null;
    const from = this.frame;
    const step = (now) => {
      if (!this.playing) return;
      since ??= now;
      const due = Math.floor(from + ((now - since) / 1000) * this.figure.fps * this.speed);
      if (until !== null && due > until) {
        this.go(until);
        this.ended?.();
        return;
      }
      this.frame = due % this.figure.frames;
      this.show(this.frame);
      this.due = requestAnimationFrame(step);
    };
    this.due = requestAnimationFrame(step);
  }
  stop() {
    this.playing = false;
    cancelAnimationFrame(this.due);
  }
  go(frame) {
    this.stop();
    this.frame = Math.max(0, Math.min(this.figure.frames - 1, frame));
    this.show(this.frame);
  }
}

export class Player {
  constructor({ canvas, play, slider, time, speed, controls }) {
    Object.assign(this, { canvas, button: play, slider, time, controls });
    this.reel = new Reel((frame) => this.#show(frame));
    this.reel.ended = () => this.#tell();
    play.addEventListener("click", () => this.toggle());
    slider.addEventListener("input", () => { this.reel.go(Number(slider.value)); this.#tell(); });
    speed.addEventListener("change", () => this.#faster(Number(speed.value)));
    new ResizeObserver(() => this.redraw()).observe(canvas);
    dark.addEventListener("change", () => this.redraw());
  }
  open(figure, name) {
    this.figure = figure;
    this.controls.hidden = false;
    this.slider.max = figure.frames - 1;
    const seconds = (figure.frames / figure.fps).toFixed(1);
    this.canvas.setAttribute("aria-label", `Skeleton of ${name}: ${figure.frames} frames, ${seconds} seconds`);
    fit(this.canvas);
    this.reel.start(figure);
    if (!still.matches) this.reel.play();
    this.#tell();
  }
  close() {
    this.reel.stop();
    this.figure = this.reel.figure = null;
    this.controls.hidden = true;
    clear(this.canvas);
    this.canvas.setAttribute("aria-label", "No clip yet");
  }
  toggle() {
    if (this.reel.playing) this.reel.stop();
    else this.reel.play();
    this.#tell();
  }
  // Play some frames once, the last one included, and stay there.
  span(first, last) {
    if (!this.figure) return;
    this.reel.go(first);
    this.reel.play(Math.min(last, this.figure.frames - 1));
    this.#tell();
  }
  redraw() {
    if (!this.figure) return;
    fit(this.canvas);
    draw(this.canvas, this.figure, this.reel.frame);
  }
  #faster(speed) {
    const playing = this.reel.playing;
    this.reel.stop();
    this.reel.speed = speed;
    if (playing) this.reel.play();
  }
  #show(frame) {
    draw(this.canvas, this.figure, frame);
    this.slider.value = frame;
    const seconds = (number) => (number / this.figure.fps).toFixed(1);
    this.time.textContent = `${seconds(frame)} / ${seconds(this.figure.frames)} s`;
    this.slider.setAttribute("aria-valuetext", `frame ${frame + 1} of ${this.figure.frames}`);
    this.watch?.(frame);
  }
  #tell() {
    this.button.setAttribute("aria-label", this.reel.playing ? "Pause" : "Play");
    this.button.classList.toggle("playing", this.reel.playing);
  }
}

// A small picture that plays while it is looked at with pointer or focus, and from a click on.
export class Thumbnail {
  constructor(button, canvas, figure) {
    Object.assign(this, { button, canvas, figure });
    this.reel = new Reel((frame) => draw(canvas, figure, frame));
    fit(canvas);
    this.reel.start(figure);
    this.reel.go(Math.floor(figure.frames / 2));
    button.addEventListener("click", () => this.#run(!this.reel.playing));
    button.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse" && !still.matches) this.#run(true); });
    button.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") this.#run(false); });
    button.addEventListener("blur", () => this.#run(false));
  }
  redraw() {
    draw(this.canvas, this.figure, this.reel.frame);
  }
  #run(on) {
    if (on) this.reel.play();
    else this.reel.stop();
    this.button.setAttribute("aria-pressed", String(on));
  }
}
