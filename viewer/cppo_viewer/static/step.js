// Histograms of a step; a click on a bar dims the tuples that have no value in it.
"use strict";

const tuples = [...document.querySelectorAll(".group .tuple")];
const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let chosen = null;

function draw(plot) {
  const name = plot.id, values = [], owners = [];
  for (const one of tuples) {
    for (const value of one.dataset[name].split(" ").filter(Boolean)) {
      values.push(Number(value));
      owners.push(one);
    }
  }
  plot.closest("figure").hidden = !values.length;
  if (!values.length) return;
  const axis = { gridcolor: theme("--line"), color: theme("--soft") };
  const layout = { margin: { l: 36, r: 8, t: 6, b: 26 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { size: 11, color: theme("--soft") }, xaxis: axis, yaxis: axis, bargap: 0.05 };
  const trace = { type: "histogram", x: values, nbinsx: 20, marker: { color: theme("--accent") } };
  Plotly.react(plot, [trace], layout, { displayModeBar: false, responsive: true });
  if (plot.dataset.clicks) return;
  plot.dataset.clicks = "yes";
  plot.on("plotly_click", (event) => {
    const bar = `${name} ${event.points[0].x}`;
    chosen = chosen === bar ? null : bar;
    const inside = new Set(event.points[0].pointNumbers.map((at) => owners[at]));
    for (const one of tuples) one.classList.toggle("dim", chosen !== null && !inside.has(one));
  });
}

function drawAll() {
  document.querySelectorAll(".plot").forEach(draw);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
