// A labelled data set: how large it is before it is asked for, and how far it has come while it streams.

import { ask, onlyLatest, orSay, whole } from "./server.js";

// Bytes that one digit takes at most, with its label, and what all take together: the manifest and the layout.
const MOST = { npz: 785.1, idx: 785.1, png: 1000, parquet: 900 };
const AROUND = 20_000;

const form = document.querySelector("#dataset");
const size = document.querySelector("#dataset-size");
const bar = document.querySelector("#dataset-progress");
const status = document.querySelector("#dataset-status");
const cancel = document.querySelector("#dataset-cancel");
const latest = onlyLatest(null); // a large one takes its time
let drawing = null; // the parameters of the data set that is under way
const say = (words) => (status.textContent = words);

const UNITS = [[1e9, "GB", 1], [1e6, "MB", 1], [0, "kB", 0]]; // from how many bytes on, and with how many places

function amount(bytes) {
  const [from, name, places] = UNITS.find(([least]) => bytes >= least);
  return `${(bytes / (from || 1e3)).toFixed(places)} ${name}`;
}

/** How many digits the form asks for, and the most bytes they can take. */
function asked() {
  const digits = Number(form.elements.per_class.value) * Number(form.dataset.classes);
  return { digits, most: digits * MOST[form.elements.format.value] + AROUND };
}

/** Tell how large it will be, unless one is under way; nothing of what the form would not send. */
function foretell() {
  if (drawing !== null) return;
  const { digits, most } = asked();
  const { valid } = form.elements.per_class.validity;
  size.textContent = valid ? `${digits.toLocaleString("en")} digits, at most ${amount(most)}` : "\u00a0";
}

/** Read an answer to its end, telling how far it has come. */
async function gather(response, most) {
  const pieces = [];
  const reader = response.body.getReader();
  bar.max = Number(response.headers.get("Content-Length")) || most;
  for (let got = 0; ; ) {
    const { done, value } = await whole(reader.read());
    if (done) return new Blob(pieces);
    pieces.push(value);
    got += value.length;
    bar.value = got;
    size.textContent = `${amount(got)} of ${bar.max === most ? "at most " : ""}${amount(bar.max)}`;
  }
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function download(event) {
  event.preventDefault();
  const parameters = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  if (drawing === String(parameters)) return; // an impatient click would only begin it anew
  const { most } = asked();
  const signal = latest();
  busy(String(parameters));
  await orSay(say, async () => {
    say("Drawing the data set");
    const response = await ask(`dataset?${parameters}`, { signal }, say);
    say("Drawing the data set"); // though the server may have been busy before
    const blob = await gather(response, most);
    const named = /filename="?([^";]+)/.exec(response.headers.get("Content-Disposition") ?? "");
    save(blob, named?.[1] ?? `digitsmith.${parameters.get("format")}`);
    say(`The data set is here: ${amount(blob.size)}, seed ${response.headers.get("X-Seed") ?? parameters.get("seed")}`);
  });
  if (!signal.aborted) busy(null);
}

/** Show that a data set of these parameters is under way, or with null that none is. */
function busy(parameters) {
  drawing = parameters;
  const now = parameters !== null;
  if (!now && document.activeElement === cancel) form.querySelector("[type=submit]").focus();
  bar.hidden = cancel.hidden = !now;
  bar.removeAttribute("value");
  if (!now) foretell();
}

export function start() {
  if (!form) return;
  form.addEventListener("input", foretell);
  form.addEventListener("submit", download);
  cancel.addEventListener("click", () => {
    latest();
    busy(null);
    say("Cancelled");
    form.querySelector("[type=submit]").focus();
  });
  foretell();
}
