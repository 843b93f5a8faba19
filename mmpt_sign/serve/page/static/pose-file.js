// Reads and writes .pose files (versions 0.1 and 0.2).  Nothing that a file claims is believed before it is checked.

export class BadPose extends Error {}

const MOST = { components: 64, points: 20000, people: 64, bytes: 2 ** 28 };

class Cursor {
  constructor(buffer) {
    this.view = new DataView(buffer);
    this.at = 0;
  }
  #take(size) {
    const start = this.at;
    this.at += size;
    if (this.at > this.view.byteLength) throw new BadPose("the file is cut off");
    return start;
  }
  short() { return this.view.getUint16(this.#take(2), true); }
  long() { return this.view.getUint32(this.#take(4), true); }
  real() { return this.view.getFloat32(this.#take(4), true); }
  text() {
    const size = this.short();
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.#take(size), size));
  }
}

function componentOf(cursor, first) {
  const name = cursor.text(), axes = cursor.text().length - 1;
  const [points, limbs, colours] = [cursor.short(), cursor.short(), cursor.short()];
  if (first + points > MOST.points) throw new BadPose("it has too many points");
  const names = Array.from({ length: points }, () => cursor.text());
  const lines = Array.from({ length: limbs }, () => [cursor.short(), cursor.short()]);
  for (let n = 0; n < 3 * colours; n++) cursor.short();
  return { name, axes, first, points: names, lines: lines.filter(([a, b]) => a < points && b < points) };
}

export function decodePose(bytes) {
  if (bytes.length > MOST.bytes) throw new BadPose("it is larger than 256 MB");
  if (!bytes.length) throw new BadPose("the file is empty");
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const cursor = new Cursor(buffer), version = Math.round(cursor.real() * 1000) / 1000;
  if (version !== 0.1 && version !== 0.2) throw new BadPose("it is no .pose file of version 0.1 or 0.2");
  const [width, height] = [cursor.short(), cursor.short()];
  cursor.short();
  const kinds = cursor.short(), components = [];
  if (kinds < 1 || kinds > MOST.components) throw new BadPose("its number of components makes no sense");
  let count = 0;
  for (let n = 0; n < kinds; n++) {
    components.push(componentOf(cursor, count));
    count += components[n].points.length;
  }
  const dims = Math.max(...components.map((component) => component.axes));
  const fps = version === 0.2 ? cursor.real() : cursor.short();
  const claimed = version === 0.2 ? cursor.long() : cursor.short(), people = cursor.short();
  if (!count || dims < 2 || dims > 3 || people < 1 || people > MOST.people) throw new BadPose("its header makes no sense");
  const left = buffer.byteLength - cursor.at, frameBytes = 4 * people * count * (dims + 1);
  const frames = version === 0.2 ? claimed : Math.floor(left / frameBytes);
  if (!frames) throw new BadPose("it has no frames");
  if (frames * frameBytes > left) throw new BadPose("the file is cut off");
  const numbers = frames * people * count, body = buffer.slice(cursor.at, cursor.at + 4 * numbers * (dims + 1));
  return {
    width, height, components, count, dims, frames, people, fps: fps > 0 && fps < 10000 ? fps : 25,
    coordinates: new Float32Array(body, 0, numbers * dims), confidences: new Float32Array(body, 4 * numbers * dims),
  };
}

// The person who is seen most: (frame, point) -> the number of that point in the arrays.
export function mostSeen({ frames, people, count, confidences }) {
  const seen = new Float64Array(people);
  for (let n = 0; n < confidences.length; n++) seen[Math.floor(n / count) % people] += confidences[n] || 0;
  const person = people === 1 ? 0 : seen.indexOf(Math.max(...seen));
  return { frames, at: (frame, point) => (frame * people + person) * count + point };
}

// Frames of x, y, z, confidence of every point, in the order of `components`, as a file of version 0.2.
export function encodePose({ width, height, fps, frames }, components) {
  const count = components.reduce((sum, { points }) => sum + points.length, 0), body = frames.length * count;
  const header = headerOf(width, height, components), size = header.length + 10 + 16 * body;
  const bytes = new Uint8Array(size), view = new DataView(bytes.buffer);
  bytes.set(header);
  view.setFloat32(header.length, fps, true);
  view.setUint32(header.length + 4, frames.length, true);
  view.setUint16(header.length + 8, 1, true);
  let at = header.length + 10, sure = at + 12 * body;
  for (const frame of frames) {
    if (frame.length !== 4 * count) throw new BadPose("a frame has another number of points than the header");
    for (let n = 0; n < frame.length; n += 4, at += 12, sure += 4) {
      for (let axis = 0; axis < 3; axis++) view.setFloat32(at + 4 * axis, frame[n + axis], true);
      view.setFloat32(sure, frame[n + 3], true);
    }
  }
  return bytes;
}

function headerOf(width, height, components) {
  const bytes = [], encoder = new TextEncoder();
  const short = (value) => bytes.push(value & 255, value >> 8);
  const text = (value) => { const written = encoder.encode(value); short(written.length); bytes.push(...written); };
  bytes.push(...new Uint8Array(new Float32Array([0.2]).buffer));
  [width, height, 0, components.length].forEach(short);
  for (const { name, points, lines } of components) {
    const number = new Map(points.map((point, index) => [point, index]));
    const pairs = lines.map((ends) => ends.map((end) => number.get(end))).filter((ends) => !ends.includes(undefined));
    text(name);
    text("XYZC");
    [points.length, pairs.length, 1].forEach(short);
    points.forEach(text);
    pairs.flat().forEach(short);
    [90, 120, 160].forEach(short);
  }
  return bytes;
}
