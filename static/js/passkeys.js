// Passkeys need a script: the browser makes and asks for them only this way. Forms that use one stay hidden without it.
"use strict";

const WORDS = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "The browser did not get a passkey. Try again, or use another way.",
  SecurityError: "Passkeys do not work at this address. Open Heartbeet at its own address.",
};

function bytesOf(text) {
  const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function textOf(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  return btoa(letters.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function withBytes(credentials) {
  return (credentials || []).map((one) => ({ ...one, id: bytesOf(one.id) }));
}

function make(asked) {
  const publicKey = {
    ...asked,
    challenge: bytesOf(asked.challenge),
    user: { ...asked.user, id: bytesOf(asked.user.id) },
    excludeCredentials: withBytes(asked.excludeCredentials),
  };
  return navigator.credentials.create({ publicKey });
}

function use(asked) {
  const allowCredentials = withBytes(asked.allowCredentials);
  return navigator.credentials.get({ publicKey: { ...asked, challenge: bytesOf(asked.challenge), allowCredentials } });
}

function written(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = textOf(credential.response[part]);
  }
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: textOf(credential.rawId), type, response, clientExtensionResults: {} });
}

async function send(form) {
  const answer = await fetch(form.dataset.options, { method: "POST", body: new FormData(form) });
  if (answer.redirected) return location.reload(); // one has to prove who one is first, and the page leads there
  if (!answer.ok) throw new Error("Heartbeet did not answer. Load the page again.");
  const { publicKey } = await answer.json();
  const credential = await (form.dataset.passkey === "make" ? make(publicKey) : use(publicKey));
  form.elements.credential.value = written(credential);
  form.submit();
}

function complain(form, error) {
  const place = form.querySelector("[data-problem]");
  place.textContent = WORDS[error.name] || error.message;
  place.hidden = false;
}

function offer(form) {
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = true;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form).catch((error) => complain(form, error));
  });
}

if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach(offer);
