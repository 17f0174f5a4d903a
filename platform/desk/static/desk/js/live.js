// The live regions #live-ring (assertive) and #live-status (polite). They stand in the page from the start, outside all that is swapped.
// A modal dialog makes the rest of the page inert, regions too: it carries its own pair while it is open.

const REGIONS = { "live-ring": "assertive", "live-status": "polite" };

/** Give a dialog its regions; done by whoever opens it, before anything is said. */
export function equip(dialog) {
  for (const [id, manner] of Object.entries(REGIONS)) {
    if (dialog.querySelector(`[data-region="${id}"]`)) continue;
    const region = document.createElement("div");
    region.className = "kern-sr-only";
    region.dataset.region = id;
    region.setAttribute("aria-live", manner);
    region.setAttribute("aria-atomic", "true");
    dialog.append(region);
  }
}

/** Have a sentence spoken. The node is replaced, not its text, so that two equal sentences in a row are both spoken. */
export function say(text, region = "live-status") {
  const places = [document.getElementById(region), ...document.querySelectorAll(`dialog[open] [data-region="${region}"]`)];
  for (const place of places.filter(Boolean)) {
    const line = document.createElement("p");
    line.textContent = text;
    place.replaceChildren(line);
  }
}
