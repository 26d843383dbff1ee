// A field of several words with a list of suggestions: each suggestion is for the word that is being written.
"use strict";

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches("[data-words]") || !field.list) return;
  const [, before] = field.value.match(/^(.*[\s,])?/);
  const taken = new Set(field.value.split(/[\s,]+/));
  for (const option of field.list.options) {
    option.dataset.word ??= option.value;
    option.disabled = taken.has(option.dataset.word);
    option.value = `${before ?? ""}${option.dataset.word}`;
  }
});
