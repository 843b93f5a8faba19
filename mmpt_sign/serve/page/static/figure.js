// A figure is a clip ready to be drawn: places in ten-thousandths of the picture's height, lines, colours by name.
// The server sends clips of its dictionary in this form; clips that are here are brought into it.

import { mostSeen } from "./pose-file.js";

export const MISSING = -32768;
const STEPS = 10000, MARGIN = 0.06, OUTLIERS = 0.005, SAMPLE = 40000, NARROWEST = 0.6, WIDEST = 1.8;
const WIDTHS = { face: 2, body: 6 };

export function figureOfAnswer(answer) {
  const bytes = Uint8Array.from(atob(answer.places), (letter) => letter.charCodeAt(0));
  return { ...answer, places: new Int16Array(bytes.buffer) };
}

export function figureOfPose(pose, skeleton) {
  const person = mostSeen(pose), shape = shapeOf(pose.components, skeleton);
  const see = (frame, index) => {
    const at = person.at(frame, index);
    return pose.confidences[at] > 0 ? [pose.coordinates[at * pose.dims], pose.coordinates[at * pose.dims + 1]] : null;
  };
  const view = viewOf(pose.frames, shape, see);
  const places = new Int16Array(2 * pose.frames * shape.drawn.length);
  for (let frame = 0, n = 0; frame < pose.frames; frame++)
    for (const { index } of shape.drawn) n = place(places, n, see(frame, index), view);
  return { fps: pose.fps, frames: pose.frames, aspect: view.width / view.height, count: shape.drawn.length, places, ...shape };
}

// One frame of the camera, as large as its picture.
export function figureOfFrame(frame, width, height, shape) {
  const places = new Int16Array(2 * shape.drawn.length), view = { left: 0, top: 0, width, height };
  const inside = (x, y) => x >= 0 && x <= width && y >= 0 && y <= height;
  let n = 0;
  for (const { index } of shape.drawn) {
    const [x, y, , sure] = frame.subarray(4 * index, 4 * index + 4);
    n = place(places, n, sure > 0 && inside(x, y) ? [x, y] : null, view);
  }
  return { fps: 1, frames: 1, aspect: width / height, count: shape.drawn.length, places, ...shape };
}

function place(places, n, seen, view) {
  const known = seen && Number.isFinite(seen[0]) && Number.isFinite(seen[1]), scale = STEPS / view.height;
  const number = (value) => Math.max(MISSING + 1, Math.min(-MISSING - 1, Math.round(value * scale)));
  places[n] = known ? number(seen[0] - view.left) : MISSING;
  places[n + 1] = known ? number(seen[1] - view.top) : MISSING;
  return n + 2;
}

// Which points are drawn and joined: MediaPipe's by name, those of other estimators as their file says.
export function shapeOf(components, skeleton) {
  const known = new Map(skeleton.components.map((component) => [component.name, component]));
  const drawn = [], limbs = [], points = [], colours = [], legs = new Set(skeleton.legs);
  for (const component of components) {
    if (component.name.includes("WORLD")) continue;
    const number = new Map(component.points.map((point, index) => [point, index])), at = new Map();
    const lines = (known.get(component.name)?.lines.map((ends) => ends.map((end) => number.get(end))) ?? component.lines)
      .filter((ends) => ends.every((end) => end !== undefined));
    const used = new Set(lines.length ? lines.flat() : number.values());
    for (const index of [...used].sort((a, b) => a - b)) {
      const part = partOf(component.name, component.points[index]);
      at.set(index, drawn.length);
      drawn.push({ index: (component.first ?? 0) + index, leg: legs.has(component.points[index]) });
      points.push([drawn.length - 1, colour(colours, part), part === "face" ? 1.2 : 4]);
    }
    for (const [start, end] of lines) {
      const [one, other] = [start, end].map((index) => partOf(component.name, component.points[index]));
      limbs.push([at.get(start), at.get(end), colour(colours, one === other ? one : bare(one)), WIDTHS[bare(one)] ?? 4]);
    }
  }
  return { drawn, limbs, points, colours };
}

const HEAD = /(^|_)(NOSE|EYE|EAR|MOUTH)(_|$)/;
const bare = (part) => part.replace(/^body_.*/, "body");

function partOf(component, point) {
  const name = component.toLowerCase();
  if (name.includes("hand")) return name.includes("left") ? "left_hand" : name.includes("right") ? "right_hand" : "other";
  if (name.includes("face")) return "face";
  if (component !== "POSE_LANDMARKS") return /^(body|pose)/.test(name) ? "body" : "other";
  if (HEAD.test(point)) return "face";
  return point.startsWith("LEFT") ? "body_left" : point.startsWith("RIGHT") ? "body_right" : "body";
}

function colour(colours, name) {
  if (!colours.includes(name)) colours.push(name);
  return colours.indexOf(name);
}

// The part of the plane where the clip happens, without legs and without a few outliers.
function viewOf(frames, { drawn }, see) {
  const chosen = drawn.some(({ leg }) => !leg) ? drawn.filter(({ leg }) => !leg) : drawn;
  const every = Math.max(1, Math.floor((frames * chosen.length) / SAMPLE)), xs = [], ys = [];
  for (let n = 0; n < frames * chosen.length; n += every) {
    const seen = see(Math.floor(n / chosen.length), chosen[n % chosen.length].index);
    if (seen && Number.isFinite(seen[0]) && Number.isFinite(seen[1])) { xs.push(seen[0]); ys.push(seen[1]); }
  }
  if (!xs.length) return { left: 0, top: 0, width: 1, height: 1 };
  const [left, right] = ends(xs), [top, bottom] = ends(ys), largest = Math.max(right - left, bottom - top, 1e-6);
  let width = Math.max(right - left, 1e-3 * largest) + 2 * MARGIN * largest;
  let height = Math.max(bottom - top, 1e-3 * largest) + 2 * MARGIN * largest;
  width = Math.max(width, NARROWEST * height);
  height = Math.max(height, width / WIDEST);
  return { left: (left + right - width) / 2, top: (top + bottom - height) / 2, width, height };
}

function ends(values) {
  const sorted = Float64Array.from(values).sort(), at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return [at(OUTLIERS), at(1 - OUTLIERS)];
}
