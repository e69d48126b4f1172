// A slider that can play: at an even pace from where it stands to its end.

import { alone } from "./keys.js";

/**
 * Let a button play a slider; every move calls the slider's own input listeners, and the end its change listeners.
 *
 * @param {HTMLButtonElement} button - says Play or Pause
 * @param {HTMLInputElement} slider
 * @param {number} seconds - from one end to the other
 * @param {boolean} back - whether to go there and back without end
 * @param {() => Promise<boolean>} ready - resolves to whether it can begin, once that is known
 */
export function playable(button, slider, seconds, back, ready) {
  let frame = null;
  let plays = null; // something of this playing's own
  let last = null;
  let place = 0;
  let direction = 1;
  const [low, high] = [Number(slider.min), Number(slider.max)];

  function stop() {
    cancelAnimationFrame(frame);
    plays = null;
    button.textContent = "Play";
    if (frame !== null) slider.dispatchEvent(new Event("change", { bubbles: true })); // as where it is let go
    frame = null;
  }

  function move(now) {
    place += (direction * (now - (last ?? now)) * (high - low)) / (seconds * 1000);
    last = now;
    const over = direction > 0 ? place >= high : place <= low;
    if (over && back) direction = -direction;
    place = Math.min(high, Math.max(low, place));
    slider.value = place;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    if (over && !back) stop();
    else frame = requestAnimationFrame(move);
  }

  button.addEventListener("click", async () => {
    if (plays) return stop();
    const playing = (plays = {});
    button.textContent = "Pause";
    const can = await ready();
    if (plays !== playing) return;
    if (!can) return stop();
    place = Number(slider.value) >= high && !back ? low : Number(slider.value);
    last = null; // the first frame's time may lie before now
    frame = requestAnimationFrame(move);
  });
  slider.addEventListener("pointerdown", () => plays && stop());
  slider.addEventListener("keydown", (event) => plays && alone(event) && event.key !== "Tab" && stop());
}
