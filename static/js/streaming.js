// A form whose answer is a text: it is shown while it comes. Without this script the page is loaded with it.
"use strict";

async function show(form) {
  const place = document.getElementById(form.dataset.streams);
  const button = form.querySelector("button");
  button.disabled = true;
  place.textContent = "Asking …";
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new FormData(form), headers: { Accept: "text/plain" }, redirect: "error",
    });
    const isText = (answer.headers.get("Content-Type") || "").startsWith("text/plain");
    if (!isText) throw new Error(answer.statusText);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = "", piece = await reader.read(); !piece.done; piece = await reader.read()) {
      place.textContent = text += piece.value;
    }
  } catch {
    place.textContent = "That did not work. Load the page anew, and try again.";
  }
  button.disabled = false;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-streams]")) return;
  event.preventDefault();
  show(event.target);
});
