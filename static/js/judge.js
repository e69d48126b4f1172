// Be the judge: real or generated? Then your score beside the discriminator's on the same ten digits.

import { generatedDigit, opinionOn, realDigit } from "./real.js";
import { allOrNone, askJSON, onlyLatest, orSay } from "./server.js";
import { hundredths, percent, withArticle } from "./words.js";

const DIGITS = 10;
const MOMENT = 250; // milliseconds in which nobody has seen what has just come: a second click means what was there
const OTHERS = 100; // generated digits by which the discriminator's line is drawn

const section = document.querySelector("#judge");
const status = document.querySelector("#judge-status");
const picture = document.querySelector("#judge-picture");
const place = document.querySelector("#judge-place");
const answers = document.querySelector("#judge-answers");
const begin = document.querySelector("#judge-begin");
const result = document.querySelector("#judge-result");
const latest = onlyLatest();
const say = (words) => (status.textContent = words);
const named = (real) => (real ? "real" : "generated");

let dealing = false;
let changed = 0; // when another digit, or another button, came last
let round = null; // { digits: [{ canvas, label, real, opinion }], said: [true where "real"], line }

/**
 * The realness from which on a digit counts as real: where the two kinds come apart best.
 *
 * A share t of real digits lies below realness t, by its definition; of generated ones we count.
 */
export function dividingLine(generated) {
  const sorted = [...generated].sort((a, b) => a - b);
  let best = { line: 0, gain: 0 };
  sorted.forEach((realness, below) => {
    const gain = (below + 1) / sorted.length - realness;
    if (gain > best.gain) best = { line: realness + 0.001, gain };
  });
  return best.line;
}

const generated = (count, signal) => askJSON(`generate?count=${count}&model=${section.dataset.model}`, { signal }, say);

/** Draw ten digits by lot, real or generated with equal chances, and ask the discriminator about each. */
async function deal() {
  const signal = latest();
  const [candidates, others] = await allOrNone([generated(DIGITS, signal), generated(OTHERS, signal)], latest);
  const deals = candidates.digits.map((told) => dealt(told, Math.random() < 0.5, signal));
  const digits = await allOrNone(deals, latest);
  return { digits, said: [], line: dividingLine(others.digits.map(({ realness }) => realness)) };
}

/** One digit: the generated one that is told, or a real one of its class; judged by the same route. */
async function dealt(told, real, signal) {
  const canvas = await (real ? realDigit(told.digit) : generatedDigit(told.png));
  const parameters = { digit: told.digit, model: section.dataset.model };
  return { canvas, label: told.digit, real, opinion: await opinionOn(canvas, parameters, { signal }, say) };
}

function ask() {
  changed = performance.now();
  const number = round.said.length;
  const { canvas, label } = round.digits[number];
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `A handwritten ${label}`);
  picture.replaceChildren(canvas);
  picture.hidden = false;
  place.textContent = `Digit ${number + 1} of ${DIGITS}: ${withArticle(label)}. Real or generated?`;
}

/** Whether a click is the second of a double click, and means what has just gone away. */
const again = (event) => event.detail > 1 && event.timeStamp - changed < MOMENT;

function answer(event) {
  const { target } = event;
  if (!target.value || again(event)) return;
  const { real } = round.digits[round.said.length];
  round.said.push(target.value === "real");
  const right = round.said.at(-1) === real;
  say(`${right ? "Right" : "No"}: it ${real ? "was written by a person" : "is generated"}.`);
  if (round.said.length < DIGITS) ask();
  else finish();
}

function finish() {
  const verdicts = round.digits.map(({ opinion }) => hundredths(opinion.realness) >= hundredths(round.line)); // as both are shown
  const score = (said) => said.filter((one, number) => one === round.digits[number].real).length;
  place.textContent = "Those were the ten.";
  picture.hidden = true;
  document.querySelector("#judge-score").textContent =
    `You: ${score(round.said)} of ${DIGITS} right. The discriminator: ${score(verdicts)} of ${DIGITS}.`;
  result.querySelector("tbody").replaceChildren(...round.digits.map((digit, number) => row(digit, round.said[number], verdicts[number])));
  document.querySelector("#judge-line").textContent =
    `The discriminator gives a score, not a verdict. It is taken to say real from a realness of ${percent(round.line)} on,` +
    ` which tells ${OTHERS} other generated digits from real ones best. Half right is what guessing would bring.`;
  result.hidden = false;
  offer("Ten more");
  begin.focus();
}

function row({ canvas, label, real, opinion }, said, verdict) {
  const line = document.createElement("tr");
  const cells = ["", named(real), mark(said, real), `${mark(verdict, real)} (realness ${percent(opinion.realness)})`];
  for (const words of cells) line.insertCell().textContent = words;
  canvas.setAttribute("aria-label", `A handwritten ${label}`);
  line.cells[0].append(canvas);
  return line;
}

const mark = (said, real) => `${named(said)}, ${said === real ? "right" : "wrong"}`;

/** Offer to begin, or, with no words, the two answers. */
function offer(words) {
  changed = performance.now();
  answers.hidden = words !== "";
  begin.hidden = words === "";
  begin.textContent = words;
}

async function play(event) {
  if (dealing || again(event)) return;
  dealing = true;
  say("Drawing ten digits");
  const dealt = await orSay(say, deal).finally(() => (dealing = false));
  if (!dealt) return;
  round = dealt;
  result.hidden = true;
  say("");
  const waiting = [begin, document.body].includes(document.activeElement); // some browsers give a click no focus
  offer("");
  ask();
  if (waiting) answers.querySelector("button").focus();
}

export function start() {
  if (!section) return;
  begin.addEventListener("click", play);
  answers.addEventListener("click", answer);
}
