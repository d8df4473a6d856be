/* A sign-in that nobody uses ends: two minutes before, the page asks; then it is covered, and all that was typed stays in it, unseen, until the
   same person is in again. The server decides (kap.accounts.idle); this tells it of keys and touches and asks it before covering. Polling and
   autosave never count: they carry X-Automatic or X-Autosave. X-As says whose page asks, so that nothing is ever written in another's name. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const base = $("#idle");
  if (!base) return;
  const kap = (window.kap = window.kap || {});
  const warn = $("#idle-warn"), lock = $("#idle-lock");
  const me = base.dataset.user;
  const LIMIT = Number(base.dataset.limit) * 1000, WARN = Number(base.dataset.warn) * 1000;
  const TELL = 30000; // at most one word to the server in this time
  const title = document.title;
  let idleEnd = Date.now() + LIMIT;
  let wholeEnd = Date.now() + Number(base.dataset.whole) * 1000;
  let lastInput = Date.now(), lastTold = Date.now(), lastSent = Date.now();
  let asking = false, staying = false, wholeSaid = false, lastCheck = 0, inerted = [], told = new Set(), shown = {};

  kap.as = () => me;
  kap.locked = false;
  const others = "BroadcastChannel" in window ? new BroadcastChannel("kap-idle") : null; // other tabs of this browser; times and ids only
  const tell = (message) => others?.postMessage(message);

  /* ---- the server ---- */
  const setToken = (token) => {
    if (!token) return;
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = token;
    if (document.body.hasAttribute("hx-headers")) document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  };
  const token = () => $("input[name=csrfmiddlewaretoken]", base)?.value || "";
  const ask = async (url, options = {}) => {
    const limit = AbortSignal.timeout ? AbortSignal.timeout(8000) : undefined;
    const answer = await fetch(url, {
      credentials: "same-origin", redirect: "error", cache: "no-store", signal: limit, ...options,
      headers: { Accept: "application/json", "X-CSRFToken": token(), ...options.headers },
    });
    return answer.json();
  };
  const state = () => ask(base.dataset.stateUrl, { headers: { "X-Automatic": "1" } });

  const told_ = (answer) => {
    idleEnd = Date.now() + answer.left * 1000;
    wholeEnd = answer.rooms?.length ? Infinity : Date.now() + answer.whole * 1000;
  };

  /* ---- activity: keys and touches, told soon ---- */
  const report = async () => {
    lastSent = Date.now();
    const at = lastInput;
    const body = new URLSearchParams({ ago: String(Math.max(0, Math.round(Date.now() - at))) });
    try {
      const answer = await ask(base.dataset.activeUrl, { method: "POST", body, keepalive: true });
      lastTold = Math.max(lastTold, at);
      await heed(answer);
    } catch {
      /* no connection, or a token from before: the next one tells it */
    }
  };
  const input = (event) => {
    if (!event.isTrusted || kap.locked || warn.open) return;
    lastInput = Date.now();
    if (lastInput - lastSent >= TELL) report();
  };
  for (const name of ["keydown", "pointerdown", "wheel", "touchmove", "input"]) addEventListener(name, input, { capture: true, passive: true });

  /* ---- the warning ---- */
  const words = (ms) => {
    const all = Math.max(0, Math.ceil(ms / 1000));
    return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`;
  };
  const showWarning = (left, whole) => {
    $("[data-idle-left]", warn).textContent = words(left);
    $("[data-idle-why]", warn).textContent = whole ? base.dataset.wholeWords : base.dataset.idleWords;
    for (const mark of [120, 60, 30, 10]) {
      if (left / 1000 > mark || told.has(mark)) continue;
      told.add(mark);
      if (warn.open) $("[data-idle-said]", warn).textContent = words(left);
    }
    if (warn.open || staying) return;
    warn.showModal();
    $("[data-idle-stay]", warn).focus();
  };
  const stay = async () => {
    staying = true;
    wholeSaid = wholeEnd < idleEnd;
    lastInput = Date.now();
    if (warn.open) warn.close();
    await report();
    staying = false;
  };
  $("[data-idle-stay]", warn).addEventListener("click", stay);
  warn.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });

  /* ---- the cover ---- */
  const room = () => $("[data-live-room]");
  const seconds = () => (kap.now ? kap.now() : Date.now());
  const paint = () => {
    const box = $("[data-idle-room]", lock);
    if (box.hidden) return;
    const minutes = Math.max(0, Math.floor((seconds() - Date.parse(shown.since)) / 60000));
    $("[data-idle-since]", lock).textContent = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
    const due = $("[data-idle-due-box]", lock);
    due.hidden = !shown.due;
    if (due.hidden) return;
    const left = Date.parse(shown.due) - seconds();
    const late = Math.floor(-left / 60000);
    due.dataset.due = late >= 1 ? "late" : left <= 0 ? "now" : "wait";
    const said = late >= 1 ? `${late} min late` : left <= 0 ? "now" : `in ${Math.ceil(left / 60000)} min`;
    if ($("[data-idle-due]", lock).textContent !== said) $("[data-idle-due]", lock).textContent = said;
  };
  const showRoom = (rooms) => {
    const box = $("[data-idle-room]", lock), here = room();
    const live = rooms?.find((one) => one.id === here?.dataset.liveRoom) || (rooms ? rooms[0] : null);
    if (live) {
      $("[data-idle-room-name]", lock).textContent = live.room;
      $("[data-idle-since-words]", lock).textContent = $("[data-idle-since-words]", lock).dataset[live.dosed ? "dosed" : "started"];
      shown = { since: live.since, due: live.due };
    } else if (rooms) {
      box.hidden = true;
      return;
    } else if (here) { // the server does not answer: what the page itself knows
      $("[data-idle-room-name]", lock).textContent = here.dataset.liveRoomName;
      const since = $("[data-since]", here);
      if (!since) return;
      $("[data-idle-since-words]", lock).textContent = $("[data-idle-since-words]", lock).dataset.dosed;
      shown = { since: since.dataset.since, due: $(".due [data-until]", here)?.dataset.until || "" };
    } else return;
    box.hidden = false;
    paint();
  };
  const showWays = (answer) => {
    const form = $("[data-idle-unlock]", lock), again = $("[data-idle-again]", lock), other = $("[data-idle-other]", lock);
    const stranger = answer && answer.user && answer.user !== me;
    const canUnlock = form && !stranger && (!answer || answer.state === "locked");
    if (form) {
      form.hidden = !canUnlock;
      const label = $("[data-idle-label]", form);
      if (answer) label.textContent = answer.pin ? label.dataset.pin : label.dataset.password;
    }
    again.hidden = Boolean(canUnlock) || (stranger && answer.state === "open");
    if (other) other.hidden = answer?.state === "out";
    $("[data-idle-words]", lock).textContent = stranger ? base.dataset.otherWords : base.dataset.idleWords;
  };
  const cover = (answer) => {
    const first = !kap.locked;
    if (first) {
      kap.locked = true;
      if (warn.open) warn.close();
      inerted = [...document.body.children].filter((one) => one !== lock && !one.inert);
      for (const one of inerted) one.inert = true;
      document.documentElement.dataset.covered = "1";
      document.title = base.dataset.title;
    }
    showWays(answer);
    showRoom(answer ? answer.rooms || [] : null);
    if (!first) return;
    lock.showModal();
    ($("[data-idle-unlock]:not([hidden]) input[name=secret]", lock) || $("#idle-lock-h")).focus();
  };
  const uncover = () => {
    if (!kap.locked) return;
    kap.locked = false;
    for (const one of inerted) one.inert = false;
    inerted = [];
    delete document.documentElement.dataset.covered;
    document.title = title;
    lock.close();
    lastInput = lastTold = Date.now();
    told = new Set();
    document.dispatchEvent(new CustomEvent("kap:unlocked"));
  };
  lock.addEventListener("cancel", (event) => event.preventDefault());
  // Keys of the page underneath do nothing while it is covered.
  addEventListener("keydown", (event) => {
    if (!kap.locked) return;
    if (event.key === "Escape") event.preventDefault();
    if (!lock.contains(event.target)) event.stopImmediatePropagation();
  }, { capture: true });

  // What the server says, whichever way it was asked.
  const heed = async (answer) => {
    if (answer.state === "open" && answer.user === me) {
      setToken(answer.csrf);
      told_(answer);
      tell({ user: me, left: answer.left, whole: answer.whole });
      uncover();
    } else cover(answer);
  };
  const check = async () => {
    if (asking) return;
    asking = true;
    lastCheck = Date.now();
    try {
      await heed(await state());
    } catch {
      if (Date.now() >= Math.min(idleEnd, wholeEnd)) cover(null);
    }
    asking = false;
  };

  const unlock = async (event) => {
    event.preventDefault();
    const form = event.target, problem = $("#idle-problem"), box = form.elements.secret;
    problem.textContent = "";
    let answer;
    try {
      const now = await state(); // a fresh token: the one of this page may be from before
      if (now.state !== "locked") return heed(now);
      setToken(now.csrf);
      answer = await ask(form.action, { method: "POST", body: new URLSearchParams({ secret: box.value }) });
    } catch {
      problem.textContent = base.dataset.offlineWords;
      return;
    }
    box.value = "";
    if (answer.state === "open" && answer.user === me) {
      setToken(answer.csrf);
      idleEnd = Date.now() + LIMIT;
      tell({ user: me, check: true });
      uncover();
      check();
    } else if (answer.state) {
      showWays(answer);
    } else {
      problem.textContent = answer.problem;
      box.setAttribute("aria-invalid", "true");
      box.focus();
    }
  };
  $("[data-idle-unlock]", lock)?.addEventListener("submit", unlock);

  /* ---- htmx: whose page asks; a request that no hand made says so ---- */
  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, triggeringEvent } = event.detail;
    headers["X-As"] = me;
    if (!triggeringEvent?.isTrusted && !triggeringEvent?.detail?.byHand) headers["X-Automatic"] = "1";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr?.status === 401) check();
  });

  /* ---- other tabs, coming back, the clock ---- */
  others?.addEventListener("message", ({ data }) => {
    if (data.check || data.user !== me) check();
    else if (!kap.locked) {
      idleEnd = Math.max(idleEnd, Date.now() + data.left * 1000);
      if (warn.open && idleEnd - Date.now() > WARN) warn.close();
    } else check();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") check();
    else if (lastInput > lastTold && !kap.locked) report();
  });
  addEventListener("focus", () => {
    if (kap.locked) check();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) check();
  });
  const tick = () => {
    const now = Date.now();
    if (kap.locked) {
      paint();
      if (now - lastCheck > 10000) check();
      return;
    }
    if (lastInput > lastTold && now - lastSent >= TELL) report();
    const left = Math.min(idleEnd, wholeEnd) - now;
    const said = wholeSaid && wholeEnd < idleEnd; // twelve hours cannot be put off: told once
    if (left <= 0) {
      if (now - lastCheck > 900) check();
    } else if (left <= WARN) {
      if (said) return;
      if (!warn.open && now - lastCheck > 5000 && !staying) check().then(() => {
        const rest = Math.min(idleEnd, wholeEnd) - Date.now();
        if (rest > 0 && rest <= WARN && !kap.locked) showWarning(rest, wholeEnd < idleEnd);
      });
      else if (warn.open) showWarning(left, wholeEnd < idleEnd);
    } else {
      told = new Set();
      if (warn.open) warn.close();
    }
  };
  setInterval(tick, 500);
})();
