/* What every page shares. Nothing here is needed to use a page; it makes pages quicker and kinder.
   No inline handlers, no eval: behaviour is asked for by data attributes (docs/frontend.md, 6). */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const kap = (window.kap = window.kap || {});

  // The clinic's clock as the server has it: the demonstration may run ahead of real time.
  const started = Date.parse(document.documentElement.dataset.now || "") || Date.now();
  const loaded = performance.now();
  kap.now = () => started + (performance.now() - loaded);
  kap.csrf = () => $("input[name=csrfmiddlewaretoken]")?.value || "";

  /* ---- forms: the server checks, and its words are better than the browser's bubbles ---- */
  const prepareForms = (root) => {
    for (const form of $$("form[method=post]", root)) form.noValidate = true;
  };

  const release = (form) => {
    delete form.dataset.sending;
    for (const button of $$("[data-busy-now]", form)) {
      delete button.dataset.busyNow;
      button.removeAttribute("aria-disabled");
      if (button.dataset.words) button.replaceChildren(...kap.keptWords.get(button));
      delete button.dataset.words;
    }
  };
  kap.keptWords = new WeakMap();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "1";
    const button = event.submitter || $("button[type=submit], button:not([type])", form);
    if (!button || button.tagName !== "BUTTON") return;
    button.dataset.busyNow = "1";
    button.setAttribute("aria-disabled", "true");
    setTimeout(() => {
      if (!form.dataset.sending || event.defaultPrevented) return;
      kap.keptWords.set(button, [...button.childNodes].map((node) => node.cloneNode(true)));
      button.dataset.words = "1";
      button.textContent = form.dataset.busy || button.dataset.busy || "Saving…";
    }, 300);
  });
  // Back button: the page comes out of memory with its locked button.
  addEventListener("pageshow", () => $$("form[data-once]").forEach(release));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form[data-once]");
    if (form) release(form);
  });

  /* ---- error summary: focused, its links lead to the field ---- */
  const focusErrors = (root) => {
    const box = $("[data-focus]", root);
    if (box) box.focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".errbox a[href^='#']");
    if (!link) return;
    const field = document.getElementById(link.getAttribute("href").slice(1));
    if (!field) return;
    event.preventDefault();
    (field.closest(".field") || field).scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  });

  /* ---- dialogs: focus goes in, Esc closes, focus comes back ---- */
  let opener = null;
  kap.openDialog = (dialog, from) => {
    opener = from || document.activeElement;
    if (!dialog.open) dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const open = event.target.closest?.("[data-dialog]");
    if (open) {
      const dialog = document.getElementById(open.dataset.dialog);
      if (dialog?.showModal) {
        event.preventDefault();
        kap.openDialog(dialog, open);
      }
      return;
    }
    const close = event.target.closest?.("[data-close]");
    if (close) close.closest("dialog")?.close();
    else if (event.target.matches?.("dialog.panel[open]")) event.target.close(); // the ground beside the panel
  });
  document.addEventListener("close", (event) => {
    if (event.target.tagName === "DIALOG" && opener?.isConnected) opener.focus();
  }, true);

  /* ---- menus made of <details> ---- */
  document.addEventListener("click", (event) => {
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.menu[open]") || $("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    $("summary", menu).focus();
  });

  /* ---- theme: at once, then told to the server, which renders it from the next page on ---- */
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-themes]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    const data = new FormData(form);
    data.set("theme", theme);
    if (theme) document.documentElement.dataset.bsTheme = theme;
    else delete document.documentElement.dataset.bsTheme;
    for (const button of $$("form[data-themes] button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    const menu = form.closest("details.menu");
    if (menu) {
      menu.open = false;
      const words = $("[data-theme-words]", menu);
      if (words) words.textContent = event.submitter.textContent.trim();
      $("summary", menu).focus();
    }
    try {
      await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
    } catch {
      /* The page looks right; the server hears of it next time. */
    }
  });

  /* ---- single-key shortcuts; they can be switched off (WCAG 2.1.4) ---- */
  const keysOff = () => {
    try {
      return localStorage.getItem("kap-keys") === "off";
    } catch {
      return false;
    }
  };
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-shortcuts]")) return;
    try {
      localStorage.setItem("kap-keys", event.target.checked ? "on" : "off");
    } catch {
      /* storage refused: shortcuts stay as they are */
    }
    for (const box of $$("[data-shortcuts]")) box.checked = event.target.checked;
    showKeys();
  });
  const showKeys = () => {
    for (const key of $$("kbd")) key.hidden = keysOff();
  };
  document.addEventListener("keydown", (event) => {
    if (keysOff() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
    if (event.key === "/") {
      const box = $("#q");
      if (!box) return;
      event.preventDefault();
      box.focus();
      return;
    }
    if (event.key.length !== 1) return;
    const target = $(`[data-key="${CSS.escape(event.key.toUpperCase())}"]`);
    if (!target) return;
    event.preventDefault();
    target.click();
  });

  /* ---- toasts: gone after their time, never while read or reached ---- */
  const startToast = (toast) => {
    if (toast.dataset.started) return;
    toast.dataset.started = "1";
    let left = Math.max(10, Number(toast.dataset.toast) || 12);
    const tick = setInterval(() => {
      if (!toast.isConnected) return clearInterval(tick);
      if (toast.matches(":hover") || toast.contains(document.activeElement)) return;
      left -= 1;
      if (left > 0) return;
      clearInterval(tick);
      toast.remove();
    }, 1000);
  };
  const box = $("#toasts");
  if (box) new MutationObserver(() => $$("[data-toast]", box).forEach(startToast)).observe(box, { childList: true });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-close-toast]")) event.target.closest("[data-toast]").remove();
    if (event.target.closest?.("[data-back]")) history.back();
    if (event.target.closest?.("[data-reload]")) location.reload();
  });

  /* ---- filters over a list that is already there ---- */
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-filter-for] [data-filter]");
    if (!button) return;
    const group = button.closest("[data-filter-for]");
    const kind = button.dataset.filter;
    for (const other of $$("[data-filter]", group)) other.setAttribute("aria-pressed", String(other === button));
    for (const item of document.getElementById(group.dataset.filterFor)?.children || []) {
      item.hidden = Boolean(kind) && item.dataset.kind !== kind;
    }
  });

  /* ---- htmx: carry the token, keep the focus, keep the form when signed out ---- */
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = event.detail.headers["X-CSRFToken"] || kap.csrf();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const root = event.detail.elt;
    prepareForms(root);
    stackTables(document);
    showKeys();
    if ($("[data-focus]", root)) focusErrors(root);
    else if (document.activeElement === document.body && !root.closest?.("[data-quiet-swap]")) {
      const target = $("[autofocus], [tabindex='-1'], h2, h3", root) || root;
      if (!target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
      target.focus({ preventScroll: true });
    }
  });
  const say = (words) => {
    if (!box) return;
    const toast = document.createElement("div");
    toast.className = "toast-k";
    toast.dataset.toast = "12";
    toast.textContent = words;
    box.append(toast);
  };
  kap.say = say;
  document.addEventListener("htmx:responseError", (event) => {
    const code = event.detail.xhr.status;
    if (code === 401 || code === 403) say("Signed out, or not allowed. Open the sign-in page in a new tab; your typing is kept here.");
    else say("That did not work. Nothing was changed; try again.");
  });
  document.addEventListener("htmx:sendError", () => say("No connection. Nothing was changed; try again."));

  /* ---- start ---- */
  // On a small phone a row of tabs is wider than the screen: the one that is open must be in sight.
  const showCurrentTab = () => {
    for (const current of $$(".tabs [aria-current]")) {
      const row = current.parentElement;
      row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
    }
  };

  // A table of words does not fit a phone: there each row becomes a block, each cell beside the name of its column
  // (kit.css). A table of figures stays one. The roles are said, because a changed display may hide them from readers.
  const stackTables = (root) => {
    for (const table of $$(".tablebox > .ktable:not(.ktable-stack)", root)) {
      const heads = [...(table.tHead?.rows[0]?.cells || [])];
      if (table.tHead?.rows.length !== 1 || heads.slice(1).every((head) => head.classList.contains("n"))) continue;
      const names = heads.map((head) => (head.querySelector(".visually-hidden") ? "" : head.textContent.trim()));
      table.classList.add("ktable-stack");
      table.setAttribute("role", "table");
      for (const part of $$("thead, tbody", table)) part.setAttribute("role", "rowgroup");
      for (const row of table.rows) row.setAttribute("role", "row");
      for (const head of heads) head.setAttribute("role", "columnheader");
      for (const cell of $$("tbody th, tbody td", table)) {
        cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
        if (cell.tagName === "TD" && cell.colSpan === 1 && names[cell.cellIndex]) cell.dataset.label = names[cell.cellIndex];
      }
    }
    stopAtTables();
  };
  // A box that does not scroll is no stop for the keyboard.
  const phone = matchMedia("(max-width: 40rem)");
  const stopAtTables = () => {
    for (const table of $$(".tablebox > .ktable-stack")) {
      if (phone.matches) table.parentElement.removeAttribute("tabindex");
      else table.parentElement.tabIndex = 0;
    }
  };
  phone.addEventListener("change", stopAtTables);
  // A chart that is wider than the phone begins with its newest values in sight.
  const showNewest = () => {
    for (const box of $$(".ocwrap")) box.scrollLeft = box.scrollWidth;
  };

  const start = () => {
    prepareForms(document);
    stackTables(document);
    showCurrentTab();
    showNewest();
    focusErrors(document);
    showKeys();
    for (const key of $$("[data-shortcuts]")) key.checked = !keysOff();
    for (const toast of $$("[data-toast]")) startToast(toast);
    for (const button of $$("[data-back], [data-reload]")) button.hidden = false;
    if (location.hash === "#menu") {
      const menu = $("#menu");
      if (menu) menu.open = true;
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
