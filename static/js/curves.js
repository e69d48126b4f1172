// Small line charts over a logarithm of images seen, with a cursor.

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 96;

function element(name, attributes, text = "") {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** Values smoothed a little, for a loss jumps from batch to batch: the mean over a place and two on each side. */
function smooth(values) {
  return values.map((_, place) => {
    const near = values.slice(Math.max(0, place - 2), place + 3);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
}

/**
 * Draw a chart of two lines, the second one dashed, into a place on the page.
 *
 * @param {HTMLElement} place
 * @param {string} title - what is drawn
 * @param {number[]} shares - where each value stands, from 0 to 1
 * @param {[string, number[]][]} lines - each line's name and values
 * @param {string} begins - from where on there are values
 * @returns {(share: number) => void} moves the cursor
 */
export function draw(place, title, shares, lines, begins) {
  const smoothed = lines.map(([name, values]) => [name, smooth(values)]); // which is drawn, written and spoken of alike
  const all = smoothed.flatMap(([, values]) => values);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (share) => (1 + share * (WIDTH - 2)).toFixed(1); // the cursor is whole at both ends
  const y = (value) => (HEIGHT - 4 - ((value - low) / (high - low || 1)) * (HEIGHT - 8)).toFixed(1);
  const chart = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": spoken(title, smoothed) });
  if (low < 0 && high > 0) chart.append(element("line", { class: "zero", x1: 0, x2: WIDTH, y1: y(0), y2: y(0) }));
  smoothed.forEach(([, values], which) => {
    const points = values.map((value, index) => `${x(shares[index])},${y(value)}`).join(" ");
    chart.append(element("polyline", { class: `line line-${which}`, points }));
  });
  const cursor = element("line", { class: "cursor", x1: x(0), x2: x(0), y1: 0, y2: HEIGHT });
  chart.append(cursor);
  place.replaceChildren(legend(title, lines, low, high, begins), chart);
  return (share) => {
    cursor.setAttribute("x1", x(share));
    cursor.setAttribute("x2", x(share));
  };
}

function legend(title, lines, low, high, begins) {
  const words = document.createElement("p");
  words.className = "legend";
  words.append(`${title}: `);
  lines.forEach(([name], which) => {
    const key = document.createElement("span");
    key.className = `key key-${which}`;
    key.textContent = name;
    words.append(key, which === 0 ? ", " : "");
  });
  words.append(` (${low.toFixed(1)} to ${high.toFixed(1)}) ${begins}`);
  return words;
}

function spoken(title, lines) {
  const ends = lines.map(([name, values]) => `${name} from ${values[0].toFixed(2)} to ${values.at(-1).toFixed(2)}`);
  return `${title}: ${ends.join(", ")}`;
}
