// Asks the server, and says what went wrong in words for people.

const KEY = "mmpt-sign-key";

export class Trouble extends Error {
  constructor(message, code = "", retry = 0) {
    super(message);
    this.code = code;
    this.retry = retry;
  }
}

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => sessionStorage.setItem(KEY, value),
};

const files = document.body.dataset.files;
export const fileAddress = (name) => new URL(`${files}/${name}`, document.baseURI).href;
export const table = (name) => asked(`${files}/${name}`).then((answer) => answer.json());
export const facts = () => asked("page/facts").then((answer) => answer.json());
export const example = (id) => asked(`page/examples/${id}`).then(asBytes);
export const models = () => asked("v1/models", { headers: withKey() }).then((answer) => answer.json());
export const score = (pose, texts, model, signal) => posted("v1/score", { poses: [base64(pose)], texts, model }, signal);
export const search = (query, k, model, signal) => posted("v1/search", { ...query, k, model }, signal);
export const figure = (id, model) =>
  asked(`v1/clip?${new URLSearchParams({ id, model })}`, { headers: withKey() }).then((answer) => answer.json());
export const align = (pose, text, model, signal) => posted("v1/align", { pose: base64(pose), text, model }, signal);
export const poseOfHit = (id, model) =>
  asked(`v1/clip/pose?${new URLSearchParams({ id, model })}`, { headers: withKey() }).then(asBytes);
export const poseOfVideo = (video, signal) =>
  asked("v1/pose/video", { method: "POST", body: video, headers: withKey(), signal }).then(asBytes);

export function base64(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += 32768) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
  return btoa(pieces.join(""));
}

const asBytes = async (answer) => new Uint8Array(await answer.arrayBuffer());
const withKey = () => (key.get() ? { "X-API-Key": key.get() } : {});

async function posted(path, body, signal) {
  const headers = { "Content-Type": "application/json", ...withKey() };
  const answer = await asked(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  return answer.json();
}

async function asked(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble("The server does not answer. Is it still running? Nothing is lost: try again when it is.", "gone");
  }
  if (answer.ok) return answer;
  throw troubleOf(answer, await answer.json().catch(() => ({})));
}

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 1 : 0)} MB`;
const LIMITS = {
  max_texts: ({ value, given }) => `${given} prompts are too many: this server compares at most ${value} at a time.`,
  max_text_chars: ({ value, given }) => `One line has ${given} characters; at most ${value} are read.`,
  max_body_bytes: ({ value }) => `The file is too large: this server takes at most ${megabytes(value)}, and sending adds a third.`,
  max_frames: ({ value, given }) => `The clip has ${given ?? "too many"} frames; this server takes at most ${value}. Cut it into shorter ones.`,
  max_answers: ({ value }) => `At most ${value} answers can be asked for.`,
  max_video_work_seconds: () => "The video took too long to work through. Try a shorter one.",
};
const CODES = {
  unauthorised: () => "This server wants an API key, or does not know the one you typed. Enter it at the top of the page.",
  no_index: () => "This server has no dictionary. It gets one when it is started with --index FILE.",
  no_clip: () => "The frames of this clip are not where they were when the dictionary was made.",
  no_video: () => "This server takes no videos. Choose a .pose file instead.",
  no_such_model: () => "This server does not have that model any more. Reload the page.",
  slow_body: () => "The file took too long to arrive. Try again, or a shorter clip.",
  overloaded: (_, wait) => `The server has too much to do. Try again in ${wait} s.`,
  unavailable: (_, wait) => `The server cannot answer just now. Try again in ${wait} s.`,
  internal: ({ request_id: id }) => `Something went wrong inside the server. Its log knows more under ${id}.`,
  invalid: ({ problems = [], message }) => invalid(problems, message),
};

function invalid(problems, message) {
  const [first] = problems;
  if (!first) return `The server cannot use this: ${message}.`;
  const what = first.what.replace(/\.$/, "");
  if (/^(poses?|video)\b/.test(first.where)) return `This clip cannot be used: ${what}.`;
  if (/^(texts|text|prompts)\b/.test(first.where)) return `One of the lines cannot be used: ${what}.`;
  return `The server cannot use this (${first.where}): ${what}.`;
}

function troubleOf(answer, body) {
  const error = body.error ?? { code: "", message: answer.statusText };
  const wait = Number(answer.headers.get("Retry-After")) || 1;
  const words = (error.limit && LIMITS[error.limit.name]?.(error.limit)) || CODES[error.code]?.(error, wait);
  return new Trouble(words || `The server says: ${error.message || answer.status}.`, error.code, wait);
}
