// The settings of the desk: what is said, the tone and where it sounds, notifications, density and theme; and keys when they are changed.

import { ask, tell } from "./regions.js";
import { say } from "./live.js";
import { t } from "./texts.js";
import { startTone, stopTone } from "./tone.js";

const form = document.getElementById("settings-form"), devices = form.elements.device, URL_ = form.getAttribute("action");

async function list() {
  const all = await navigator.mediaDevices?.enumerateDevices?.() ?? [], chosen = devices.value || devices.dataset.chosen;
  const outputs = all.filter(device => device.kind === "audiooutput" && device.deviceId && device.deviceId !== "default");
  devices.replaceChildren(new Option(t("settings.default"), ""), ...outputs.map((d, n) => new Option(d.label || t("settings.device", { n: n + 1 }), d.deviceId)));
  devices.value = chosen;
  if (devices.selectedIndex < 0) devices.value = "";
  document.getElementById("device-names").hidden = outputs.every(device => device.label) && outputs.length > 0;
}

/** Labels of devices are told only to pages that may hear: ask once, listen to nothing. */
async function names() {
  try {
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
    sound.getTracks().forEach(track => track.stop());
    await list();
  } catch { say(t("settings.refused")); }
}

const sink = () => (form.elements.tone.checked ? devices.value : "off");

function show() {
  const root = document.documentElement, theme = form.elements.theme.value;
  document.body.dataset.sentence = form.elements.sentence.value;
  document.body.dataset.sink = sink();
  root.dataset.density = form.elements.density.value;
  if (theme !== "system") root.dataset.kernTheme = theme;
  else delete root.dataset.kernTheme;
}

async function save(event) {
  event.preventDefault();
  if (form.elements.notify.checked && globalThis.Notification?.permission === "default") await Notification.requestPermission();
  show();
  try {
    await ask(URL_, new FormData(form));
    tell(t("settings.saved"));
    form.closest("dialog").close();
  } catch { tell(t("settings.failed"), true); }
}

async function test() {
  await startTone(devices.value);
  setTimeout(stopTone, 1200);
}

form.addEventListener("submit", save);
document.getElementById("tone-test").addEventListener("click", test);
document.getElementById("device-names").addEventListener("click", names);
document.addEventListener("click", event => { if (event.target.closest?.('[data-action="settings"]')) list(); });
document.addEventListener("keys:change", event => {
  const data = new FormData();
  data.append("keys", JSON.stringify(event.detail));
  ask(URL_, data).catch(() => {});
});
