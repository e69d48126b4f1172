// A group of pictures of digits, one button each, in which the arrow keys move.

import { alone, WAYS } from "./keys.js";

/** Show told digits in a list: each a button with its picture, described by `words`. */
export function show(list, told, words) {
  const items = told.map((digit, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = place === 0 ? 0 : -1;
    button.append(picture(digit.png, words(digit)));
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  refill(list, items);
}

/** Put other items into a list; the focus, where it was on a button there, stays at its place, or comes to the last. */
export function refill(list, items) {
  const buttons = () => [...list.querySelectorAll("button")];
  const place = buttons().indexOf(document.activeElement);
  list.replaceChildren(...items);
  if (place >= 0) buttons().slice(0, place + 1).at(-1)?.focus({ preventScroll: true });
}

/** A picture of one digit. */
export function picture(source, alt) {
  const image = new Image(28, 28);
  image.className = "ink";
  image.src = source;
  image.alt = alt;
  return image;
}

/** Put a picture that was fetched into an image, and let go of the one before; resolves once it is seen. */
export async function put(image, blob, alt) {
  const before = image.src;
  image.src = URL.createObjectURL(blob);
  image.alt = alt;
  await image.decode().catch(() => {}); // it has been replaced meanwhile
  URL.revokeObjectURL(before);
}

/** Let the arrow keys move in a list of `columns()` columns, and tell which button they come to, or the pointer. */
export function walkable(list, columns, come) {
  const buttons = () => [...list.querySelectorAll("button")];
  list.addEventListener("keydown", (event) => {
    const step = WAYS[event.key];
    if (!step || !alone(event)) return;
    const all = buttons();
    const next = all[all.indexOf(event.target) + step[0] + step[1] * columns()];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  list.addEventListener("focusin", ({ target }) => {
    for (const button of buttons()) button.tabIndex = button === target ? 0 : -1;
    come(target);
  });
  for (const moved of ["pointermove", "pointerdown"]) { // not "pointerover", which pictures under a resting pointer set off
    list.addEventListener(moved, ({ target }) => {
      const button = target.closest("button");
      if (button) come(button);
    });
  }
}
