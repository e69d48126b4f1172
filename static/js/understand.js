// Understand: the diagram shows the digit that was made last.

export function start() {
  document.addEventListener("made", ({ detail: parameters }) => {
    document.querySelector("#diagram-digit").setAttribute("href", document.querySelector("#made img").src);
    document.querySelector("#diagram-seed").textContent = parameters.get("seed");
  });
}
