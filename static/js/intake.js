/* Question pages: shows what an answer brings up, at once. Without this script the server asks on Continue. */
(() => {
  "use strict";
  const values = (form, name) => {
    const found = [];
    for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if ((control.type === "radio" || control.type === "checkbox") && !control.checked) continue;
      if (control.value) found.push(control.value);
    }
    return found;
  };

  const watch = (form) => {
    const followers = [...form.querySelectorAll("[data-when]")];
    const shown = form.querySelector("[data-shown]");
    const started = new Set((shown?.value || "").split(" ").filter(Boolean));
    const holds = (rule) => {
      const not = rule.includes("!=");
      const [name, wanted] = rule.split(not ? "!=" : "=");
      const parent = form.querySelector(`[data-key="${CSS.escape(name)}"]`);
      if (parent?.hidden) return false;
      return values(form, name).some((value) => wanted.split(",").includes(value)) !== not;
    };
    const show = () => {
      for (const part of followers) part.hidden = !part.dataset.when.split(";").every(holds); // parents stand before children
      if (!shown) return;
      const now = new Set(started);
      for (const part of followers) part.hidden ? now.delete(part.dataset.key) : now.add(part.dataset.key);
      shown.value = [...now].join(" ");
    };
    form.addEventListener("change", show);
    show();
  };

  const start = () => document.querySelectorAll("form[data-intake]").forEach(watch);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
