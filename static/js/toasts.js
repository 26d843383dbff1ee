// What was done is said in a region that screen readers listen to: what stands in a page from its start is not read.
"use strict";

const STAYS_MS = 8000;
const region = document.getElementById("toasts");

function dismissable(toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toast-close";
  button.setAttribute("aria-label", "Dismiss");
  button.textContent = "×";
  button.addEventListener("click", () => toast.remove());
  toast.append(button);
}

// What went wrong stays until it is dismissed; the rest leaves by itself, but not while somebody reads it.
function leaveLater(toast) {
  if (toast.matches(".notice-error, .notice-warning")) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, STAYS_MS);
}

function announce() {
  for (const notices of document.querySelectorAll("[data-toasts]")) {
    for (const toast of [...notices.children]) {
      dismissable(toast);
      region.append(toast);
      leaveLater(toast);
    }
    notices.remove();
  }
}

if (region) setTimeout(announce, 100);
