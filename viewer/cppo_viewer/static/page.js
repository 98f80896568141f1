// Every page: news while it is open, arrow keys, copying, the table of runs.
"use strict";

const live = document.body.dataset.live;
if (live) {
  let waiting = false;
  new EventSource(live).onmessage = async () => {
    if (waiting) return;
    waiting = true;
    try {
      const answer = await fetch(location.href);
      if (answer.status === 404) location.reload(); // the run has been deleted: say so
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const ticked = new Set([...document.querySelectorAll("input[name=run]:checked")].map((box) => box.value));
      for (const part of document.querySelectorAll("[data-renew]")) {
        const renewed = page.querySelector(`[data-renew="${part.dataset.renew}"]`);
        if (renewed) part.innerHTML = renewed.innerHTML;
      }
      for (const box of document.querySelectorAll("input[name=run]")) box.checked = ticked.has(box.value);
      narrow();
      document.dispatchEvent(new Event("news"));
    } finally {
      waiting = false;
    }
  };
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = way && document.querySelector(`a[rel=${way}]`);
  if (link) link.click();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = await (await fetch(button.dataset.copy)).text();
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    location.href = button.dataset.copy; // no clipboard here: show it
  }
});

function narrow() {
  const wanted = (document.getElementById("narrow")?.value ?? "").toLowerCase();
  for (const row of document.querySelectorAll("#rows tbody tr")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  const button = document.getElementById("compare");
  if (!button) return;
  const count = document.querySelectorAll("input[name=run]:checked").length;
  button.disabled = count < 2 || count > 6;
}
document.addEventListener("change", (event) => {
  if (event.target.matches(".filters select")) event.target.form.requestSubmit();
});
document.getElementById("narrow")?.addEventListener("input", narrow);
document.addEventListener("change", narrow);
narrow();
