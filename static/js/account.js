// Passkeys, show password, print and copy of recovery codes. Without this file codes from an app do everything.
(() => {
  "use strict";
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* ---- passkeys: options from the server, the browser asks the person, the answer goes with the form ---- */
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer;
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function readable(options) {
    const asked = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    for (const list of ["allowCredentials", "excludeCredentials"])
      if (asked[list]) asked[list] = asked[list].map((one) => ({ ...one, id: bytes(one.id) }));
    if (asked.user) asked.user = { ...asked.user, id: bytes(asked.user.id) };
    return { publicKey: asked };
  }

  function writable(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (credential.response[name]) response[name] = text(credential.response[name]);
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function ask(box, form) {
    const token = form.querySelector("input[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(box.dataset.options, {
      method: "POST", headers: { "X-CSRFToken": token, Accept: "application/json" }, credentials: "same-origin",
    });
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      if (told.href) location.assign(told.href);
      throw new Error(told.words || "The page is too old. Load it again, then try once more.");
    }
    const options = readable(await answer.json());
    const made = box.dataset.passkey === "create" ? navigator.credentials.create : navigator.credentials.get;
    return made.call(navigator.credentials, options);
  }

  function words(error) {
    if (error.name === "InvalidStateError") return "This device holds a passkey of yours already.";
    if (error.name === "NotAllowedError") return "The passkey was not used. Try again, or use another way.";
    return error.message;
  }

  function passkey(box) {
    const form = box.closest("form"), go = box.querySelector("[data-passkey-go]"), said = box.querySelector("[data-passkey-words]");
    box.hidden = false;
    go.addEventListener("click", async () => {
      const name = form.querySelector("input[name=name]");
      if (name && !name.value.trim()) return form.requestSubmit(); // the server says what is missing
      go.disabled = true;
      said.hidden = true;
      try {
        const credential = await ask(box, form);
        form.querySelector("input[name=second_credential]").value = writable(credential);
        form.requestSubmit();
      } catch (error) {
        said.textContent = words(error);
        said.hidden = false;
        go.disabled = false;
      }
    });
  }

  /* ---- show password ---- */
  function shower(input) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-s mt-1";
    const say = () => {
      const shown = input.type === "text";
      button.textContent = shown ? "Hide" : "Show";
      const what = document.createElement("span");
      what.className = "visually-hidden";
      what.textContent = ` ${input.labels[0]?.textContent.trim() || "password"}`;
      button.append(what);
    };
    button.addEventListener("click", () => {
      input.type = input.type === "password" ? "text" : "password";
      say();
    });
    input.form?.addEventListener("submit", () => { input.type = "password"; }); // so that a manager knows it as one
    say();
    input.after(button);
  }

  function start() {
    if (window.PublicKeyCredential) $$("[data-passkey]").forEach(passkey);
    $$("input[type=password][data-show]").forEach(shower);
    $$("[data-print]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => print());
    });
    $$("[data-copy]").forEach((button) => {
      if (!navigator.clipboard) return;
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).innerText);
        document.querySelector("[data-copied]").textContent = "Copied.";
      });
    });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
