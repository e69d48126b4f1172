// Explore: a map of the digits between four corners.

import { fresh, movable, nudged, told } from "./corners.js";
import { put } from "./digits.js";
import { WAYS } from "./keys.js";
import { whenNear } from "./near.js";
import { ask, orSay, PATIENCE, whole } from "./server.js";

const section = document.querySelector("#explore");
const picture = section.querySelector("#map-picture");
const status = section.querySelector("#map-status");
const truncation = section.querySelector("#map-truncation");
const buttons = [...section.querySelectorAll(".corner")];
const pins = [...section.querySelectorAll("[name=pin]")];
const say = (words) => (status.textContent = words);

let corners = buttons.map(fresh);
let drawing = false;
let next = null; // what is to be said of the map that is wanted next

/** What both the map and the way between two of its corners are asked with. */
export function asked() {
  const digit = section.querySelector("[name=explored]:checked")?.value;
  const { model } = section.dataset;
  return { model, truncation: truncation.value, background: "transparent", ...(digit === undefined ? {} : { digit }) };
}

/** Which digit an answer shows. */
export const label = (response) => response.headers.get("X-Digits")?.split(",")[0] ?? "digit";

/** Draw the map as the corners stand. One at a time: what changes on the way is seen in the next. */
async function draw(words = "") {
  next = words;
  if (drawing) return;
  drawing = true;
  try {
    while (next !== null) await orSay(say, once);
  } finally {
    drawing = false;
  }
}

async function once() {
  const [words, where] = [next, told(corners)];
  next = null;
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await ask(`map?${new URLSearchParams({ ...asked(), ...where })}`, { signal, doing: "Drawing…" }, say);
  const alt = `A map of ${label(response)}s between corners of seeds ${where.seeds.replaceAll(",", ", ")}`;
  await put(picture, await whole(response.blob()), alt);
  say(words);
}

function change(which, corner) {
  const turned = corner.seed === corners[which].seed;
  corners = corners.map((old, place) => (place === which ? corner : old));
  const name = pins[which].labels[0].textContent.trim();
  const [right, down] = corner.turn.map((angle) => (Number(angle.toFixed(1)) + 0).toFixed(1)); // no -0.0
  draw(`Corner ${name}: ${turned ? `turned by ${right} to the right and ${down} down` : "drawn anew"}`);
}

/** Whether no corner is free to change, which is said then. */
function allPinned() {
  const all = pins.every((pin) => pin.checked);
  if (all) say("All corners are pinned.");
  return all;
}

/** Turn all corners that are not pinned, for who can click but not drag. */
function turn(button) {
  if (allPinned()) return;
  corners = corners.map((corner, which) => (pins[which].checked ? corner : nudged(corner, WAYS[button.value])));
  draw(`What is not pinned: turned a little ${button.dataset.way}`);
}

function anew() {
  if (allPinned()) return;
  corners = corners.map((corner, which) => (pins[which].checked ? corner : fresh()));
  const kept = pins.filter((pin) => pin.checked).length;
  draw(kept ? `New corners; ${kept} pinned` : "New corners");
}

export function start() {
  buttons.forEach((button, which) => {
    movable(
      button,
      () => corners[which],
      (corner) => (pins[which].checked ? say("This corner is pinned.") : change(which, corner)),
    );
  });
  section.querySelector("#map-anew").addEventListener("click", anew);
  for (const button of section.querySelectorAll("#map-turn button")) button.addEventListener("click", () => turn(button));
  truncation.addEventListener("input", () => draw());
  section.querySelector("#map-digit")?.addEventListener("change", () => draw());
  whenNear(section, () => draw());
}
