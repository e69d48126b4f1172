// Take it away: the picture that was made as a file, on the clipboard, or as a line of a program.

import { ask, orSay, Told, whole } from "./server.js";

const section = document.querySelector("#take");
const status = section.querySelector("#take-status");
const curl = section.querySelector("#take-curl");
const python = section.querySelector("#take-python");
const say = (words) => (status.textContent = words);

/** Let every link and line speak of the picture that these parameters bring back. */
function follow({ detail: parameters }) {
  const columns = Math.ceil(Math.sqrt(Number(parameters.get("count") ?? 1)));
  for (const link of section.querySelectorAll("[data-scale]")) {
    link.href = `generate?${parameters}&background=white&scale=${link.dataset.scale}`;
    link.download = `digitsmith-${parameters.get("seed")}.png`;
    link.textContent = `${28 * columns * Number(link.dataset.scale)} pixels`;
  }
  const address = new URL(`generate?background=white&${parameters}&scale=8`, document.baseURI).href;
  curl.textContent = curl.textContent.replace(/'.*'/, () => `'${address}'`);
  python.textContent = python.textContent.replace(/"http.*"/, () => `"${address}"`);
  say("");
}

/** The picture as a PNG, large enough for a slide. */
async function image() {
  return whole((await ask(section.querySelector("[data-scale='8']").href, { doing: "Drawing…" }, say)).blob());
}

const COPIES = {
  image: ["the image", () => navigator.clipboard.write([new ClipboardItem({ "image/png": image() })])],
  link: ["the link", () => navigator.clipboard.writeText(document.querySelector("#link").href)],
  curl: ["the curl line", () => navigator.clipboard.writeText(curl.textContent)],
  python: ["the Python lines", () => navigator.clipboard.writeText(python.textContent)],
};

function copy({ target }) {
  const [name, write] = COPIES[target.dataset.copy] ?? [];
  if (!name) return;
  orSay(say, async () => {
    try {
      await write();
    } catch (error) {
      if (error instanceof Told) throw error;
      throw new Told("The browser did not let the page copy; the lines below can be marked and copied by hand.");
    }
    say(`Copied: ${name}.`);
  });
}

export function start() {
  section.querySelector("#take-copies").hidden = !navigator.clipboard;
  section.querySelector("#take-copies").addEventListener("click", copy);
  document.addEventListener("made", follow);
}
