// Keys that the page takes for itself.

/** The way that each arrow key moves something: to the right and down. */
export const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Whether a key is pressed alone: with Ctrl, Alt, Meta or Shift it is the browser's. */
export const alone = (event) => !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey;
