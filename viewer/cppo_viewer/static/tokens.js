// The tokens of an episode as heat: advantage, log-prob, entropy, or the gap of sampler and trainer.
"use strict";

const place = document.getElementById("tokens");
const KINDS = {
  "advantage": { least: 1, said: (most) => `green: encouraged, red: discouraged; darkest at ${most.toFixed(2)}; the same for all tokens of a sequence` },
  "log-prob": { fixed: 5, said: () => "darkest: drawn with a log-prob of −5 or less" },
  "entropy": { fixed: 3, said: () => "darkest: the policy's entropy was 3 nats or more" },
  "sampler gap": { least: 0.01, said: (most) => `trainer minus sampler; darkest at ±${most.toPrecision(2)}` },
};

function valuesOf(sequence, kind) {
  if (kind === "advantage") return sequence.pieces.map(() => sequence.advantage);
  return sequence.values[kind];
}

function draw(sequences, kind) {
  const { fixed, least, said } = KINDS[kind];
  const all = sequences.flatMap((one) => valuesOf(one, kind) ?? []);
  const most = fixed ?? all.reduce((largest, value) => Math.max(largest, Math.abs(value)), least);
  document.getElementById("heat-said").textContent = all.length ? said(most) : "not recorded: the weights were divided among processes";
  sequences.forEach((sequence, which) => {
    const values = valuesOf(sequence, kind);
    document.querySelectorAll(`#sequence-${which} .token`).forEach((token, at) => {
      const value = values ? values[at] : 0;
      const strength = Math.min(1, Math.abs(value) / most) * 0.75;
      const colour = kind === "advantage" && value > 0 ? "5 150 105" : kind === "entropy" ? "217 119 6" : "220 38 38";
      token.style.background = strength > 0.01 ? `rgb(${colour} / ${strength.toFixed(3)})` : "";
    });
  });
  for (const button of place.querySelectorAll("button")) button.setAttribute("aria-pressed", button.textContent === kind);
}

function add(parent, name, properties) {
  return parent.appendChild(Object.assign(document.createElement(name), properties));
}

async function load() {
  const { sequences } = await (await fetch(place.dataset.tokens)).json();
  const tools = place.querySelector(".tools");
  for (const kind of Object.keys(KINDS)) add(tools, "button", { textContent: kind, type: "button" }).addEventListener("click", () => draw(sequences, kind));
  add(tools, "span", { id: "heat-said", className: "soft" });
  sequences.forEach((sequence, which) => {
    const box = add(place, "section", { id: `sequence-${which}`, className: `sequence ${sequence.region}` });
    const count = (sequence.pieces.length + sequence.more).toLocaleString("en");
    add(box, "h3", { textContent: `${sequence.region}: ${sequence.title}, ${count} tokens, advantage ${sequence.advantage}${sequence.trained ? "" : ", not learnt from"}` });
    const text = add(box, "pre", {});
    sequence.pieces.forEach((piece, at) => {
      const told = Object.entries(sequence.values).filter(([, values]) => values).map(([name, values]) => `${name} ${+values[at].toPrecision(4)}`);
      add(text, "span", { className: "token", textContent: piece, title: told.join(", ") });
    });
    if (sequence.more) add(text, "span", { className: "soft", textContent: `\n… ${sequence.more.toLocaleString("en")} more tokens` });
  });
  draw(sequences, "advantage");
}

if (place) load();
