// Draws one frame of a figure into a canvas, in the colours of the page.

import { MISSING } from "./figure.js";

const STEPS = 10000, DRAWN_FOR = 430; // widths of lines are those of a picture so many pixels high

export function fit(canvas) {
  const box = canvas.getBoundingClientRect(), sharp = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(box.width * sharp)), height = Math.max(1, Math.round(box.height * sharp));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

export function draw(canvas, figure, frame, { mirrored = false, cover = false } = {}) {
  const pen = canvas.getContext("2d"), palette = coloursOf(figure.colours);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const fill = (cover ? Math.max : Math.min)(canvas.width / figure.aspect, canvas.height), scale = fill / STEPS;
  const left = (canvas.width - fill * figure.aspect) / 2, top = (canvas.height - fill) / 2;
  pen.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? canvas.width - left : left, top);
  const at = frame * figure.count * 2, thick = fill / DRAWN_FOR;
  const x = (point) => figure.places[at + 2 * point] * scale, y = (point) => figure.places[at + 2 * point + 1] * scale;
  const there = (point) => figure.places[at + 2 * point] !== MISSING;
  pen.lineCap = "round";
  for (const [start, end, colour, width] of figure.limbs) {
    if (!there(start) || !there(end)) continue;
    pen.strokeStyle = palette[colour];
    pen.lineWidth = Math.max(0.75, width * thick);
    pen.beginPath();
    pen.moveTo(x(start), y(start));
    pen.lineTo(x(end), y(end));
    pen.stroke();
  }
  for (const [point, colour, radius] of figure.points) {
    if (!there(point) || radius * thick < 1) continue;
    pen.fillStyle = palette[colour];
    pen.beginPath();
    pen.arc(x(point), y(point), radius * thick, 0, 2 * Math.PI);
    pen.fill();
  }
}

export function clear(canvas) {
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
}

function coloursOf(names) {
  const style = getComputedStyle(document.documentElement);
  return names.map((name) => style.getPropertyValue(`--${name}`).trim() || style.getPropertyValue("--other").trim());
}
