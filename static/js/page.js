// Copy buttons and menus.
"use strict";

function copyFrom(button) {
  const source = document.getElementById(button.dataset.copy);
  navigator.clipboard.writeText(source.textContent.trim()).then(() => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

function offerCopies() {
  // The clipboard exists only on https:// and localhost: without it the button would do nothing.
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
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

// A filter is applied as soon as it is chosen; without a script its form has a button, and empty boxes in its address.
for (const button of document.querySelectorAll("[data-at-once] [data-without-script]")) button.hidden = true;

document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form[data-at-once]")) return;
  const given = [...event.formData];
  for (const [name] of given) event.formData.delete(name);
  for (const [name, value] of given) if (value) event.formData.append(name, value);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("form[data-at-once] select")) event.target.form.requestSubmit();
});

document.addEventListener("htmx:afterSettle", offerCopies);
offerCopies();
