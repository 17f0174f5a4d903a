// The ring tone, made here: 425 Hz, one second of five, as a telephone here rings; on the output device that the person chose, so that
// the screen reader may be in one ear and the caller in the other.

const FREQUENCY = 425, ON = 1, EVERY = 5, LOUD = 0.2, FADE = 0.02;
let context, timer;

function beep() {
  const source = context.createOscillator(), volume = context.createGain(), from = context.currentTime;
  source.frequency.value = FREQUENCY;
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(LOUD, from + FADE);
  volume.gain.setValueAtTime(LOUD, from + ON - FADE);
  volume.gain.linearRampToValueAtTime(0, from + ON);
  source.connect(volume).connect(context.destination);
  source.start(from);
  source.stop(from + ON);
}

/** Ring until stopTone(); "off" rings silently. Browsers allow sound only after the person has pressed something on the page. */
export async function startTone(sink = "") {
  if (timer || sink === "off" || !globalThis.AudioContext) return;
  context ??= new AudioContext();
  timer = setInterval(beep, EVERY * 1000);
  try {
    if (sink && context.setSinkId) await context.setSinkId(sink);
  } catch { /* the headset was unplugged: ring on the usual device rather than not at all */ }
  context.resume().catch(() => {});
  if (timer) beep();
}

/** Silence at once. */
export function stopTone() {
  clearInterval(timer);
  timer = undefined;
  context?.suspend().catch(() => {});
}
