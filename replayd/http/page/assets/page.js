"use strict";
// Keys of the page. Everything works without this file; links and forms do the work.
(() => {
  const typing = (e) => e.target.closest("input, select, textarea") !== null;
  const rows = () => [...document.querySelectorAll("a.row")];
  const press = (key) => {
    const target = document.querySelector(`[data-key="${key}"]`);
    if (target) target.click();
    return target !== null;
  };
  const move = (step) => {
    const all = rows();
    if (!all.length) return false;
    const at = all.indexOf(document.activeElement);
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };
  const zoom = (link) => {
    if (!link) return false;
    link.closest("figure").classList.toggle("zoomed");
    return true;
  };
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a.zoom");
    if (link && !e.ctrlKey && !e.metaKey && e.button === 0 && zoom(link)) e.preventDefault();
  });
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
    let done = press(e.key);
    if (!done && e.key === "j") done = move(1);
    if (!done && e.key === "k") done = move(-1);
    if (!done && e.key === "z") done = zoom(document.querySelector("a.zoom"));
    if (!done && e.key === "/") {
      const field = document.querySelector("input[name=text]");
      if (field) { field.focus(); done = true; }
    }
    if (done) e.preventDefault();
  });
})();
