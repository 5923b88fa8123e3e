"use strict";
// What a report does beyond being read: filter, copy, fold, darken. Without this script all of it can be read.
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const filter = document.getElementById("filter");
  const told = document.getElementById("told");
  const toggles = all("button[data-kind]");
  const items = all(".item").map((element) => ({ element, text: element.textContent.toLowerCase() }));

  function apply() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(toggles.filter((one) => one.getAttribute("aria-pressed") === "false").map((one) => one.dataset.kind));
    let shown = 0;
    for (const { element, text } of items) {
      element.hidden = off.has(element.dataset.kind) || !words.every((word) => text.includes(word));
      shown += element.hidden ? 0 : 1;
    }
    for (const group of all(".group")) {
      group.hidden = !group.querySelector(".item:not([hidden])");
    }
    if (words.length) {
      for (const details of all("main > section > details")) {
        if (details.querySelector(".item:not([hidden])")) details.open = true;
      }
    }
    told.textContent = `${shown} of ${items.length} outcomes shown`;
  }

  filter.addEventListener("input", apply);
  for (const toggle of toggles) {
    toggle.addEventListener("click", () => {
      toggle.setAttribute("aria-pressed", String(toggle.getAttribute("aria-pressed") === "false"));
      apply();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      filter.focus();
      filter.select();
    } else if (event.key === "Escape" && event.target === filter) {
      filter.value = "";
      apply();
    }
  });

  const foldable = all("main details");
  const fold = (open) => foldable.forEach((details) => { details.open = open; });
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));

  let before = [];
  window.addEventListener("beforeprint", () => {
    before = foldable.filter((details) => !details.open);
    before.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => before.forEach((details) => { details.open = false; }));

  function reveal() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const details = target && target.querySelector("details");
    if (details) details.open = true;
  }
  window.addEventListener("hashchange", reveal);
  all("nav a").forEach((link) => link.addEventListener("click", () => setTimeout(reveal)));
  reveal();

  // What does not fit is moved sideways: with the keyboard too, where there is anything to move.
  const movable = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const overflows = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
      if (overflows) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  all("pre, .wide").forEach((element) => movable.observe(element));

  const theme = document.getElementById("theme");
  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const name = () => { theme.textContent = dark() ? "Light page" : "Dark page"; };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  async function copy(code) {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      return document.execCommand("copy");
    }
  }
  for (const block of all(".code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      const done = await copy(block.querySelector("code"));
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      told.textContent = done ? "code copied" : "code selected, press Ctrl+C to copy it";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    block.append(button);
  }

  apply();
  all(".scripted").forEach((element) => { element.hidden = false; });
})();
