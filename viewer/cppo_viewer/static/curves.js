// Curves of one run, or of several over each other.
"use strict";

const box = document.getElementById("curves");
const names = Object.entries(box.dataset).filter(([key]) => key.startsWith("run")).map(([, name]) => name);
const several = names.length > 1;
const dark = matchMedia("(prefers-color-scheme: dark)");
const COLOURS = { light: ["#4f46e5", "#d97706", "#059669", "#db2777", "#0891b2", "#65a30d"], dark: ["#818cf8", "#fbbf24", "#34d399", "#f472b6", "#22d3ee", "#a3e635"] };
const slider = document.getElementById("smoothing");
let runs = [];

const url = (name) => "/run/" + name.split("/").map(encodeURIComponent).join("/");
const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function smooth(values, width) {
  if (!width) return values;
  return values.map((value, at) => {
    const near = values.slice(Math.max(0, at - width), at + 1).filter((one) => one !== null && one !== undefined);
    return near.length ? near.reduce((sum, one) => sum + one, 0) / near.length : null;
  });
}

function traces(metrics) {
  const found = [], colours = COLOURS[dark.matches ? "dark" : "light"];
  runs.forEach((stages, which) => {
    const run = several ? names[which] : "";
    metrics.forEach((metric, number) => {
      const colour = colours[(several ? which : number) % colours.length];
      const label = several ? run : metric;
      const steps = stages.joint;
      if (steps[metric]) {
        found.push({ x: steps.step, y: smooth(steps[metric], +slider.value), name: label, mode: "lines", line: { width: 1.6, color: colour }, customdata: steps.step.map(() => names[which]), connectgaps: true });
      }
      const held = stages.evaluation;
      if (metric === "pass_at_k" && held[metric]) {
        const ends = held.ci95;
        found.push({
          x: held.step, y: held[metric], name: (run ? run + " " : "") + "held-out", mode: "markers+lines", line: { dash: "dot", width: 1, color: colour }, marker: { size: 8, color: colour, symbol: "diamond" },
          error_y: ends ? { type: "data", symmetric: false, array: held[metric].map((mean, at) => ends[at] ? ends[at][1] - mean : 0), arrayminus: held[metric].map((mean, at) => ends[at] ? mean - ends[at][0] : 0), thickness: 1, color: colour } : undefined,
        });
      }
    });
  });
  return found;
}

function draw() {
  document.getElementById("smoothed").textContent = slider.value;
  const ink = theme("--soft"), line = theme("--line");
  for (const figure of box.querySelectorAll("figure")) {
    const found = traces(figure.dataset.metrics.split(" "));
    figure.hidden = !found.length;
    if (!found.length) continue;
    const axis = { gridcolor: line, zerolinecolor: line, color: ink };
    const layout = {
      margin: { l: 44, r: 8, t: 6, b: 34 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { size: 11, color: ink },
      xaxis: { ...axis, title: { text: "step", standoff: 4 } }, yaxis: { ...axis, rangemode: found.every((one) => one.y.every((value) => !(value < 0))) ? "nonnegative" : "normal" }, showlegend: found.length > 1, legend: { orientation: "h", yanchor: "bottom", y: 1.02, x: 0, font: { size: 10 } }, hovermode: "closest", uirevision: "kept",
    };
    const plot = figure.querySelector(".plot");
    Plotly.react(plot, found, layout, { displayModeBar: false, responsive: true });
    if (!plot.dataset.clicks) {
      plot.dataset.clicks = "yes";
      plot.on("plotly_click", (event) => {
        const point = event.points[0];
        if (point.customdata) location.href = `${url(point.customdata)}/step/step-${String(point.x).padStart(6, "0")}`;
      });
    }
  }
}

async function load() {
  runs = await Promise.all(names.map(async (name) => (await fetch(url(name) + "/curves")).json()));
  draw();
}

slider.addEventListener("input", draw);
document.addEventListener("news", load);
dark.addEventListener("change", draw);
load();
