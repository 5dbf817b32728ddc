// Ties each field to its help and its error for those who do not see them: Dash has no such properties.
(function () {
  "use strict";
  function tie(error) {
    const place = error.id.replace(/-error$/, "");
    const box = document.getElementById(place);
    if (!box) return;
    const inputs = box.matches("input, textarea") ? [box] : box.querySelectorAll("input, textarea");
    inputs.forEach(function (input) {
      input.setAttribute("aria-describedby", place + "-help " + place + "-error");
      if (error.textContent) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    });
  }
  let asked = false;
  function all() {
    asked = false;
    document.querySelectorAll(".error[id$='-error']").forEach(tie);
    document.querySelectorAll(".upload input").forEach(function (input) {
      input.setAttribute("aria-label", "Choose a TOML card");
    });
    // Dash calls its radio buttons and boxes options of a list, which they are not: they say themselves what they are.
    document.querySelectorAll(".field [role=listbox], .field [role=option]").forEach(function (part) {
      part.removeAttribute("role");
    });
    document.querySelectorAll(".field label[aria-selected]").forEach(function (part) {
      part.removeAttribute("aria-selected");
    });
    document.querySelectorAll("nav a").forEach(function (link) {
      if (link.classList.contains("here")) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    const heading = document.querySelector("main h1");
    if (heading) {
      const told = heading.textContent === "sinterface" ? "sinterface" : heading.textContent + " – sinterface";
      if (document.title !== told) document.title = told;
    }
  }
  new MutationObserver(function () {
    if (!asked) { asked = true; requestAnimationFrame(all); }
  }).observe(document.documentElement, {
    childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["aria-selected"],
  });
})();
