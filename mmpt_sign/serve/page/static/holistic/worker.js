// Runs MediaPipe Holistic beside the page: pictures in, points out.  Nothing else leaves this worker.
"use strict";

const PARTS = [["poseLandmarks", 33], ["faceLandmarks", 468], ["leftHandLandmarks", 21], ["rightHandLandmarks", 21]];
const POINTS = 543;

// MediaPipe's build knows two ways to start.  The one for workers asks for a wrong kind of WebGL context, so it is shown
// just enough of a page to take the other one.
self.window = self;
self.document = {
  body: { appendChild: (script) => { importScripts(script.src); script.loaded(); } },
  createElement: (kind) => (kind === "canvas" ? new OffscreenCanvas(1, 1) : {
    setAttribute(name, value) { this[name] = value; },
    addEventListener(event, done) { if (event === "load") this.loaded = done; },
  }),
  addEventListener() {}, removeEventListener() {}, querySelector: () => null,
};
self.alert = (message) => { throw new Error(message); };
console.log = console.warn = console.info = () => {}; // it tells its whole life

function drawsInSoftware() {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) throw new Error("this browser has no WebGL 2 outside of pages");
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  return /swiftshader|llvmpipe|software/i.test(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

async function started() {
  importScripts("holistic.js");
  const holistic = new self.Holistic({ locateFile: (name) => new URL(name, self.location.href).href });
  holistic.setOptions({
    modelComplexity: 1, smoothLandmarks: true, refineFaceLandmarks: false, selfieMode: false,
    useCpuInference: drawsInSoftware(), // without a graphics card the processor is ten times as fast by itself
  });
  await holistic.initialize();
  return holistic;
}

// x and y in pixels, z in widths of the picture, and how sure the point is: what .pose files of MediaPipe hold.
function pointsOf(found, width, height) {
  const points = new Float32Array(4 * POINTS);
  let first = 0;
  for (const [part, count] of PARTS) {
    (found[part] ?? []).slice(0, count).forEach((mark, index) => {
      const sure = part === "poseLandmarks" ? (mark.visibility ?? 1) : 1;
      points.set([mark.x * width, mark.y * height, mark.z, sure], 4 * (first + index));
    });
    first += count;
  }
  return points;
}

let found = null;
const ready = started().then((holistic) => { holistic.onResults((results) => { found = results; }); return holistic; });
ready.then(() => postMessage({ ready: true }), (error) => postMessage({ trouble: String(error?.message ?? error) }));

self.onmessage = async ({ data }) => {
  try {
    const holistic = await ready;
    if (data.reset) return holistic.reset();
    found = null;
    await holistic.send({ image: data.picture });
    const points = pointsOf(found ?? {}, data.picture.width, data.picture.height);
    found?.image?.close?.();
    data.picture.close();
    postMessage({ points }, [points.buffer]);
  } catch (error) {
    postMessage({ trouble: String(error?.message ?? error) });
  }
};
