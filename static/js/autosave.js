/* Keeps a long form safe while it is written. The state shown is always true: "Saving…", "Saved 14:07", "Not saved. Trying again, keep
   this page open", "Signed out. Sign in here; your typing is kept". Contract: docs/frontend.md, 3. Nothing goes into browser storage. */
(() => {
  "use strict";
  const WAIT = 1000; // after the last key
  const LONGEST = 60000; // between two tries

  const clear = (form) => {
    for (const box of form.querySelectorAll("[data-autosave-error]")) {
      box.hidden = true;
      box.replaceChildren();
      delete box.dataset.autosaveError;
    }
    for (const control of form.querySelectorAll("[data-autosave-invalid]")) {
      control.removeAttribute("aria-invalid");
      delete control.dataset.autosaveInvalid;
    }
  };

  const showErrors = (form, errors) => {
    for (const [name, words] of Object.entries(errors)) {
      const control = form.querySelector(`[name="${CSS.escape(name)}"], [name^="${CSS.escape(name)}_"]`);
      const field = control?.closest(".field");
      const box = field?.querySelector(".field-error");
      if (!box) continue;
      box.replaceChildren(...[].concat(words).map((text) => {
        const line = document.createElement("p");
        const lead = document.createElement("span");
        lead.className = "visually-hidden";
        lead.textContent = "Error: ";
        line.append(lead, text);
        return line;
      }));
      box.hidden = false;
      box.dataset.autosaveError = "1";
      if (control.type === "radio") continue;
      control.setAttribute("aria-invalid", "true");
      control.dataset.autosaveInvalid = "1";
      const described = (control.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
      if (box.id && !described.includes(box.id)) control.setAttribute("aria-describedby", [...described, box.id].join(" "));
    }
  };

  const watch = (form) => {
    const state = form.querySelector("[data-save-state]") || document.querySelector("[data-save-state]");
    let timer = 0, tries = 0, busy = false, changed = false, leaving = false, lastSent = "", waiting = null;

    const show = (name, extra = "") => {
      if (!state) return;
      state.dataset.state = name;
      const words = { saving: "saving", saved: "saved", failed: "failed", "signed-out": "signedOut", conflict: "conflict", invalid: "invalid" }[name];
      const target = state.querySelector("[data-save-words]") || state;
      target.replaceChildren([state.dataset[words] || "", extra].filter(Boolean).join(" "));
      if (name === "signed-out" && state.dataset.signInHref) {
        const link = document.createElement("a");
        link.href = state.dataset.signInHref;
        link.target = "_blank";
        link.rel = "noopener";
        link.textContent = state.dataset.signIn || "Sign in";
        target.append(" ", link);
      }
    };

    const plan = (wait) => {
      clearTimeout(timer);
      timer = setTimeout(save, wait);
    };

    const again = () => plan(Math.min(LONGEST, 1000 * 2 ** Math.min(tries++, 6)));

    const encoded = () => {
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      return data;
    };

    async function save() {
      if (busy || leaving || !changed || window.kap?.locked) return; // covered: sent when the same person is back
      const data = encoded();
      const text = new URLSearchParams(data).toString();
      busy = true;
      changed = false;
      show("saving");
      let answer = null;
      let body = {};
      try {
        const limit = AbortSignal.timeout ? AbortSignal.timeout(10000) : undefined;
        answer = await fetch(form.dataset.autosave, {
          method: "POST", body: data, signal: limit, redirect: "manual", credentials: "same-origin",
          headers: { "X-Autosave": "1", "X-As": window.kap?.as?.() || "", Accept: "application/json", "X-CSRFToken": data.get("csrfmiddlewaretoken") || "" },
        });
        if ((answer.headers.get("Content-Type") || "").includes("json")) body = await answer.json();
      } catch {
        answer = null;
      }
      busy = false;
      if (leaving) return;
      if (waiting) queueMicrotask(goOn);
      if (answer?.ok && body.saved_at) {
        tries = 0;
        lastSent = text;
        clear(form);
        const version = form.querySelector("input[name=version]");
        if (version && body.version !== undefined) version.value = body.version;
        show("saved", body.saved_at);
        form.dispatchEvent(new CustomEvent("kap:saved", { bubbles: true, detail: body }));
        if (changed) plan(WAIT);
        return;
      }
      changed = true;
      if (answer && (answer.status === 422 || answer.status === 400) && body.errors) {
        clear(form);
        showErrors(form, body.errors);
        changed = false; // tried again when the person has mended it
        show("invalid");
        return;
      }
      if (answer?.status === 409) {
        changed = false;
        conflict(body);
        return;
      }
      if (answer && (answer.status === 401 || answer.type === "opaqueredirect")) {
        show("signed-out");
        return; // tried again when the person comes back to this tab
      }
      show("failed");
      again();
    }

    // After a conflict or when signed out the person reads that first; what she pressed is not repeated.
    const goOn = () => {
      const { submitter } = waiting;
      waiting = null;
      if (["conflict", "signed-out"].includes(state?.dataset.state)) return;
      clearTimeout(timer);
      form.requestSubmit(submitter);
    };

    const conflict = (body) => {
      show("conflict");
      if (form.querySelector("[data-conflict-box]")) return;
      const box = document.createElement("div");
      box.className = "note note-danger";
      box.dataset.conflictBox = "1";
      box.setAttribute("role", "alert");
      const inside = document.createElement("div");
      const lead = document.createElement("p");
      lead.textContent = body.conflict || state?.dataset.conflict || "";
      inside.append(lead);
      if (body.theirs) {
        const theirs = document.createElement("div");
        theirs.className = "compare";
        const text = document.createElement("div");
        text.textContent = body.theirs;
        theirs.append(text);
        inside.append(theirs);
      }
      if (body.href) {
        const link = document.createElement("a");
        link.href = body.href;
        link.target = "_blank";
        link.rel = "noopener";
        link.textContent = body.link || "Open their version in a new tab";
        inside.append(link);
      }
      box.append(inside);
      form.prepend(box);
    };

    const touched = (event) => {
      if (event.target.closest("[data-no-autosave]") || event.target.type === "file" || event.target.type === "password") return;
      changed = true;
      plan(event.type === "change" ? 200 : WAIT);
    };
    form.addEventListener("input", touched);
    form.addEventListener("change", touched);
    // A save is on its way: the form waits for it, so that it is sent with the version that save makes.
    form.addEventListener(
      "submit",
      (event) => {
        clearTimeout(timer);
        if (!busy) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        waiting = { submitter: event.submitter };
      },
      { capture: true },
    );
    form.addEventListener("submit", (event) => {
      queueMicrotask(() => {
        if (event.defaultPrevented) return;
        leaving = true;
        clearTimeout(timer);
      });
    });
    addEventListener("pageshow", () => (leaving = false));
    // Back on the tab after signing in elsewhere, or back online: at once, not after the pause.
    const wake = () => {
      if (changed && !busy && document.visibilityState === "visible") plan(100);
    };
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && changed && !busy) save();
      else wake();
    });
    addEventListener("focus", wake);
    document.addEventListener("kap:unlocked", wake);
    addEventListener("online", wake);
    addEventListener("offline", () => changed && show("failed"));
    addEventListener("beforeunload", (event) => {
      if (leaving || !(changed || busy)) return;
      if (new URLSearchParams(encoded()).toString() === lastSent) return;
      event.preventDefault();
    });
  };

  const start = () => document.querySelectorAll("form[data-autosave]").forEach(watch);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
