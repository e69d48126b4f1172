// Explore: a map of the digits between four corners.

import { fresh, movable, told } from "./corners.js";
import { whenNear } from "./near.js";
import { ask, onlyLatest, orSay } from "./server.js";

const section = document.querySelector("#explore");
const picture = section.querySelector("#map-picture");
const status = section.querySelector("#map-status");
const truncation = section.querySelector("#map-truncation");
const buttons = [...section.querySelectorAll(".corner")];
const pins = [...section.querySelectorAll("[name=pin]")];
const latest = onlyLatest();
const say = (words) => (status.textContent = words);

let corners = buttons.map(fresh);

/** What both the map and the way between two of its corners are asked with. */
export function asked() {
  const digit = section.querySelector("[name=explored]:checked")?.value;
  const { model } = section.dataset;
  return { model, truncation: truncation.value, background: "transparent", ...(digit === undefined ? {} : { digit }) };
}

/** Draw the map as the corners stand; a map that is still on its way is no longer wanted. */
export async function draw(words = "") {
  const signal = latest();
  const drawn = await orSay(say, async () => {
    const response = await ask(`map?${new URLSearchParams({ ...asked(), ...told(corners) })}`, { signal }, say);
    const source = URL.createObjectURL(await response.blob());
    const before = picture.src;
    picture.src = source;
    await picture.decode();
    URL.revokeObjectURL(before);
    return response.headers.get("X-Digits");
  });
  if (drawn === null) return;
  const digit = drawn?.split(",")[0];
  picture.alt = `A map of ${digit ?? "digit"}s: four in the corners and those between them`;
  say(words);
}

function change(which, corner) {
  corners = corners.map((old, place) => (place === which ? corner : old));
  draw();
}

function anew() {
  corners = corners.map((corner, which) => (pins[which].checked ? corner : fresh()));
  const kept = pins.filter((pin) => pin.checked).length;
  draw(kept ? `New corners; ${kept} pinned` : "New corners");
}

export function start() {
  buttons.forEach((button, which) => {
    movable(
      button,
      () => corners[which],
      (corner) => !pins[which].checked && change(which, corner),
    );
  });
  section.querySelector("#map-anew").addEventListener("click", anew);
  truncation.addEventListener("input", () => draw());
  section.querySelector("#map-digit")?.addEventListener("change", () => draw());
  whenNear(section, () => draw());
}
