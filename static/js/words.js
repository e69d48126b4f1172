// What is said of digits; templates/words.html says the same.

/** What one digit is: its label if the model knows it, its seed and its realness. */
export function ofDigit({ digit, realness }, seed) {
  return `A handwritten ${digit ?? "digit"}, seed ${seed}, realness ${percent(realness)}`;
}

/** What a picture shows, where there may be others beside it. */
export function ofPicture({ digit, index, realness }, seed, count) {
  const place = count > 1 ? `, number ${index + 1}` : "";
  return `Handwritten ${digit ?? "digit"}, seed ${seed}${place}, realness ${percent(realness)}`;
}

/** A digit with its article: an 8, a 7. */
export const withArticle = (digit) => `${/^(8\d?|11|18)$/.test(digit) ? "an" : "a"} ${digit}`;

/** A share as whole hundredths. */
export const hundredths = (share) => Math.floor(share * 100 + 0.5);

export const percent = (share) => `${hundredths(share)}%`;
