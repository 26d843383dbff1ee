// Ticking rows of the list: all of them at once, and how many are ticked.
"use strict";

const picks = () => [...document.querySelectorAll("tbody input[name=id][form=bulk]")];

function count() {
  const all = picks();
  const ticked = all.filter((box) => box.checked).length;
  const said = document.querySelector("[data-picked]");
  if (said) said.textContent = `${ticked} ticked:`;
  const head = document.querySelector("[data-picks-all]");
  if (!head) return;
  head.hidden = false;
  head.checked = ticked > 0 && ticked === all.length;
  head.indeterminate = ticked > 0 && ticked < all.length;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-picks-all]")) for (const box of picks()) box.checked = event.target.checked;
  if (event.target.matches("[data-picks-all], [form=bulk]")) count();
});

document.addEventListener("htmx:afterSettle", count);
addEventListener("pageshow", count); // the browser ticks again what was ticked when one comes back
count();
