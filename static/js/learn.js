// Watch it learn: the evolution of each model on one timeline, beside its losses and its discriminator's scores.

import { draw } from "./curves.js";
import { whenNear } from "./near.js";
import { playable } from "./player.js";
import { allOrNone, askJSON, onlyLatest, orSay } from "./server.js";

const PLAY = 12; // seconds from noise to the end
const MISSING = "A sheet cannot be loaded. Try again in a moment.";

const section = document.querySelector("#learn");
const slider = section.querySelector("#learn-time");
const status = section.querySelector("#learn-status");
const figures = [...section.querySelectorAll("figure")];
const latest = onlyLatest();
const say = (words) => (status.textContent = words);

let learners = []; // { figure, sheets, cursors }: one a model
let most = 1; // images seen by the model that saw most
let loading = false;

/** Where a number of images seen stands on the timeline: in proportion to its logarithm, for most happens early. */
const share = (seen) => Math.log2(1 + seen / 128) / Math.log2(1 + most / 128);

/** Images seen at a place on the timeline. */
const seenAt = (place) => Math.round(128 * (2 ** (place * Math.log2(1 + most / 128)) - 1));

const words = (seen) => `${seen.toLocaleString("en")} images`;

async function load(figure, signal) {
  const url = `models/${encodeURIComponent(figure.dataset.model)}`;
  const [card, history] = await Promise.all([askJSON(url, { signal }, say), askJSON(`${url}/history`, { signal }, say)]);
  return { figure, history, sheets: card.evolution };
}

/** Draw the charts of one learner, on the timeline of all. */
function chart({ figure, history, sheets }) {
  const shares = history.images_seen.map(share);
  const into = (name) => figure.querySelector(`[data-chart=${name}]`);
  const losses = [["discriminator", history.discriminator_loss], ["generator", history.generator_loss]];
  const scores = [["real digits", history.real_logit], ["generated", history.generated_logit]];
  const cursors = [draw(into("losses"), "Losses", shares, losses), draw(into("scores"), "D's mean score", shares, scores)];
  return { figure, sheets, cursors };
}

/** Show every learner as it was at the cursor, or at its own end. */
function show() {
  const place = Number(slider.value) / Number(slider.max);
  const seen = seenAt(place);
  slider.setAttribute("aria-valuetext", words(seen));
  for (const { figure, sheets, cursors } of learners) {
    const sheet = sheets.findLast((one) => one.images_seen <= seen) ?? sheets[0];
    const image = figure.querySelector("img");
    for (const cursor of cursors) cursor(Math.min(place, share(sheets.at(-1).images_seen)));
    if (figure.hidden || image.getAttribute("src") === sheet.url) continue;
    image.src = sheet.url;
    image.alt = `A hundred digits by ${figure.dataset.model} after ${words(sheet.images_seen)}`;
    const ended = sheet === sheets.at(-1) ? ", the end" : "";
    figure.querySelector(".seen").textContent = `after ${words(sheet.images_seen)}${ended}`;
  }
}

/** Show one model, or all for an empty name. */
function choose(name) {
  for (const figure of figures) figure.hidden = name !== "" && figure.dataset.model !== name;
  section.querySelector(".learners").classList.toggle("all", name === "");
  show();
}

/** Fetch the sheets ahead of playing, so that none is late. */
function fetchAhead() {
  const shown = learners.filter(({ figure }) => !figure.hidden);
  for (const { url } of shown.flatMap(({ sheets }) => sheets)) new Image().src = url;
}

/** Load all that is shown, once; where that fails, the next who turns to it tries again. */
async function begin() {
  if (loading || learners.length) return;
  loading = true;
  const signal = latest();
  const loads = () => allOrNone(figures.map((figure) => load(figure, signal)), latest);
  const loaded = await orSay(say, loads).finally(() => (loading = false));
  if (!loaded) return;
  say("\u00a0");
  most = Math.max(...loaded.map(({ sheets }) => sheets.at(-1).images_seen));
  learners = loaded.map(chart);
  choose(section.querySelector("[name=learner]:checked").value);
}

/** A sheet that does not come leaves no broken picture behind, and is asked for again when the cursor moves. */
function missing({ target }) {
  target.removeAttribute("src");
  say(MISSING);
}

/** And when the next one comes, it is no longer said that one is missing. */
function come() {
  if (status.textContent === MISSING) say("\u00a0");
}

export function start() {
  for (const figure of figures) {
    const image = figure.querySelector("img");
    image.addEventListener("error", missing);
    image.addEventListener("load", come);
  }
  slider.addEventListener("input", show);
  slider.addEventListener("change", () => learners.length && say(`Shown after ${words(seenAt(slider.value / slider.max))} or at the end`));
  for (const kind of ["click", "change"]) section.addEventListener(kind, begin);
  section.addEventListener("change", ({ target }) => target.name === "learner" && choose(target.value));
  section.querySelector("#learn-play").addEventListener("click", fetchAhead);
  playable(section.querySelector("#learn-play"), slider, PLAY);
  whenNear(section, begin);
}
