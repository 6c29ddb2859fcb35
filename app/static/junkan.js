// Comfort only: every page works without this file.
(() => {
  "use strict";
  // The list of problems is read first.
  document.querySelector(".problem")?.focus();
  const folds = () => document.querySelectorAll("details.fold[open]");
  document.addEventListener("click", (event) => {
    for (const fold of folds()) if (!fold.contains(event.target)) fold.open = false;
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => { copy.textContent = copy.dataset.copied || copy.textContent; });
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const fold of folds()) { fold.open = false; fold.querySelector("summary").focus(); }
  });
  // One press, one form: a second press on a slow link sends nothing twice.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "1";
    for (const button of event.target.querySelectorAll(".button")) button.setAttribute("aria-disabled", "true");
  });
  // Back from the browser's memory: the form may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });
})();
