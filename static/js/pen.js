// A pen on paper: draws on a canvas with mouse, pen, finger or keyboard.

import { alone, WAYS } from "./keys.js";

const WIDTH = 20; // about MNIST's stroke, on paper of 280
const STEP = 7; // from one key press to the next
const HAIR = 0.01; // a line of no length at all leaves no dot
const EDGE = 2; // that no pen reaches: a picture's paper is told by its edge

/**
 * Make a canvas a paper to draw on.
 *
 * @param {HTMLCanvasElement} canvas - after which stands the mark that shows where the keyboard's pen is
 * @param {() => void} lifted - is called when a stroke is finished
 * @param {(words: string) => void} say - hears what the keyboard's pen does
 * @returns {() => void} clears the paper
 */
export function paper(canvas, lifted, say) {
  const context = canvas.getContext("2d");
  const mark = canvas.nextElementSibling;
  let last = null; // where the pen is while it is down
  let place = [canvas.width / 2, canvas.height / 4]; // where the keyboard's pen is

  function clear() {
    context.fillStyle = "white"; // for good
    context.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(context, { lineWidth: WIDTH, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
    last = null;
  }

  function draw(to) {
    context.beginPath();
    context.moveTo(...(last ?? to));
    context.lineTo(to[0] + HAIR, to[1]);
    context.stroke();
    clearEdge();
    last = to;
  }

  function clearEdge() {
    const { width, height } = canvas;
    for (const left of [0, width - EDGE]) context.fillRect(left, 0, EDGE, height);
    for (const top of [0, height - EDGE]) context.fillRect(0, top, width, EDGE);
  }

  function lift() {
    if (last === null) return;
    last = null;
    lifted();
  }

  function point() {
    mark.style.left = `${(place[0] / canvas.width) * 100}%`;
    mark.style.top = `${(place[1] / canvas.height) * 100}%`;
    mark.hidden = false;
  }

  const at = ({ offsetX, offsetY }) => [
    (offsetX / canvas.clientWidth) * canvas.width,
    (offsetY / canvas.clientHeight) * canvas.height,
  ];

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return; // a second finger or another button draws nothing
    canvas.setPointerCapture(event.pointerId);
    last = null;
    draw(at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last === null || !event.buttons || !event.isPrimary) return;
    for (const between of event.getCoalescedEvents?.() ?? [event]) draw(at(between));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => event.isPrimary && lift());
  canvas.addEventListener("blur", lift);
  for (const end of ["pointerdown", "blur"]) canvas.addEventListener(end, () => (mark.hidden = true));
  canvas.addEventListener("keydown", (event) => {
    const way = WAYS[event.key];
    if (!alone(event)) return;
    if (event.key === " ") {
      if (event.repeat) return event.preventDefault(); // held, it puts the pen down or lifts it but once
      const down = last === null;
      if (down) draw(place);
      else lift();
      if (down) say("The pen is down.");
    } else if (way) {
      place = place.map((value, axis) => Math.min(canvas.width - WIDTH, Math.max(WIDTH, value + STEP * way[axis])));
      if (last !== null) draw(place);
      else say(`The pen is at ${place.map(Math.round).join(", ")} of ${canvas.width}.`);
    } else return;
    event.preventDefault();
    point();
  });
  clear();
  return clear;
}
