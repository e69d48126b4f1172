// Explore: the way from one digit to another, frame by frame.

import { freshSeed } from "./corners.js";
import { put } from "./digits.js";
import { asked, label } from "./explore.js";
import { whenNear } from "./near.js";
import { playable } from "./player.js";
import { ask, onlyLatest, orSay, whole } from "./server.js";
import { withArticle } from "./words.js";

const STEPS = 64; // frames, as many as the server draws
const PLAY = 3; // seconds from one end to the other

const section = document.querySelector("#explore");
const film = section.querySelector("#way-film");
const slider = section.querySelector("#way-place");
const status = section.querySelector("#way-status");
const latest = onlyLatest();
const say = (words) => (status.textContent = words);

let drawn = false; // whether the way that is wanted is there
let drawing = null; // a promise, while it is fetched
let anew = null; // the same, for the ends that were drawn anew last
let ends = { from: freshSeed(), to: freshSeed() };

/** Fetch the strip of all frames; moving along it then needs no request. */
function draw() {
  const signal = latest();
  drawn = false;
  const mine = orSay(say, () => fetchStrip(signal)).finally(() => {
    if (drawing === mine) drawing = null;
  });
  drawing = mine;
  return mine;
}

async function fetchStrip(signal) {
  const parameters = new URLSearchParams({ ...asked(), ...ends, steps: STEPS });
  const response = await ask(`interpolate?${parameters}`, { signal, doing: "Drawing…" }, say);
  const alt = `The way of ${withArticle(label(response))} from seed ${parameters.get("from")} to seed ${parameters.get("to")}`;
  await put(film, await whole(response.blob()), alt);
  if (signal.aborted) return; // another is wanted by now
  drawn = true;
  say("");
}

/** See that the way is there that is wanted, as where the server was away; resolves to whether it is. */
async function ready() {
  if (!drawn && !drawing) draw();
  while (drawing) await drawing;
  return drawn;
}

function show() {
  film.style.setProperty("--frame", slider.value);
  slider.setAttribute("aria-valuetext", `${Math.round((slider.value / slider.max) * 100)}% of the way`);
}

export function start() {
  slider.max = STEPS - 1;
  slider.addEventListener("input", show);
  window.addEventListener("pageshow", show); // by then the browser has brought back where it stood
  playable(section.querySelector("#way-play"), slider, PLAY, true, ready);
  section.querySelector("#way-anew").addEventListener("click", () => {
    if (drawing && drawing === anew) return; // an impatient click would only make it later
    ends = { from: freshSeed(), to: freshSeed() };
    anew = draw();
  });
  section.querySelector("#map-truncation").addEventListener("change", draw);
  section.querySelector("#map-digit")?.addEventListener("change", draw);
  whenNear(film, draw);
}
