// A step: a click on a kind of tuples, or on a bar of a histogram, dims all others.
"use strict";

const tuples = [...document.querySelectorAll(".group .tuple")];
const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let chosen = null;

const alone = (one) => one.matches(".solved") && one.closest(".group").querySelectorAll(".solved").length === 1;
const KINDS = { "solved": (one) => one.matches(".solved"), "alone in solving its problem": alone, "plan refused": (one) => one.matches(".refused"), "repeats an earlier plan": (one) => one.matches(".repeated"), "a method twice": (one) => one.matches(".twice"), "void": (one) => one.matches(".void") };

function choose(name, inside) {
  chosen = chosen === name ? null : name;
  for (const one of tuples) one.classList.toggle("dim", chosen !== null && !inside.has(one));
  for (const button of document.querySelectorAll("#kinds button")) button.setAttribute("aria-pressed", button.dataset.kind === chosen);
}

for (const [kind, belongs] of Object.entries(KINDS)) {
  const inside = new Set(tuples.filter(belongs));
  if (!inside.size) continue;
  const button = document.getElementById("kinds").appendChild(Object.assign(document.createElement("button"), { type: "button", className: "choice", textContent: `${kind} ${inside.size}` }));
  button.dataset.kind = kind;
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => choose(kind, inside));
}

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
    choose(`${name} ${event.points[0].x}`, new Set(event.points[0].pointNumbers.map((at) => owners[at])));
  });
}

function drawAll() {
  document.querySelectorAll(".plot").forEach(draw);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
