// Makes pictures without loading the page anew. Without this file the form works as a plain form.

const form = document.querySelector("#make");
const picture = document.querySelector("#picture");
const caption = document.querySelector("#caption");
const link = document.querySelector("#link");
const download = document.querySelector("#download");

let wanted = null; // the request whose answer is still wanted

/** Parameters of the form, without those left empty. */
function chosen() {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
}

/** Fetch one picture and show it; resolves to its parameters with the seed, or null if it came to nothing. */
async function make(parameters) {
  wanted?.abort();
  wanted = new AbortController();
  const { signal } = wanted;
  picture.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`generate?${parameters}&background=transparent`, { signal });
    if (!response.ok) throw new Error(await reason(response));
    return await show(response, parameters);
  } catch (error) {
    if (error.name === "AbortError") return null;
    caption.textContent = error instanceof TypeError ? "The server does not answer. Try again in a moment." : error.message;
    return null;
  } finally {
    if (signal === wanted.signal) picture.removeAttribute("aria-busy");
  }
}

/** What an error answer says, in its own words. */
async function reason(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? `The server answered with error ${response.status}.`;
}

/** Put an answer's picture, words and links in place. */
async function show(response, parameters) {
  const source = URL.createObjectURL(await response.blob());
  const again = new URLSearchParams(parameters);
  again.set("seed", response.headers.get("X-Seed"));
  again.set("model", response.headers.get("X-Model"));
  const digits = response.headers.get("X-Digits")?.split(",");
  const previous = picture.src;
  picture.src = source;
  await picture.decode();
  if (previous.startsWith("blob:")) URL.revokeObjectURL(previous);
  picture.alt = `${digits ? `Handwritten ${digits.join(" ")}` : "Handwriting"}, seed ${again.get("seed")}`;
  caption.textContent = `${words(digits, Number(again.get("count") ?? 1))}, seed ${again.get("seed")}`;
  link.href = `?${again}`;
  download.href = `generate?${again}&scale=8`;
  download.download = `digitsmith-${again.get("seed")}.png`;
  return again;
}

function words(digits, count) {
  if (count > 1) return `${count} handwritten digits`;
  return digits ? `A handwritten ${digits[0]}` : "A handwritten digit";
}

/** A model that cannot be asked for a digit gets no choice of one. */
function offerDigits() {
  const any = form.elements.model.selectedOptions[0].hasAttribute("data-any");
  for (const choice of form.querySelectorAll("#digits input")) {
    choice.disabled = any && choice.value !== "";
    if (any && choice.value === "") choice.checked = true;
  }
}

/** Set the form to what a link says. */
function restore(parameters) {
  for (const name of ["digit", "count", "model"]) {
    const value = parameters.get(name);
    if (value !== null || name === "digit") form.elements[name].value = value ?? "";
  }
  offerDigits();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const made = await make(chosen());
  if (made) history.pushState(null, "", `?${made}`);
});

form.elements.model.addEventListener("change", offerDigits);

window.addEventListener("popstate", () => {
  const parameters = new URLSearchParams(location.search);
  restore(parameters);
  make(parameters);
});

offerDigits();
history.replaceState(null, "", link.getAttribute("href"));
