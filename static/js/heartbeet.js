// What the pages do better with a script; all of them work without it.
"use strict";

function copyFrom(button) {
  const source = document.getElementById(button.dataset.copy);
  navigator.clipboard.writeText(source.textContent.trim()).then(() => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

function offerCopies(root) {
  // The clipboard exists only on https:// and localhost: without it the button would do nothing.
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copyFrom(button);
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A refresh must not close what someone is reading, nor take the focus away, nor run in a hidden tab.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.hasAttribute("data-live")) return;
  const isInUse = document.querySelector("[data-live] details[open]") || document.activeElement.closest("[data-live]");
  if (document.hidden || isInUse) event.preventDefault();
});

document.addEventListener("htmx:afterSwap", () => offerCopies(document));
offerCopies(document);
