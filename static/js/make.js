// Make: pictures without loading the page anew. Without this file the form works as a plain form.

import { onReturn, remember, remembered } from "./address.js";
import { show, walkable } from "./digits.js";
import { alone } from "./keys.js";
import { askJSON, onlyLatest, orSay } from "./server.js";
import { ofDigit, ofPicture } from "./words.js";

const DEFAULTS = { count: "1", truncation: "1" };
const NAMES = ["digit", "seed", "count", "truncation", "model"];

const form = document.querySelector("#make-form");
const list = document.querySelector("#made");
const caption = document.querySelector("#caption");
const chosen = document.querySelector("#chosen");
const link = document.querySelector("#link");
const latest = onlyLatest();

let coming = null; // what "Generate" has asked for and not brought yet
let putAside = ""; // the digit that was chosen before a model that does not know it
let settled = caption.textContent; // what is said of the picture that is shown
let astray = false; // whether the form says what a return asked for and has not brought

/** Parameters that the form says, without those that say nothing. */
function wanted() {
  const given = [...new FormData(form)].filter(([name, value]) => value !== "" && value !== DEFAULTS[name]);
  return new URLSearchParams(given);
}

/** Make the digits that the parameters ask for; resolves to the parameters that bring them back, or null. */
function make(parameters) {
  const say = (words) => (caption.textContent = words);
  return orSay(say, async () => {
    const url = `generate?${parameters}&background=transparent`;
    const made = await askJSON(url, { signal: latest(), doing: "Drawing…" }, say);
    const again = new URLSearchParams(parameters);
    again.set("model", made.model);
    again.set("seed", made.seed);
    again.sort();
    put(made, again);
    return again;
  });
}

function put({ digits, seed }, again) {
  const many = digits.length > 1;
  list.dataset.columns = Math.ceil(Math.sqrt(digits.length));
  caption.textContent = many ? `${digits.length} handwritten digits, seed ${seed}` : ofDigit(digits[0], seed);
  chosen.textContent = many ? ofPicture(digits[0], seed, digits.length) : "";
  show(list, digits, (told) => ofPicture(told, seed, digits.length)); // where the focus is there, it chooses another
  settled = caption.textContent;
  astray = false;
  link.href = `?${again}`;
  document.dispatchEvent(new CustomEvent("made", { detail: again }));
}

/** What the address is to say of parameters: those that are left out must leave it too. */
const said = (parameters) => Object.fromEntries(NAMES.map((name) => [name, parameters.get(name)]));

/** Make what the form says and put it into the address, unless it says what a link may not, or that is coming. */
async function generate() {
  if (!form.reportValidity()) return;
  const mine = wanted();
  if (String(mine) === String(coming)) return; // an impatient click would only make it later
  coming = mine;
  const made = await make(mine).finally(() => {
    if (coming === mine) coming = null;
  });
  if (made) remember(said(made));
}

/**
 * Draw the same seed anew while the slider moves; the address follows without a new place to come back to.
 * While a new one is yet to come, draw that.
 */
async function dare() {
  if (coming) return generate();
  if (!form.reportValidity()) return;
  const parameters = wanted();
  parameters.set("seed", remembered().get("seed"));
  const made = await make(parameters);
  if (made) remember(said(made), { replace: true });
}

/** Choose a digit, "" for any, which the value of all radios together cannot be set to. */
function choose(digit) {
  for (const choice of form.elements.digit) choice.checked = choice.value === digit;
}

/** A model that cannot be asked for a digit gets no choice of one, and any other those that it knows.
 *  What was chosen comes back with a model that knows it, unless another was chosen meanwhile. */
function offerDigits() {
  const classes = Number(form.elements.model.selectedOptions[0].dataset.classes ?? 0);
  for (const choice of form.querySelectorAll("[name=digit]:not([value=''])")) {
    const known = Number(choice.value) < classes;
    choice.disabled = !known;
    choice.parentElement.hidden = classes > 0 && !known;
    if (!known && choice.checked) {
      putAside = choice.value;
      choose("");
    } else if (known && choice.value === putAside) {
      if (form.elements.digit.value === "") choose(putAside);
      putAside = "";
    }
  }
}

/** Set the form to what the address says, and bring its picture back where another is shown. */
function restore() {
  const parameters = remembered();
  const shown = new URL(link.href).searchParams;
  latest(); // what was asked for before the return does not come after it
  const there = NAMES.every((name) => parameters.get(name) === shown.get(name));
  if (there && caption.textContent !== settled) caption.textContent = settled; // and not what went wrong on the way to another
  if (there && !astray) return;
  fill(parameters);
  astray = !there;
  if (there) return;
  const asked = NAMES.filter((name) => parameters.has(name)).map((name) => [name, parameters.get(name)]);
  make(new URLSearchParams(asked));
}

/** Set the form to what parameters say. */
function fill(parameters) {
  for (const name of ["count", "truncation", "model"]) {
    const value = parameters.get(name) ?? DEFAULTS[name] ?? "";
    if (value !== "") form.elements[name].value = value;
  }
  choose(parameters.get("digit") ?? "");
  putAside = "";
  offerDigits();
}

/** Enter and Space generate wherever nothing has the focus, as long as the picture is in sight. */
function onKey(event) {
  const idle = event.target === document.body && !event.repeat;
  if (!idle || !alone(event) || ![" ", "Enter"].includes(event.key)) return;
  if (list.getBoundingClientRect().bottom < 0) return;
  event.preventDefault();
  generate();
}

export function start() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    generate();
  });
  form.elements.truncation.addEventListener("input", dare);
  form.elements.model.addEventListener("change", offerDigits);
  document.addEventListener("keydown", onKey);
  onReturn(restore);
  walkable(list, () => Number(list.dataset.columns), (button) => {
    if (list.children.length > 1) chosen.textContent = button.firstElementChild.alt;
  });
  offerDigits();
  remember(Object.fromEntries(new URL(link.href).searchParams), { replace: true });
}
