// Keys that the page takes for itself.

/** Whether a key is pressed alone: with Ctrl, Alt, Meta or Shift it is the browser's. */
export const alone = (event) => !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey;
