"use strict";
// What a browser makes of media: a recording's waveform, where two images differ.
// Both are decoded here, in the browser's sandbox, never in replayd, which holds the keys
// of the store. The page says everything else without this file.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const BARS = 160; // as replayd draws for WAV
  const HEAVIEST = 32 * 2 ** 20; // bytes that are decoded
  const RATE = 8000; // samples a second are plenty for a drawing
  const SIDE = 512; // pixels; images are compared at this size
  const CELL = 16; // pixels; the grain of regions
  const NOISE = 28; // of 255, of a pixel's colour; compression moves less
  const FEW = 0.03; // share of a cell's pixels
  const MOST = 24; // regions that are drawn

  const drawn = (tag, attributes, inside) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    inside?.append(made);
    return made;
  };
  const say = (figure, text) => {
    figure.querySelector("figcaption")?.append(`, ${text}`);
  };

  const peaksOf = (samples) => {
    const bars = Math.min(BARS, samples.length);
    return Array.from({ length: bars }, (_, bar) => {
      const from = Math.floor((bar * samples.length) / bars);
      const to = Math.floor(((bar + 1) * samples.length) / bars);
      let peak = 0;
      for (let at = from; at < to; at += 1) peak = Math.max(peak, Math.abs(samples[at]));
      return Math.min(peak, 1);
    });
  };
  const wave = async (audio) => {
    const sent = await fetch(audio.currentSrc || audio.src);
    if (!sent.ok || Number(sent.headers.get("Content-Length")) > HEAVIEST) return;
    const context = new OfflineAudioContext(1, 1, RATE);
    const sound = await context.decodeAudioData(await sent.arrayBuffer());
    const seconds = sound.duration.toFixed(1);
    const peaks = peaksOf(sound.getChannelData(0));
    const picture = drawn("svg", {
      class: "wave", viewBox: `0 0 ${peaks.length * 4} 60`, preserveAspectRatio: "none",
      role: "img", "aria-label": `waveform, ${seconds} seconds`,
    });
    const path = peaks.map((peak, at) => `M${at * 4 + 2},${29.5 - 28 * peak}V${30.5 + 28 * peak}`);
    drawn("path", { d: path.join("") }, picture);
    audio.before(picture);
    say(audio.closest("figure"), `${seconds} s`);
  };

  const pixelsOf = (image, width, height) => {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const differingCells = (mine, theirs, width, height) => {
    const columns = Math.ceil(width / CELL);
    const counts = new Uint16Array(columns * Math.ceil(height / CELL));
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const at = 4 * (y * width + x);
        let most = 0;
        for (let part = 0; part < 4; part += 1) most = Math.max(most, Math.abs(mine[at + part] - theirs[at + part]));
        if (most > NOISE) counts[Math.floor(y / CELL) * columns + Math.floor(x / CELL)] += 1;
      }
    }
    return { columns, differ: Array.from(counts, (count) => count > FEW * CELL * CELL) };
  };
  // Neighbouring cells become one region: [left, top, right, bottom] in cells.
  const regionsOf = ({ columns, differ }) => {
    const seen = new Set();
    const regions = [];
    differ.forEach((differs, first) => {
      if (!differs || seen.has(first)) return;
      const box = [columns, Infinity, 0, 0];
      const waiting = [first];
      seen.add(first);
      while (waiting.length) {
        const cell = waiting.pop();
        const x = cell % columns, y = (cell - x) / columns;
        box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x + 1); box[3] = Math.max(box[3], y + 1);
        for (let dy = -1; dy <= 1; dy += 1) {
          for (let dx = -1; dx <= 1; dx += 1) {
            const next = cell + dy * columns + dx;
            const inside = x + dx >= 0 && x + dx < columns && differ[next];
            if (inside && !seen.has(next)) { seen.add(next); waiting.push(next); }
          }
        }
      }
      regions.push(box);
    });
    return regions;
  };
  const compare = async (image) => {
    const other = new Image();
    other.src = image.dataset.against;
    await Promise.all([image.decode(), other.decode()]);
    const figure = image.closest("figure");
    const { naturalWidth: wide, naturalHeight: high } = image;
    if (wide !== other.naturalWidth || high !== other.naturalHeight) {
      say(figure, `${wide} × ${high} pixels against ${other.naturalWidth} × ${other.naturalHeight}`);
      return;
    }
    const scale = Math.min(1, SIDE / Math.max(wide, high));
    const width = Math.max(1, Math.round(wide * scale)), height = Math.max(1, Math.round(high * scale));
    const cells = differingCells(pixelsOf(image, width, height), pixelsOf(other, width, height), width, height);
    const regions = regionsOf(cells);
    const share = cells.differ.filter(Boolean).length / cells.differ.length;
    const whose = image.dataset.against.split("/").at(-2); // the side's name in its address
    const many = regions.length === 1 ? "one region differs" : `${regions.length} regions differ`;
    say(figure, regions.length ? `${many} from ${whose} (${Math.ceil(100 * share)} %)` : `the same picture as ${whose}`);
    if (!regions.length) return;
    const marks = drawn("svg", { class: "marks", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    for (const [left, top, right, bottom] of regions.slice(0, MOST)) {
      drawn("rect", { x: left * CELL, y: top * CELL, width: (right - left) * CELL, height: (bottom - top) * CELL }, marks);
    }
    image.after(marks);
  };

  // What cannot be decoded is left as it is: the player and the image stand already.
  const each = (selector, work) => {
    for (const found of document.querySelectorAll(selector)) work(found).catch(() => {});
  };
  each("audio[data-wave]", wave);
  each("img[data-against]", compare);
})();
