// What scrolls can be scrolled with the keyboard; captions of the menu are headings of the second level.
document.addEventListener("DOMContentLoaded", function () {
  "use strict";
  document.querySelectorAll("pre, .table-wrapper, .math-wrapper, .cell_output .output").forEach(function (part) {
    if (part.scrollWidth > part.clientWidth) part.setAttribute("tabindex", "0");
  });
  document.querySelectorAll(".caption[role=heading]").forEach(function (caption) {
    caption.setAttribute("aria-level", "2");
  });
});
