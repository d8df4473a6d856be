/* Number pad of the dosing room: types into the box that has (or last had) the focus, goes on when the box is full. The system's keyboard would
   light the room and hide half the screen, so the boxes get inputmode="none" while the pad is there. The server judges every value;
   warnings here only come earlier. Contract: docs/frontend.md, 6. */
(() => {
  "use strict";

  const number = (box) => {
    const text = box.value.trim().replace(",", ".");
    return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
  };
  const limit = (box, name) => (box.dataset[name] === undefined || box.dataset[name] === "" ? null : Number(box.dataset[name]));
  const outside = (box, low, high) => {
    const value = number(box);
    if (value === null) return false;
    return (limit(box, low) !== null && value < limit(box, low)) || (limit(box, high) !== null && value > limit(box, high));
  };

  const watch = (form) => {
    const pad = form.querySelector("[data-pad]");
    // What is folded away comes last, wherever it stands.
    const boxes = [...form.querySelectorAll("input[data-pad-max]")].sort((a, b) => Boolean(a.closest("details")) - Boolean(b.closest("details")));
    if (!pad || !boxes.length) return;
    let box = boxes.find((one) => !one.value) || boxes[0];
    pad.hidden = false;
    for (const one of boxes) {
      one.inputMode = "none";
      one.autocomplete = "off";
      one.addEventListener("focus", () => (box = one));
      one.addEventListener("input", () => judge());
      one.addEventListener("change", () => odd(one));
    }

    const changed = (one) => {
      one.dispatchEvent(new Event("input", { bubbles: true }));
      one.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const next = () => {
      const one = boxes[boxes.indexOf(box) + 1];
      if (one) {
        one.focus();
        one.select?.();
      } else form.querySelector(".seg input, button[type=submit]")?.focus();
    };
    // Full: three digits, or two that cannot begin a possible three-digit value (a blood pressure of 84 is done, 14 is not).
    const full = (one) => {
      const max = Number(one.dataset.padMax) || 3;
      if (one.value.includes(".")) return false;
      if (one.value.length >= max) return true;
      return one.value.length === max - 1 && Number(one.value[0]) > Number(one.dataset.padFirst || 2);
    };
    let fresh = null;
    for (const one of boxes) one.addEventListener("focus", () => (fresh = one.value ? one : null));

    pad.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the box
    pad.addEventListener("click", (event) => {
      const key = event.target.closest("button");
      if (!key) return;
      if ("next" in key.dataset) return next();
      if ("clear" in key.dataset) {
        box.value = "";
      } else {
        if (fresh === box) box.value = ""; // a full box that was reached anew is written over
        fresh = null;
        const digit = key.dataset.digit;
        if (digit === "." && box.value.includes(".")) return;
        if (box.value.replace(".", "").length >= (Number(box.dataset.padMax) || 3)) return;
        box.value += digit;
      }
      box.dispatchEvent(new Event("input", { bubbles: true }));
      if (document.activeElement !== box) box.focus();
      if (full(box) && !("clear" in key.dataset)) {
        changed(box);
        next();
      }
    });

    /* crossed limits: shows the call box and steps the save button back */
    const warn = form.querySelector("[data-limit-box]");
    const judge = () => {
      const over = boxes.filter((one) => outside(one, "limitLow", "limitHigh"));
      for (const group of new Set(boxes.map((one) => one.closest(".f")))) group?.classList.toggle("over", over.some((one) => group.contains(one)));
      if (!warn) return;
      const words = over.map((one) => (one.dataset.limitWords || "").replace("{v}", one.value.trim())).filter(Boolean);
      const target = warn.querySelector("[data-limit-words-here]");
      if (target && target.textContent !== words.join(" ")) target.textContent = words.join(" ");
      warn.hidden = !over.length;
      const seen = boxes.filter((one) => !one.closest("details:not([open])"));
      const open = seen.some((one) => !one.value.trim()) || (document.activeElement === box && !full(box)); // the pad is still needed
      for (const one of form.querySelectorAll("[data-limit-hide]")) one.hidden = over.length > 0 && !open;
      for (const one of form.querySelectorAll("[data-limit-quiet]")) {
        one.classList.toggle("btn-primary", !over.length);
        one.classList.toggle("btn-quiet", over.length > 0);
      }
    };

    /* odd values ask once, in the page, and do not stand in the way */
    const asked = new Set();
    const odd = (one) => {
      const note = form.querySelector("[data-odd-box]");
      if (!note) return;
      const strange = outside(one, "rangeLow", "rangeHigh");
      const mark = `${one.name}=${one.value}`;
      if (!strange || asked.has(mark)) {
        if (note.dataset.about === one.name) note.hidden = true;
        return;
      }
      asked.add(mark);
      note.dataset.about = one.name;
      note.textContent = (one.dataset.rangeWords || "").replace("{v}", one.value.trim());
      note.hidden = !note.textContent;
    };
    judge();
  };

  const start = () => document.querySelectorAll("form[data-keypad]").forEach(watch);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  document.addEventListener("htmx:afterSettle", (event) => {
    for (const form of event.detail.elt.querySelectorAll?.("form[data-keypad]") || []) watch(form);
    if (event.detail.elt.matches?.("form[data-keypad]")) watch(event.detail.elt);
  });
})();
