// Parts of a page that keep themselves fresh: what is new is morphed into what is there, so that nobody loses the
// place they read at, what they opened, ticked or typed, or the focus.
"use strict";

const isPolled = (element) => element.matches("[hx-trigger*='every']");

// Says what the page shows already; the server answers 204 if that is still so.
document.addEventListener("htmx:configRequest", (event) => {
  const seen = event.detail.elt.querySelector("[data-version]");
  if (seen) event.detail.headers["Live-Version"] = seen.dataset.version;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && isPolled(event.target)) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[hx-trigger*='every']")) htmx.trigger(part, "refresh");
});

// What a person did to an element stays as it is.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
  !((name === "open" && element.matches("details, dialog")) || (name === "checked" && element.matches("input")));

// The worst state shows in the tab, also when another tab is in front.
function showWorst() {
  const told = [...document.querySelectorAll("[data-worst]")].pop();
  if (!told) return;
  const count = Number(told.dataset.count);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count ? `(${count}) ${title}` : title;
  const icon = document.querySelector("link[rel=icon]");
  if (icon && told.dataset.icon && icon.getAttribute("href") !== told.dataset.icon) icon.href = told.dataset.icon;
}

document.addEventListener("htmx:afterSettle", showWorst);
