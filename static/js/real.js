// Real digits and generated ones on canvases, white ink on black, so that both are seen and judged alike.

import { ask, Told, whole } from "./server.js";

const SIDE = 28;
const OF_EACH = 30; // digits in a row of the sheet; a row a class

let sheet = null;

/** The sheet of real digits: static/real/NOTICE.md says which. */
async function realSheet() {
  sheet ??= await loaded(new URL("../real/digits.webp", import.meta.url).href);
  return sheet;
}

/** A real digit of a class, drawn by lot. */
export async function realDigit(label) {
  const column = Math.floor(Math.random() * OF_EACH);
  return canvasOf(await realSheet(), column * SIDE, label * SIDE);
}

/** A generated digit, from the data URI that the server tells. */
export async function generatedDigit(source) {
  return canvasOf(await loaded(source), 0, 0);
}

/** What the discriminator of a model makes of the digit on a canvas. */
export async function opinionOn(canvas, parameters, options, say) {
  const body = pngOf(canvas);
  const response = await ask(`discriminate?${new URLSearchParams(parameters)}`, { ...options, method: "POST", body }, say);
  return whole(response.json());
}

/** A canvas as PNG, at once: toBlob waits for an idle moment, which in Chromium may never come. */
function pngOf(canvas) {
  const encoded = canvas.toDataURL("image/png").split(",")[1];
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

async function loaded(source) {
  const image = new Image();
  image.src = source;
  await image.decode().catch(() => {
    throw new Told("A picture cannot be loaded. Try again in a moment.");
  });
  return image;
}

function canvasOf(image, left, top) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  canvas.className = "sheet";
  canvas.getContext("2d").drawImage(image, left, top, SIDE, SIDE, 0, 0, SIDE, SIDE);
  return canvas;
}
