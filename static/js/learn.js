// Watch it learn: the evolution of each model on one timeline, beside its losses and its discriminator's scores.

import { draw } from "./curves.js";
import { whenNear } from "./near.js";
import { playable } from "./player.js";
import { allOrNone, askJSON, onlyLatest, orSay, PATIENCE } from "./server.js";

const PLAY = 12; // seconds from noise to the end
const SHEETS_LOADING = "The sheets are loading.";
const HISTORIES_LOADING = "The histories are loading.";
const MISSING = "A sheet cannot be loaded. Try again in a moment.";

const section = document.querySelector("#learn");
const slider = section.querySelector("#learn-time");
const status = section.querySelector("#learn-status");
const figures = [...section.querySelectorAll("figure")];
const latest = onlyLatest();
const say = (words) => (status.textContent = words);

let learners = []; // { figure, sheets, cursors, wanted, shown }: one a model, its sheets among them
let most = 1; // images seen by the model that saw most
let loading = null; // a promise, while all that is shown is loaded

/** Where a number of images seen stands on the timeline: in proportion to its logarithm, for most happens early. */
const share = (seen) => Math.log2(1 + seen / 128) / Math.log2(1 + most / 128);

/** Images seen at a place on the timeline. */
const seenAt = (place) => Math.round(128 * (2 ** (place * Math.log2(1 + most / 128)) - 1));

const words = (seen) => `${seen.toLocaleString("en")} images`;

async function load(figure, signal) {
  const url = `models/${encodeURIComponent(figure.dataset.model)}`;
  const both = [url, `${url}/history`].map((one) => askJSON(one, { signal, doing: HISTORIES_LOADING }, say));
  const [card, history] = await Promise.all(both);
  return { figure, history, sheets: card.evolution };
}

/** Draw the charts of one learner, on the timeline of all. */
function chart({ figure, history, sheets }) {
  const shares = history.images_seen.map(share);
  const into = (name) => figure.querySelector(`[data-chart=${name}]`);
  const losses = [["discriminator", history.discriminator_loss], ["generator", history.generator_loss]];
  const scores = [["real digits", history.real_logit], ["generated", history.generated_logit]];
  const begins = `from ${words(history.images_seen[0])} on`;
  const cursors = [
    draw(into("losses"), "Losses", shares, losses, begins),
    draw(into("scores"), "D's mean score", shares, scores, begins),
  ];
  return { figure, sheets, cursors };
}

/** Turn every learner to where it was at the cursor, or to its own end. */
function show() {
  const place = Number(slider.value) / Number(slider.max);
  const seen = seenAt(place);
  slider.setAttribute("aria-valuetext", words(seen));
  for (const learner of learners) {
    const { figure, sheets, cursors } = learner;
    for (const cursor of cursors) cursor(Math.min(place, share(sheets.at(-1).images_seen)));
    learner.wanted = sheets.findLast((one) => one.images_seen <= seen) ?? sheets[0];
    if (!figure.hidden) follow(learner);
  }
}

/** Load the sheet that is wanted, and then what is wanted by then: one after the other, or on a slow line none would come. */
async function follow(learner) {
  if (learner.follows) return;
  learner.follows = true;
  try {
    while (learner.shown !== learner.wanted) {
      const sheet = learner.wanted;
      await loaded(sheet.url);
      turn(learner, sheet);
    }
  } catch {
    say(MISSING); // and it is asked for again when the cursor moves
  } finally {
    learner.follows = false;
  }
}

/** Show a sheet that has come, with its words. */
function turn(learner, sheet) {
  const { figure, sheets } = learner;
  const image = figure.querySelector("img");
  learner.shown = sheet;
  image.src = sheet.url;
  image.alt = `A hundred digits by ${figure.dataset.model} after ${words(sheet.images_seen)}`;
  figure.querySelector(".seen").textContent = told(sheet, sheets);
  if (status.textContent === MISSING) say("\u00a0");
}

const told = (sheet, sheets) => `after ${words(sheet.images_seen)}${sheet === sheets.at(-1) ? ", the end" : ""}`;

const visible = () => learners.filter(({ figure }) => !figure.hidden);

/** Say which sheets the cursor was left at. */
function tell() {
  const shown = visible();
  if (shown.length) say(shown.map(({ figure, wanted, sheets }) => `${figure.dataset.model} ${told(wanted, sheets)}`).join("; "));
}

/** Show one model, or all for an empty name. */
function choose(name) {
  for (const figure of figures) figure.hidden = name !== "" && figure.dataset.model !== name;
  section.querySelector(".learners").classList.toggle("all", name === "");
  show();
}

/** Fetch the sheets ahead of playing, so that none is late; resolves to whether there are any. */
async function fetchAhead() {
  await begin();
  const shown = visible();
  if (!shown.length) return false;
  say(SHEETS_LOADING);
  await Promise.allSettled(shown.flatMap(({ sheets }) => sheets).map(({ url }) => loaded(url)));
  if (status.textContent === SHEETS_LOADING) say("\u00a0");
  return true;
}

/** Wait for a picture to come; one that has not come in all patience is given up. */
function loaded(url) {
  const image = new Image();
  image.src = url;
  return Promise.race([image.decode(), new Promise((_, giveUp) => setTimeout(giveUp, PATIENCE))]);
}

/** Load all that is shown, once; where that fails, the next who turns to it tries again. */
async function begin() {
  if (learners.length) return;
  loading ??= loadAll().finally(() => (loading = null));
  await loading;
}

async function loadAll() {
  const signal = latest();
  const histories = await orSay(say, () => allOrNone(figures.map((figure) => load(figure, signal)), latest));
  if (!histories) return;
  say("\u00a0");
  most = Math.max(...histories.map(({ sheets }) => sheets.at(-1).images_seen));
  learners = histories.map(chart);
  choose(section.querySelector("[name=learner]:checked").value);
}

export function start() {
  slider.addEventListener("input", () => {
    say("\u00a0"); // what it says of another place
    show();
  });
  slider.addEventListener("change", tell);
  for (const kind of ["click", "change"]) section.addEventListener(kind, begin);
  section.addEventListener("change", ({ target }) => {
    if (target.name !== "learner") return;
    choose(target.value);
    tell();
  });
  playable(section.querySelector("#learn-play"), slider, PLAY, false, fetchAhead);
  whenNear(section, begin);
}
