// Ask the discriminator: draw a digit, and hear how real it looks to each model's discriminator.

import { paper } from "./pen.js";
import { opinionOn } from "./real.js";
import { allOrNone, onlyLatest, orSay } from "./server.js";
import { percent } from "./words.js";

const section = document.querySelector("#ask");
const canvas = section.querySelector("#draw-canvas");
const seen = section.querySelector("#draw-seen");
const status = section.querySelector("#draw-status");
const again = section.querySelector("#draw-again");
const rows = [...section.querySelectorAll("[data-model]")];
const latest = onlyLatest();
const say = (words) => (status.textContent = words);

let drawn = false;

const digit = () => section.querySelector("[name=drawn]:checked").value;

/** Ask every model about what is on the paper. */
function judge() {
  drawn = true;
  withdraw();
  const signal = latest();
  const fail = (words) => {
    unsee();
    say(words);
    again.hidden = false;
  };
  orSay(fail, async () => {
    const opinions = await allOrNone(rows.map((row) => opinion(row, signal)), latest);
    seen.src = opinions[0].png;
    seen.alt = `Your ${digit()} as the discriminators see it`;
    seen.hidden = false;
    rows.forEach((row, which) => tell(row, opinions[which]));
    say(`This is your ${digit()} as they see it.`);
  });
}

/** A model that knows the digit is asked how real a digit of its kind it is; any other, how real a digit. */
function opinion(row, signal) {
  const told = Number(digit()) < Number(row.dataset.classes ?? 0) ? { digit: digit() } : {};
  return opinionOn(canvas, { model: row.dataset.model, ...told }, { signal, doing: "Looking at it…" }, say);
}

function tell(row, { digit: label, realness, probability }) {
  const kind = label === null ? "real digits" : `real ${label}s`;
  const odds = probability === undefined ? "" : ` D(x) = ${probability.toFixed(2)}.`;
  row.querySelector("p").textContent = `More real than ${percent(realness)} of ${kind}.${odds}`;
  const ruler = row.querySelector(".ruler");
  ruler.hidden = false;
  ruler.style.setProperty("--at", realness);
}

/** Take back what was said of another drawing. */
function unsee() {
  seen.hidden = true;
  for (const row of rows) {
    row.querySelector(".ruler").hidden = true;
    row.querySelector("p").textContent = "has not seen it yet";
  }
}

/** Take back the offer to judge again; the focus, where it was there, goes to the paper. */
function withdraw() {
  if (document.activeElement === again) canvas.focus({ preventScroll: true });
  again.hidden = true;
}

function forget() {
  latest();
  drawn = false;
  unsee();
  withdraw();
  say("Nothing is drawn yet.");
}

export function start() {
  const clear = paper(canvas, judge, say);
  section.querySelector("#draw-clear").addEventListener("click", () => {
    clear();
    forget();
  });
  again.addEventListener("click", judge);
  section.querySelector("#draw-digit").addEventListener("change", () => drawn && judge());
}
