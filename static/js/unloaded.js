// Says so where page.js, or a module that it needs, did not come: the page is then what it is without JavaScript.

document.querySelector("script[type=module]").addEventListener("error", () => {
  document.querySelector("#unloaded").hidden = false;
});
