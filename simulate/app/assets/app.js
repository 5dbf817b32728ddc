// Ties each field to its help and its error for those who do not see them, and what is dragged to its field: Dash has
// no such properties.
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
  // Tells the page that a point of a drawing was dragged. Dash would tell so too, but forgets a drag when the chart fits
  // itself to its place before the drag was answered: of two things that a chart tells, it answers the later one.
  function listen(chart) {
    if (chart.hasAttribute("data-heard") || !chart.on) return;
    chart.setAttribute("data-heard", "");
    chart.on("plotly_relayout", function (moved) {
      if (!Object.keys(moved).some(function (key) { return key.startsWith("shapes["); })) return;
      const drawing = chart.closest("[id$='-drawing']").id;
      window.dash_clientside.set_props(drawing.replace(/-drawing$/, "-moved"), { data: moved });
    });
  }
  let asked = false;
  function all() {
    asked = false;
    document.querySelectorAll(".error[id$='-error']").forEach(tie);
    document.querySelectorAll("[id$='-drawing'] .js-plotly-plot").forEach(listen);
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

// Follows the job of a page. The next look begins a moment after the last was answered: looks never overtake each other or
// pile up on a slow machine, as ticks of a clock do, of which Dash drops each answer that a later question overtook.
(function () {
  "use strict";
  const PAUSE = 500; // between two looks [ms]
  const SILENT = { again: true, parts: { status: { children: "The program does not answer: is it still there?" } } };
  const followed = {}; // the newest follower of each page: older ones end
  async function ask(key, shown) {
    try {
      const answer = await fetch("/look/" + key + "?shown=" + encodeURIComponent(shown));
      return answer.ok ? await answer.json() : SILENT;
    } catch (error) {
      return SILENT;
    }
  }
  async function follow(page, key) {
    const me = (followed[page] = {});
    const told = {}; // what the parts of the page were told last
    let shown = "", again = key !== "";
    while (again) {
      const now = await ask(key, shown);
      if (followed[page] !== me || !document.getElementById(page + "-answer")) return;
      Object.entries(now.parts).forEach(function ([part, properties]) {
        const text = JSON.stringify(properties);
        if (told[part] !== text) window.dash_clientside.set_props(page + "-" + part, properties);
        told[part] = text;
      });
      shown = now.shown || shown;
      again = now.again;
      if (again) await new Promise(function (resume) { setTimeout(resume, PAUSE); });
    }
  }
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.sinterface = {
    follow: function (job, id) {
      follow(id.replace(/-followed$/, ""), job.key);
      return window.dash_clientside.no_update;
    },
  };
})();
