// Talking with the server: one wanted request at a time, patience when it is busy, and errors in plain words.

const TRIES = 5;
const LONG = 500; // milliseconds after which a wait needs a word
const BUSY = "The server is too busy. Try again in a moment.";
const SILENT = "The server does not answer. Try again in a moment.";

/** Milliseconds after which what does not come is given up, so that it can be asked for again. */
export const PATIENCE = 20_000;

/** An error whose message is a sentence for people. */
export class Told extends Error {}

/**
 * Give out signals such that each new one aborts the request of the one before, which no one wants any more.
 * What has not come after `patience` milliseconds is given up; with null nothing is.
 */
export function onlyLatest(patience = PATIENCE) {
  let current = null;
  return () => {
    current?.abort();
    const mine = (current = new AbortController());
    if (patience) setTimeout(() => mine.abort(new DOMException(SILENT, "TimeoutError")), patience);
    return mine.signal;
  };
}

/**
 * Fetch, and wait as long as a busy server asks.
 *
 * @param {string} url - where to
 * @param {RequestInit & { doing?: string }} options - as fetch has them, and what is to be said while it takes long
 * @param {(words: string) => void} say - hears that it takes long, or that the server is busy
 * @returns {Promise<Response>} an answer that is no error
 * @throws {Told} what is wrong; or fetch's AbortError
 */
export async function ask(url, { doing = "", ...options } = {}, say = () => {}) {
  for (let left = TRIES; ; left -= 1) {
    const response = await telling(reach(url, options), () => doing && say(doing));
    if (response.ok) return response;
    if (response.status !== 503 || left === 1) throw new Told(await reason(response));
    const seconds = Math.max(1, Number(response.headers.get("Retry-After")) || 1);
    say(`The server is busy; trying again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`);
    await pause(seconds * 1000, options.signal);
  }
}

/** The same, for an answer in JSON. */
export async function askJSON(url, options = {}, say = undefined) {
  const headers = { ...options.headers, Accept: "application/json" };
  return whole((await ask(url, { ...options, headers }, say)).json());
}

/** What an answer holds, once it has been read. Throws Told when it breaks off or is given up, or fetch's AbortError. */
export async function whole(reading) {
  try {
    return await reading;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Told(error.name === "TimeoutError" ? SILENT : "The answer broke off. Try again in a moment.");
  }
}

/**
 * What all of some requests answer; when one fails, `giveUp` is to abort the others, which no one wants any more.
 * When they were aborted themselves, it may be for newer ones, which `giveUp` would abort in their place.
 */
export function allOrNone(requests, giveUp) {
  return Promise.all(requests).catch((error) => {
    if (error.name !== "AbortError") giveUp();
    throw error;
  });
}

/** Do some work and say in words what goes wrong, unless it is only no longer wanted; null then. */
export async function orSay(say, work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Told) say(error.message);
    else if (error.name !== "AbortError") throw error;
    return null;
  }
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Told(SILENT);
  }
}

/** What is waited for; `tell` is called where it is long in coming. */
async function telling(coming, tell) {
  const timer = setTimeout(tell, LONG);
  try {
    return await coming;
  } finally {
    clearTimeout(timer);
  }
}

/** What an error answer says, in its own words. */
async function reason(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? `The server answered with error ${response.status}.`;
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason.name === "TimeoutError" ? new Told(BUSY) : signal.reason);
    });
  });
}
