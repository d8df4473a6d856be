/* Calendar: arrow keys between appointments and free times, M moves the appointment in focus.
   Without this file every appointment is a link in order of time, reached by Tab. */
(() => {
  "use strict";
  const grid = document.querySelector("[data-calendar]");
  if (!grid) return;
  const shortcutsOff = () => { try { return localStorage.getItem("kap-keys") === "off"; } catch { return false; } };
  const links = () => [...grid.querySelectorAll("a.cal-ev, a.cal-slot, a.cal-free")].filter((a) => a.offsetParent !== null);
  const box = (a) => a.getBoundingClientRect();

  // One stop for Tab: the arrows do the rest, so that a full day is not eighty stops long.
  const roving = (current) => links().forEach((a) => { a.tabIndex = a === current ? 0 : -1; });
  const first = () => {
    const line = grid.querySelector(".cal-now");
    const all = links();
    if (!line) return all[0];
    const top = line.getBoundingClientRect().top;
    return all.find((a) => box(a).bottom > top) || all[0];
  };

  const nearest = (from, key) => {
    const here = box(from);
    const middle = (r) => ({ x: r.left + r.width / 2, y: r.top });
    const at = middle(here);
    let best = null, least = Infinity;
    for (const a of links()) {
      if (a === from) continue;
      const r = box(a), to = middle(r);
      const dx = to.x - at.x, dy = to.y - at.y;
      const sameColumn = Math.abs(dx) < here.width / 2;
      let cost = Infinity;
      if (key === "ArrowDown" && dy > 1 && sameColumn) cost = dy;
      if (key === "ArrowUp" && dy < -1 && sameColumn) cost = -dy;
      if (key === "ArrowRight" && dx > here.width / 2) cost = dx * 4 + Math.abs(dy);
      if (key === "ArrowLeft" && dx < -here.width / 2) cost = -dx * 4 + Math.abs(dy);
      if (cost < least) { least = cost; best = a; }
    }
    return best;
  };

  grid.addEventListener("keydown", (event) => {
    const from = event.target.closest("a.cal-ev, a.cal-slot, a.cal-free");
    if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key.startsWith("Arrow")) {
      const to = nearest(from, event.key);
      if (!to) return;
      event.preventDefault();
      roving(to);
      to.focus();
    } else if (event.key === "Home" || event.key === "End") {
      const all = links();
      const to = event.key === "Home" ? all[0] : all[all.length - 1];
      event.preventDefault();
      roving(to);
      to.focus();
    } else if (event.key.toLowerCase() === "m" && from.dataset.move && !shortcutsOff()) {
      event.preventDefault();
      window.location.assign(from.dataset.move);
    }
  });
  grid.addEventListener("focusin", (event) => {
    const link = event.target.closest("a.cal-ev, a.cal-slot, a.cal-free");
    if (link) roving(link);
  });
  if (links().length) roving(first());
})();
