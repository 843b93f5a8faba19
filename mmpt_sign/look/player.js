"use strict";
// Plays a scene: figures from numbers, videos from pictures, all on one timeline in seconds.
const scene = JSON.parse(document.getElementById("scene").textContent);
const MISSING = -32768;
const find = (id) => document.getElementById(id);
const play = find("play"), slider = find("frame"), time = find("time"), speed = find("speed"), points = find("points");
let now = 0, started = null, from = 0;

function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

function panelOf(given) {
  const figure = document.createElement("figure"), canvas = document.createElement("canvas");
  const caption = document.createElement("figcaption");
  canvas.height = 720;
  canvas.width = Math.round(720 * given.aspect);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", given.title);
  caption.textContent = given.title;
  figure.append(canvas, caption);
  find("panels").append(figure);
  const panel = { ...given, canvas, pen: canvas.getContext("2d") };
  if (given.pictures) {
    panel.images = given.pictures.map((source) => Object.assign(new Image(), { src: source, onload: show }));
  } else {
    panel.places = numbers(given.places);
  }
  return panel;
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  return scene.colours.map((name) => style.getPropertyValue(`--${name}`).trim() || style.getPropertyValue("--other"));
}

function drawFigure(panel, frame, palette) {
  const { pen, canvas, places, count } = panel, scale = canvas.height / 10000, at = frame * count * 2;
  const there = (point) => places[at + 2 * point] !== MISSING;
  const x = (point) => places[at + 2 * point] * scale, y = (point) => places[at + 2 * point + 1] * scale;
  pen.lineCap = "round";
  for (const [start, end, colour, width] of panel.limbs) {
    if (!there(start) || !there(end)) continue;
    pen.strokeStyle = palette[colour];
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x(start), y(start));
    pen.lineTo(x(end), y(end));
    pen.stroke();
  }
  if (!points.checked) return;
  for (const [point, colour, radius] of panel.points) {
    if (!there(point)) continue;
    pen.fillStyle = palette[colour];
    pen.beginPath();
    pen.arc(x(point), y(point), radius, 0, 2 * Math.PI);
    pen.fill();
  }
}

function show() {
  const palette = colours();
  for (const panel of panels) {
    const frame = Math.min(Math.floor((now / scene.fps) * panel.fps + 1e-6), panel.frames - 1);
    panel.pen.clearRect(0, 0, panel.canvas.width, panel.canvas.height);
    if (panel.images) panel.pen.drawImage(panel.images[frame], 0, 0, panel.canvas.width, panel.canvas.height);
    else drawFigure(panel, frame, palette);
  }
  slider.value = now;
  const text = `frame ${now + 1} of ${scene.frames}, ${(now / scene.fps).toFixed(2)} s`;
  slider.setAttribute("aria-valuetext", text);
  time.textContent = text;
}

function step(stamp) {
  if (started === null) return;
  if (started < 0) started = stamp;
  now = Math.floor(from + ((stamp - started) / 1000) * scene.fps * Number(speed.value)) % scene.frames;
  show();
  requestAnimationFrame(step);
}

function run(on) {
  started = on ? -1 : null;
  from = now;
  play.textContent = on ? "Pause" : "Play";
  play.setAttribute("aria-pressed", String(on));
  if (on) requestAnimationFrame(step);
}

function go(frame) {
  run(false);
  now = Math.max(0, Math.min(scene.frames - 1, frame));
  show();
}

const panels = scene.panels.map(panelOf);
slider.max = scene.frames - 1;
play.addEventListener("click", () => run(started === null));
slider.addEventListener("input", () => go(Number(slider.value)));
speed.addEventListener("change", () => { if (started !== null) run(true); });
points.addEventListener("change", show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
document.addEventListener("keydown", (event) => {
  const inForm = ["INPUT", "SELECT", "BUTTON"].includes(event.target.tagName);
  if (event.key === " " && (!inForm || event.target === slider)) { event.preventDefault(); run(started === null); }
  if (inForm) return;
  const goal = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: scene.frames - 1 }[event.key];
  if (goal !== undefined) { event.preventDefault(); go(goal); }
});
show();
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) run(true);
