"use strict";
// Shows what belongs to the chosen methods and to classes whose name holds what was typed.
(() => {
  const form = document.querySelector(".filter");
  const told = form.querySelector("output");
  const named = [...document.querySelectorAll("[data-method], [data-class]")];
  const apply = () => {
    const methods = new Set([...form.querySelectorAll("[name=method]:checked")].map((box) => box.value));
    const typed = form.querySelector("[name=class]").value.trim().toLowerCase();
    for (const element of named) {
      const { method, class: ofClass } = element.dataset;
      const wrongMethod = method !== undefined && !methods.has(method);
      element.hidden = wrongMethod || (ofClass !== undefined && !ofClass.toLowerCase().includes(typed));
    }
    const clips = [...document.querySelectorAll(".clips figure")].filter((clip) => !clip.closest("[hidden]"));
    told.textContent = `${clips.length} clips`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
