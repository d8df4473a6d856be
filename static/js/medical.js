/* Shows mg/kg beside the doses and pounds beside the weight, while they are typed. Only a help to the eye: the server reckons. */
(() => {
  "use strict";
  const plain = (number, digits) => String(Number(number.toFixed(digits)));
  const read = (box) => {
    const number = Number((box?.value || "").replace(",", "."));
    return Number.isFinite(number) && number > 0 ? number : null;
  };

  for (const box of document.querySelectorAll("[data-pounds]")) {
    const out = document.getElementById(box.dataset.pounds);
    const show = () => {
      const kg = read(box);
      if (out) out.textContent = kg ? `${plain(kg, 1)} kg = ${plain(kg / 0.45359237, 0)} lb` : "";
    };
    box.addEventListener("input", show);
    show();
  }

  const form = document.querySelector("form[data-weight]");
  const out = document.getElementById("perkg");
  if (!form || !out) return;
  const show = () => {
    const kg = read(form.elements.weight_kg) || Number(form.dataset.weight);
    const parts = [];
    for (const box of form.querySelectorAll("[data-per-kg]")) {
      const mg = read(box);
      const label = form.querySelector(`label[for="${box.id}"]`)?.firstChild?.textContent.trim() || "";
      if (mg && kg) parts.push(`${label}: ${plain(mg / kg, 2)} mg/kg`);
    }
    out.textContent = parts.join(" · ");
  };
  form.addEventListener("input", show);
  show();
})();
