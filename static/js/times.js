// Relative times go on while the page stands: `3 min ago` becomes `4 min ago`, and what is due counts down.
"use strict";

const UNITS = [[86400, "day"], [3600, "h"], [60, "min"], [1, "s"]];
// The server's clock counts: that of a laptop may be minutes off.
let ahead = 0;

function compareClocks(part) {
  const served = part.querySelector("[data-served]");
  if (served) ahead = Number(served.dataset.served) - Date.now();
}

function inUnits(seconds, most) {
  const first = Math.max(0, UNITS.findIndex(([size]) => seconds >= size));
  const said = [];
  for (const [size, name] of UNITS.slice(first, first + most)) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count) said.push(`${count} ${name}${name === "day" && count > 1 ? "s" : ""}`);
  }
  return said.join(" ");
}

function relative(at, units) {
  const seconds = (Date.now() + ahead - at) / 1000;
  if (Math.abs(seconds) >= 30 * 86400) return null; // a date, which stays
  if (Math.abs(seconds) < 1) return seconds >= 0 ? "just now" : "now";
  const far = inUnits(Math.floor(Math.abs(seconds)), units);
  return seconds > 0 ? `${far} ago` : `in ${far}`;
}

function tick() {
  if (document.hidden || document.documentElement.hasAttribute("data-stale")) return;
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = relative(Date.parse(time.dateTime), Number(time.dataset.ago));
    if (text && time.textContent !== text) time.textContent = text;
  }
}

compareClocks(document);
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);
// Only what is new says what time it is: what stood there before says what time it was.
document.addEventListener("htmx:afterSwap", (event) => compareClocks(event.target));

// For people who chose no time zone: the next page is told in that of their browser.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax${secure}`;
}
