// Parts of a page that keep themselves fresh: what is new is morphed into what is there, so that nobody loses the
// place they read at, what they opened, ticked or typed, or the focus.
"use strict";

const MISSES = 2;
const isPolled = (element) => element.matches("[hx-trigger*='every']");
let missed = 0;
let freshAt = new Date();

// Says what the page shows already; the server answers 204 if that is still so.
document.addEventListener("htmx:configRequest", (event) => {
  const seen = event.detail.elt.querySelector("[data-version]");
  if (seen) event.detail.headers["Live-Version"] = seen.dataset.version;
});

// In a tab behind others only what is cheap goes on: it tells the worst state, which the tab shows.
document.addEventListener("htmx:beforeRequest", (event) => {
  const isCheap = event.target.querySelector("[data-version], [data-worst]");
  if (document.hidden && isPolled(event.target) && !isCheap) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[hx-trigger*='every']")) htmx.trigger(part, "refresh");
});

// What a person did to an element stays as it is, and what a script has shown stays shown.
const KEPT = { open: "details, dialog", checked: "input", hidden: "[data-copy], [data-picks-all]" };
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(KEPT[name] && element.matches(KEPT[name]));

// A page that is no longer refreshed must not look as if all were well.
function sayStale() {
  const notice = document.getElementById("stale");
  if (!notice) return;
  const isStale = missed >= MISSES;
  document.documentElement.toggleAttribute("data-stale", isStale);
  if (isStale) notice.querySelector("[data-since]").textContent = freshAt.toLocaleTimeString();
  notice.hidden = !isStale;
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (!isPolled(event.target)) return;
  if (event.detail.successful) freshAt = new Date();
  missed = event.detail.successful ? 0 : missed + 1;
  sayStale();
});

// The worst state shows in the tab, also when another tab is in front.
function showWorst(event) {
  const told = event.target.querySelector("[data-worst]");
  if (!told) return;
  const count = Number(told.dataset.count);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count ? `(${count}) ${title}` : title;
  const icon = document.querySelector("link[rel=icon]");
  if (icon && told.dataset.icon && icon.getAttribute("href") !== told.dataset.icon) icon.href = told.dataset.icon;
}

document.addEventListener("htmx:afterSettle", showWorst);
