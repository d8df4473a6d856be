/* Clocks that run: data-since (h:mm elapsed), data-until (in 2 min, now, 3 min late), progress[data-from][data-to]. Counted on from the server's
   clock (html[data-now]); the server's text stands until then, and without script. Silent: nothing is announced every second. */
(() => {
  "use strict";
  const now = () => (window.kap?.now ? window.kap.now() : Date.now());
  const minutes = (ms) => Math.floor(ms / 60000);
  const elapsed = (ms) => {
    const all = Math.max(0, minutes(ms));
    return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`;
  };
  const set = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  const words = (node, name, fallback, count) => (node.dataset[name] || fallback).replace("{n}", count);

  const tick = () => {
    const at = now();
    for (const node of document.querySelectorAll("[data-since]")) set(node, elapsed(at - Date.parse(node.dataset.since)));
    for (const node of document.querySelectorAll("[data-until]")) {
      const left = Date.parse(node.dataset.until) - at;
      const soon = (Number(node.dataset.soon) || 3) * 60000;
      const grace = (Number(node.dataset.grace) || 1) * 60000;
      let state = "wait";
      if (left > 0) {
        const all = Math.ceil(left / 60000);
        set(node, all > 90 ? words(node, "inHours", "in {n} h", elapsed(left)) : words(node, "in", "in {n} min", all));
        if (left <= soon) state = "soon";
      } else if (-left < grace) {
        set(node, words(node, "nowWords", "now", 0));
        state = "now";
      } else {
        set(node, words(node, "late", "{n} min late", minutes(-left)));
        state = "late";
      }
      const card = node.closest(".due");
      if (card && card.dataset.due !== state) {
        card.dataset.due = state;
        card.dispatchEvent(new CustomEvent("kap:due", { bubbles: true, detail: { state } }));
      }
    }
    for (const bar of document.querySelectorAll("progress[data-from][data-to]")) {
      const from = Date.parse(bar.dataset.from), to = Date.parse(bar.dataset.to);
      bar.max = 100;
      bar.value = Math.max(0, Math.min(100, (100 * (at - from)) / Math.max(1, to - from)));
    }
    for (const node of document.querySelectorAll("[data-opens-at]")) {
      if (at >= Date.parse(node.dataset.opensAt)) {
        node.removeAttribute("data-opens-at");
        node.dispatchEvent(new CustomEvent("kap:open", { bubbles: true }));
      }
    }
  };
  const start = () => {
    tick();
    setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
    document.addEventListener("htmx:afterSettle", tick);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
