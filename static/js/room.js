/* The dosing room. Readings are sent without leaving the page; what could not be sent waits in the memory of this page, in order, and is tried
   again. Nothing clinical is ever put into the browser's storage: it would outlive the sign-out. Without script the forms work as plain forms. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const now = () => new Date(window.kap?.now ? window.kap.now() : Date.now());

  /* ---- the screen stays on while the room is open ---- */
  let lock = null;
  const wake = async () => {
    if (!("wakeLock" in navigator) || document.visibilityState !== "visible" || (lock && !lock.released)) return;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      /* refused (battery low): the room works all the same */
    }
  };
  document.addEventListener("visibilitychange", wake);

  /* ---- what the page says of itself ---- */
  const say = (state, words) => {
    const box = $("[data-room-state]");
    if (!box) return;
    box.dataset.state = state;
    const target = $("[data-words]", box);
    if (target.textContent !== words) target.textContent = words;
  };

  const wall = () => {
    for (const node of document.querySelectorAll("[data-wall]")) {
      const zone = $("[data-room-zone]")?.dataset.roomZone;
      const words = now().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...(zone ? { timeZone: zone } : {}) });
      if (node.textContent !== words) node.textContent = words;
      node.closest("[data-wall-words]").hidden = false;
    }
  };

  /* ---- the queue ---- */
  const waiting = []; // {data, tries}
  let sending = false;
  let stopped = ""; // "odd" or "refused": the person must answer first
  const key = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    const hex = [...b].map((one) => one.toString(16).padStart(2, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };

  const form = () => $("form[data-vitals]");
  const first = () => form().elements.systolic_mmhg;
  const ask = (parts) => {
    const box = $("[data-ask]", form());
    box.hidden = !parts;
    if (!parts) return;
    $("[data-ask-words]", box).textContent = parts.words;
    $("[data-ask-acts]", box).hidden = false;
    $("[data-ask-yes]", box).hidden = !parts.yes;
    $("[data-ask-swap]", box).hidden = !parts.swap;
    $("[data-ask-no]", box).hidden = !(parts.yes || parts.swap);
    ($("[data-ask-swap]:not([hidden]), [data-ask-yes]:not([hidden])", box) || first()).focus();
  };

  const clear = () => {
    const node = form();
    for (const box of node.querySelectorAll("input:not([type=hidden]):not([type=radio]):not([type=checkbox])")) box.value = "";
    for (const choice of node.querySelectorAll("input[type=radio], input[type=checkbox]")) choice.checked = false;
    node.elements.entry_key.value = key();
    const change = $(".change-time", node);
    if (change) change.open = false;
    ask(null);
    for (const words of node.querySelectorAll(".box-error")) words.remove();
    first().dispatchEvent(new Event("input", { bubbles: true })); // the limits are judged anew
  };

  const fill = (data) => {
    for (const [name, value] of data) {
      const field = form().elements[name];
      if (!field || name === "csrfmiddlewaretoken") continue;
      if (field instanceof RadioNodeList) field.value = value;
      else if (field.type !== "checkbox") field.value = value;
    }
  };

  const count = () => (waiting.length === 1 ? "1 waiting to send" : `${waiting.length} waiting to send`);

  const post = async (entry) => {
    const data = new FormData();
    for (const [name, value] of entry.data) data.append(name, value);
    data.set("csrfmiddlewaretoken", window.kap?.csrf ? window.kap.csrf() : data.get("csrfmiddlewaretoken"));
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), 15000);
    try {
      return await fetch(form().action, {
        method: "POST", body: data, headers: { "X-Room": "1", "X-As": window.kap?.as?.() || "", "X-CSRFToken": data.get("csrfmiddlewaretoken") },
        redirect: "manual", signal: abort.signal,
      });
    } finally {
      clearTimeout(timer);
    }
  };

  let timer = null;
  const later = (entry) => {
    entry.tries += 1;
    clearTimeout(timer);
    timer = setTimeout(drain, Math.min(30000, 1500 * 2 ** Math.min(entry.tries, 5)));
  };

  const drain = async () => {
    if (sending || stopped || !waiting.length || window.kap?.locked) return; // covered: sent when the same person is back
    sending = true;
    const entry = waiting[0];
    if (waiting.length === 1) say("saving", "Saving…");
    let response = null;
    try {
      response = await post(entry);
    } catch {
      /* no connection */
    }
    sending = false;
    await answered(entry, response);
    if (waiting.length && !stopped && response?.ok) drain();
  };

  const answered = async (entry, response) => {
    if (!response) {
      say("failed", `Not sent. Trying again, keep this page open: ${count()}`);
      return later(entry);
    }
    if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
      say("signed-out", `Signed out. Sign in in another tab; ${count()}`);
      return later(entry);
    }
    let told = null;
    try {
      told = await response.json();
    } catch {
      say("failed", `Not sent. Trying again, keep this page open: ${count()}`);
      return later(entry);
    }
    if (response.ok) return saved(entry, told);
    back(entry, told);
  };

  const saved = (entry, told) => {
    waiting.shift();
    const rest = waiting.length ? `; ${count()}` : "";
    if (told.crossed.length && !told.called) say("saved", `Saved ${told.saved_at}. The prescriber is asked to call${rest}`);
    else say("saved", `${rest ? "Saved" : "All saved"} ${told.saved_at}${rest}`);
    document.body.dispatchEvent(new CustomEvent("kap:refresh"));
  };

  // Refused or asked about: the entry goes back into the boxes, unless something else is being typed there.
  const back = (entry, told) => {
    stopped = "answer";
    entry.told = told;
    fill(entry.data);
    const words = (told.odd || told.words || ["This was not saved."]).join(" ");
    ask({ words, yes: told.may_confirm, swap: told.swap });
    say("invalid", told.odd ? "Not saved yet: one question" : "Not saved. Mend what is marked");
  };

  const resume = () => {
    waiting.shift();
    stopped = "";
    ask(null);
  };

  const submit = (event) => {
    const node = event.target;
    if (!node.matches("form[data-vitals]") || !node.hasAttribute("data-live")) return;
    event.preventDefault();
    if (stopped) resume();
    const data = [...new FormData(node, event.submitter)];
    const measured = ["systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm", "spo2_percent", "respiratory_rate_bpm", "temperature_c", "moaas"];
    if (!data.some(([name, value]) => measured.includes(name) && value !== "")) {
      ask({ words: "Enter at least one value." });
      return;
    }
    data.push(["measured_at", now().toISOString()]);
    waiting.push({ data, tries: 0 });
    clear();
    first().focus({ preventScroll: true }); // the next reading begins with the first box
    drain();
  };

  const clicks = (event) => {
    const node = form();
    if (!node || !event.target.closest) return;
    if (event.target.closest("[data-ask-no]")) {
      resume();
      say("saved", waiting.length ? count() : "Change it, then save");
      first().focus();
      drain();
    } else if (event.target.closest("[data-ask-yes]")) {
      const entry = waiting[0];
      entry.data.push(["odd_confirmed", "1"]);
      stopped = "";
      clear();
      drain();
    } else if (event.target.closest("[data-ask-swap]")) {
      const entry = waiting[0];
      const upper = entry.data.find(([name]) => name === "systolic_mmhg");
      const lower = entry.data.find(([name]) => name === "diastolic_mmhg");
      [upper[1], lower[1]] = [lower[1], upper[1]];
      stopped = "";
      clear();
      drain();
    }
  };

  addEventListener("beforeunload", (event) => {
    if (waiting.length) event.preventDefault();
  });
  addEventListener("online", () => drain());
  document.addEventListener("kap:unlocked", () => drain());

  /* ---- crossed limits: the pad shows the call box; saving alone is then the second choice ---- */
  const quiet = () => {
    const node = form();
    const box = node && $("[data-limit-box]", node);
    if (!box) return;
    const button = $(".save", node);
    const words = box.hidden ? button.dataset.wordsPlain : button.dataset.wordsLimit;
    new MutationObserver(() => {
      const wanted = box.hidden ? button.dataset.wordsPlain : button.dataset.wordsLimit;
      if (!button.dataset.busyNow && button.textContent !== wanted) button.textContent = wanted;
    }).observe(box, { attributes: true, attributeFilter: ["hidden"] });
    if (!button.dataset.busyNow) button.textContent = words;
  };

  /* ---- the dose as a dialog ---- */
  const dose = (event) => {
    const link = event.target.closest?.("[data-dose]");
    const dialog = $("#dose-dialog");
    if (!link || !dialog?.showModal || !window.htmx || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    window.htmx.ajax("GET", link.href, { target: "#dose-body", swap: "innerHTML" }).then(() => {
      window.kap.openDialog(dialog, link);
      $("input[name=dose_mg]", dialog)?.focus();
    });
  };

  /* ---- polling is silent, and never puts a sign-in page into the sheet ---- */
  const calm = (event) => {
    if (event.target.id === "flow") event.stopPropagation();
  };
  const guard = (event) => {
    if (event.detail.target?.id !== "flow") return;
    const text = event.detail.xhr.responseText || "";
    if (event.detail.xhr.status === 200 && !text.includes('id="flow"')) {
      event.detail.shouldSwap = false;
      say("signed-out", "Signed out. Sign in in another tab; this page goes on afterwards");
    }
  };

  const start = () => {
    wake();
    const node = form();
    if (node && $("[data-room]")) node.setAttribute("data-live", "");
    document.addEventListener("submit", submit);
    document.addEventListener("click", clicks);
    document.addEventListener("click", dose);
    for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) $("#main")?.addEventListener(name, calm);
    document.addEventListener("htmx:beforeSwap", guard);
    document.addEventListener("kap:open", () => {
      const flow = $("[data-flow]")?.dataset.flow; // the door opens by the clock: nothing new was written down
      if (flow && window.htmx) window.htmx.ajax("GET", flow, { target: "#flow", swap: "outerHTML" });
    });
    quiet();
    wall();
    setInterval(wall, 1000);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
