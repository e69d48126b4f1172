// Sections begin their work when a reader comes near them, not before.

/** Call `work` once, when the element is about to come into sight. */
export function whenNear(element, work) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      work();
    },
    { rootMargin: "400px" },
  );
  observer.observe(element);
}
