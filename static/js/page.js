// Starts every section. Without JavaScript the page still shows its pictures, and its forms work as plain forms.

import * as dataset from "./dataset.js";
import * as draw from "./draw.js";
import * as explore from "./explore.js";
import * as interpolation from "./interpolation.js";
import * as judge from "./judge.js";
import * as learn from "./learn.js";
import * as make from "./make.js";
import * as number from "./number.js";
import * as take from "./take.js";
import * as understand from "./understand.js";

for (const button of document.querySelectorAll("li > button[disabled]")) button.disabled = false; // idle until now
for (const field of document.querySelectorAll("[data-kept]")) field.remove(); // each form changes only its own part now
for (const field of document.querySelectorAll("[type=number]"))
  field.addEventListener("change", () => (field.value &&= Number(field.value))); // a field takes 1e3, the server 1000
document.querySelector(".contents").addEventListener("focusin", ({ target }) => {
  target.scrollIntoView({ block: "nearest", inline: "nearest" }); // Chromium leaves a link that is half in sight where it is
});
document.addEventListener("keydown", (event) => {
  const again = event.repeat && event.key === "Enter" && event.target.closest("button, input");
  if (again) event.preventDefault(); // a key held asks once, and not thirty times a second
});
for (const section of [make, number, take, dataset, explore, interpolation, learn, judge, draw, understand]) section.start();
