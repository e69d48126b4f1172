// The address bar holds what brings the pictures on the page back.

const restorers = [];
let search = location.search; // as the page shows it

/** The parameters in the address. */
export function remembered() {
  return new URLSearchParams(location.search);
}

/** Put parameters into the address, as a new place to come back to unless `replace`; null takes one out. */
export function remember(changes, { replace = false } = {}) {
  const parameters = remembered();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") parameters.delete(name);
    else parameters.set(name, value);
  }
  const address = `?${parameters}${location.hash}`;
  if (address === location.search + location.hash) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  search = location.search;
}

/** Call `restore` when a person has gone back or forth to other parameters; a jump within the page changes none. */
export function onReturn(restore) {
  restorers.push(restore);
}

window.addEventListener("popstate", () => {
  if (location.search === search) return;
  search = location.search;
  for (const restore of restorers) restore();
});
