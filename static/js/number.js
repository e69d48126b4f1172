// Write a number: its digits in handwriting, each to be written anew by clicking it.

import { onReturn, remember, remembered } from "./address.js";
import { picture, refill } from "./digits.js";
import { askJSON, onlyLatest, orSay } from "./server.js";
import { withArticle } from "./words.js";

const form = document.querySelector("#number-form");
const list = document.querySelector("#written");
const status = document.querySelector("#number-status");
const png = document.querySelector("#number-png");
const latest = onlyLatest();

let written = null; // { text, seed, turns }: what stands on the page
let coming = null; // the same: what is to stand there next

const digitsOf = (text) => text.replace(/\D/g, "");
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const say = (words) => (status.textContent = words);

/** Where the server draws the strip. */
function url({ text, seed, turns }, others = {}) {
  const parameters = new URLSearchParams({ model: form.dataset.model, ...others });
  if (seed !== null) parameters.set("seed", seed);
  if (turns.some(Boolean)) parameters.set("turns", turns);
  return `number/${digitsOf(text)}?${parameters}`;
}

/** Write a number and put it on the page; resolves to what stands there then, or null. */
function write(wanted) {
  coming = wanted;
  return orSay(say, async () => {
    const options = { signal: latest(), doing: "Writing…" };
    const told = await askJSON(url(wanted, { background: "transparent" }), options, say);
    const kept = written?.text === wanted.text;
    written = { ...wanted, seed: String(told.seed) };
    if (kept) renew(told.digits);
    else show(told.digits);
    const parameters = new URLSearchParams(Object.entries(saved()).filter(([, value]) => value !== null));
    document.querySelector("#number-link").href = `?${parameters}#number`;
    png.href = url(written, { background: "white", scale: 4 });
    png.textContent = /\D/.test(written.text.trim()) ? "PNG of the digits" : "PNG";
    return written;
  }).finally(() => {
    if (coming === wanted) coming = null;
  });
}

/** What the address keeps of the number; null for what must leave it. */
function saved() {
  const turns = written.turns.some(Boolean) ? String(written.turns) : null;
  return { number: written.text, number_seed: written.seed, number_turns: turns };
}

const words = (digit) => `${digit}, seed ${written.seed}, write it anew`;

function show(told) {
  const digits = told.values();
  list.setAttribute("aria-label", `${written.text} in handwriting`);
  refill(list, [...written.text.trim()].map((sign) => item(sign, digits)));
}

function item(sign, digits) {
  const place = document.createElement("li");
  if (/\D/.test(sign)) {
    place.className = "sign";
    place.textContent = sign;
    return place;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.append(picture(digits.next().value.png, words(sign)));
  place.append(button);
  return place;
}

/** Change only the pictures that changed, so that the focus stays where it is. */
function renew(told) {
  [...list.querySelectorAll("img")].forEach((image, place) => {
    if (image.src !== told[place].png) image.src = told[place].png;
    image.alt = words(told[place].digit);
  });
}

const tell = ({ text, seed }) => say(`${text} in handwriting, seed ${seed}`);

async function submit(event) {
  event.preventDefault();
  const text = form.elements.number.value;
  const wanted = { text, seed: null, turns: [...digitsOf(text)].map(() => 0) };
  if (same(wanted, coming)) return; // an impatient click would only make it later
  const done = await write(wanted);
  if (!done) return;
  tell(done);
  remember(saved());
}

async function again(event) {
  const button = event.target.closest("button");
  if (!button) return;
  const place = [...list.querySelectorAll("button")].indexOf(button);
  const last = coming?.text === written.text ? coming : written; // what was clicked just before counts too
  const turns = last.turns.map((turn, other) => (other === place ? (turn + 1) % 1000 : turn));
  if (!(await write({ ...last, turns }))) return;
  say(`Digit ${place + 1}, ${withArticle(digitsOf(written.text)[place])}, is written anew`);
  remember(saved());
}

/** What a link says stands on the page. */
function linked(parameters) {
  const text = parameters.get("number") ?? form.elements.number.defaultValue;
  const turns = (parameters.get("number_turns") ?? "").split(",").map(Number);
  return { text, seed: parameters.get("number_seed"), turns: [...digitsOf(text)].map((_, place) => turns[place] ?? 0) };
}

export function start() {
  if (!form) return;
  const first = new URL(document.querySelector("#number-link").href).searchParams;
  written = linked(first);
  form.addEventListener("submit", submit);
  list.addEventListener("click", again);
  onReturn(() => {
    const said = remembered();
    const wanted = linked(said.has("number_seed") ? said : first);
    form.elements.number.value = wanted.text;
    if (!same(wanted, coming ?? written)) write(wanted).then((done) => done && tell(done));
    else if (!coming) say(""); // and not what went wrong on the way to another
  });
  remember(saved(), { replace: true });
}
