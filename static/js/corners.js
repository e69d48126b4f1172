// The four corners of the map: a seed each, how far it is turned from there, and the keys and drags that change it.

import { alone, WAYS } from "./keys.js";

const PER_PIXEL = 0.006; // radians that a corner is turned for a pixel of dragging
const PER_KEY = 0.1; // and for a key press
const FURTHEST = 9.999; // radians
const CLICK = 4; // pixels within which a press is a click, not a drag

export const freshSeed = () => Math.floor(Math.random() * 2 ** 53);

/** A corner that begins anew. */
export const fresh = () => ({ seed: freshSeed(), turn: [0, 0] });

function turnedBy(corner, [right, down], amount) {
  const turn = [corner.turn[0] + right * amount, corner.turn[1] + down * amount];
  return { ...corner, turn: turn.map((angle) => Math.max(-FURTHEST, Math.min(FURTHEST, angle))) };
}

/** A corner turned a little, one of the four ways. */
export const nudged = (corner, way) => turnedBy(corner, way, PER_KEY);

/** What /map is told of four corners. */
export function told(corners) {
  return {
    seeds: corners.map(({ seed }) => seed).join(),
    turns: corners.flatMap(({ turn }) => turn.map((angle) => Number(angle.toFixed(3)))).join(),
  };
}

/**
 * Let a button stand for a corner: dragging and arrow keys turn it, a click draws it anew.
 *
 * @param {HTMLButtonElement} button
 * @param {() => object} get - the corner as it is
 * @param {(corner: object) => void} set - takes the corner as it becomes
 */
export function movable(button, get, set) {
  let from = null; // where a drag began, and the corner then
  let dragged = false;
  button.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return; // a second finger or another button drags nothing
    button.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, corner: get() };
    dragged = false;
  });
  button.addEventListener("pointermove", (event) => {
    if (!from || !event.buttons || !event.isPrimary) return;
    const way = [event.clientX - from.x, event.clientY - from.y];
    dragged ||= Math.hypot(...way) > CLICK;
    if (dragged) set(turnedBy(from.corner, way, PER_PIXEL));
  });
  for (const end of ["pointerup", "pointercancel"]) button.addEventListener(end, () => (from = null));
  button.addEventListener("pointercancel", () => (dragged = false)); // no click will follow
  button.addEventListener("click", (event) => {
    if (!dragged || !event.detail) set(fresh()); // none of a pointer: a finger's drag was followed by no click
    dragged = false;
  });
  button.addEventListener("keydown", (event) => {
    if (!WAYS[event.key] || !alone(event)) return;
    event.preventDefault();
    set(nudged(get(), WAYS[event.key]));
  });
}
