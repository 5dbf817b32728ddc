// What scrolls can be scrolled with the keyboard; captions of the menu are headings of the second level; a picture leads to
// itself in full size.
document.addEventListener("DOMContentLoaded", function () {
  "use strict";
  document.querySelectorAll("pre, .table-wrapper, .math-wrapper, .cell_output .output").forEach(function (part) {
    if (part.scrollWidth > part.clientWidth) part.setAttribute("tabindex", "0");
  });
  document.querySelectorAll(".caption[role=heading]").forEach(function (caption) {
    caption.setAttribute("aria-level", "2");
  });
  document.querySelectorAll("article img").forEach(function (picture) {
    if (picture.closest("a")) return;
    const link = document.createElement("a");
    link.href = picture.src;
    picture.replaceWith(link);
    link.append(picture);
  });
});
