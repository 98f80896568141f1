// Histograms of a step; a click on a bar dims the episodes that are not in it.
"use strict";

const tuples = [...document.querySelectorAll(".group .tuple")];
const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let chosen = null;

function show(keep) {
  for (const one of tuples) one.classList.toggle("dim", keep !== null && !keep(one));
}

for (const name of ["reward", "tokens"]) {
  const values = tuples.map((one) => Number(one.dataset[name]));
  const plot = document.getElementById(name);
  const axis = { gridcolor: theme("--line"), color: theme("--soft") };
  const layout = { margin: { l: 36, r: 8, t: 6, b: 26 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { size: 11, color: theme("--soft") }, xaxis: axis, yaxis: axis, bargap: 0.05 };
  const trace = { type: "histogram", x: values, nbinsx: 20, marker: { color: theme("--accent") } };
  Plotly.newPlot(plot, [trace], layout, { displayModeBar: false, responsive: true });
  plot.on("plotly_click", (event) => {
    const inside = new Set(event.points[0].pointNumbers);
    const bar = `${name} ${event.points[0].x}`;
    chosen = chosen === bar ? null : bar;
    show(chosen && ((one) => inside.has(tuples.indexOf(one))));
  });
}
