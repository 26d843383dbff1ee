// Single keys, as the help (`?`) lists them. They can be switched off there, for people who dictate.
"use strict";

const OFF = "heartbeet-keys-off";
const help = document.getElementById("keys");
const isTyping = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

function step(by) {
  const rows = [...document.querySelectorAll("a.row-link")];
  const here = rows.indexOf(document.activeElement.closest("tr, li")?.querySelector("a.row-link"));
  const next = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
  if (!next) return;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

const ACTIONS = {
  "/": () => document.querySelector("input[type=search]")?.focus(),
  "?": () => help.showModal(),
  j: () => step(1),
  k: () => step(-1),
  b: () => document.querySelector("#bulk button:not([tabindex])")?.focus(),
  x: () => document.activeElement.closest("tr")?.querySelector("input[type=checkbox]")?.click(),
};

// Enter on a tick would send the form that it belongs to; it opens the row, as everywhere in it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[type=checkbox][form]")) return;
  event.preventDefault();
  event.target.closest("tr")?.querySelector("a.row-link")?.click();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (!help || help.open || (localStorage.getItem(OFF) && event.key !== "?")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  const act = ACTIONS[event.key] ?? (target && (() => target.click()));
  if (!act) return;
  event.preventDefault();
  act();
});

document.querySelector("[data-closes-keys]")?.addEventListener("click", () => help.close());

const toggle = document.getElementById("keys-on");
if (toggle) {
  toggle.checked = !localStorage.getItem(OFF);
  toggle.addEventListener("change", () => (toggle.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
}
for (const opener of document.querySelectorAll("[data-opens-keys]")) {
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
}
