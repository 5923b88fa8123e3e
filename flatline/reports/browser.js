"use strict";
// The browser of layers: choose a layer, see its channels for each of the chosen inputs. What users wrote is put into
// the page as text.
document.querySelectorAll(".look").forEach((look) => {
  const one = (selector) => look.querySelector(selector);
  const { inputs, layers } = JSON.parse(one(".look-data").textContent);
  const list = one(".look-list");
  const panel = one(".look-panel");
  const find = one(".look-find");
  const rows = [...look.querySelectorAll(".look-row")];
  const searched = layers.map((layer) => `${layer.name} ${layer.kind} ${(layer.nested_in || []).join(" ")}`.toLowerCase());
  const named = new Map(layers.map((layer, number) => [layer.name, number]));
  let chosen = -1;
  let alike = false;
  let large = false;

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "class") element.className = value;
      else if (name.includes("-") || name === "role") element.setAttribute(name, value);
      else element[name] = value;
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const figure = (value) => {
    const number = Number(value);
    return Number.isFinite(number) ? String(Number(number.toPrecision(3))) : "not finite";
  };
  const share = (value) => (value > 0.995 && value < 1 ? "over 99 %" : `${Math.round(100 * Number(value))} %`);
  const chosenInputs = () =>
    [...look.querySelectorAll(".look-choose")].filter((box) => box.checked).map((box) => Number(box.value));

  // ── the list ──

  function choose(number, { move = false } = {}) {
    if (chosen >= 0) rows[chosen].setAttribute("aria-selected", "false");
    chosen = number;
    rows[number].setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", rows[number].id);
    const row = rows[number];  // scrolled by hand: scrollIntoView would move the page as well
    if (row.offsetTop < list.scrollTop) list.scrollTop = row.offsetTop;
    const below = row.offsetTop + row.offsetHeight - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
    show().then(() => { if (move) panel.focus(); });
  }

  list.addEventListener("click", (event) => {
    const row = event.target.closest(".look-row");
    if (row) choose(Number(row.dataset.number));
  });
  list.addEventListener("keydown", (event) => {
    const shown = rows.filter((row) => !row.hidden).map((row) => Number(row.dataset.number));
    const at = shown.indexOf(chosen);
    const page = Math.max(1, Math.floor(list.clientHeight / 44) - 1);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1, PageDown: at + page, PageUp: at - page };
    if (event.key in moves && shown.length) {
      event.preventDefault();
      choose(shown[Math.min(Math.max(moves[event.key], 0), shown.length - 1)]);
    } else if (event.key === "Enter") {
      panel.focus();
    }
  });

  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    rows.forEach((row, number) => {
      row.hidden = !words.every((word) => searched[number].includes(word));
      n += row.hidden ? 0 : 1;
    });
    list.classList.toggle("found", words.length > 0);
    one(".look-found").textContent = words.length ? `${n} of ${rows.length} layers` : "";
  });
  find.addEventListener("keydown", (event) => {
    const first = rows.findIndex((row) => !row.hidden);
    if ((event.key === "Enter" || event.key === "ArrowDown") && first >= 0) {
      event.preventDefault();
      choose(first);
      list.focus();
    } else if (event.key === "Escape") {
      find.value = "";
      find.dispatchEvent(new Event("input"));
    }
  });
  look.querySelectorAll(".look-choose").forEach((box) => box.addEventListener("change", () => show()));

  // ── the chosen layer ──

  async function show() {
    const layer = layers[chosen];
    const drawn = layer.shades ? await pictures(layer) : [];
    if (layer !== layers[chosen]) return;  // another was chosen meanwhile
    panel.replaceChildren(make(`h${Number(look.dataset.level) + 1}`, { class: "look-title", textContent: layer.name }), facts(layer), ...told(layer), ...drawn);
  }

  function facts(layer) {
    const shape = (layer.output_shape || []).map((side) => (side === null ? "?" : side)).join(" × ");
    const rows = [
      ["kind", layer.kind], ["output of one input", shape || "a single number"],
      ["weights", (layer.n_weights || 0).toLocaleString("en")], ["activation", layer.activation],
      ["inside", (layer.nested_in || []).join(" / ")],
    ];
    const reads = links(layer.reads);
    if (layer.reads_input) reads.unshift("the input ");
    const list = make("dl", { class: "look-facts" });
    const add = (name, ...values) => list.append(make("dt", { textContent: name }), make("dd", {}, ...values));
    rows.filter(([, value]) => value).forEach(([name, value]) => add(name, value));
    add("reads", ...(reads.length ? reads : ["what is computed between layers"]));
    add("read by", ...(layer.read_by.length ? links(layer.read_by) : [layer.is_output ? "nothing: an output of the model" : "no layer"]));
    return list;
  }

  const links = (names) => (names || []).map((name) =>
    named.has(name)
      ? make("button", { type: "button", textContent: name, onclick: () => choose(named.get(name), { move: true }) })
      : make("span", { textContent: `${name} ` }));

  function told(layer) {
    if (!layer.shades) return [make("p", { textContent: `No picture: ${layer.missing || "none was taken"}.` })];
    const n = layer.channels.length;
    const what = layer.form === "maps" ? "channels" : "units";
    const parts = [n < layer.n_channels ? `${n} of ${layer.n_channels} ${what} are drawn, chosen evenly` : `All ${n} ${what} are drawn`];
    if (layer.n_silent) parts.push(`${layer.n_silent} of all ${layer.n_channels} are silent: zero everywhere, for every input`);
    if (layer.n_constant) parts.push(`${layer.n_constant} of all ${layer.n_channels} are constant: the same everywhere, for every input`);
    if (layer.n_nonfinite) parts.push(`${layer.n_nonfinite} of all ${layer.n_channels} have values that are not finite`);
    return [make("p", { textContent: `${parts.join("; ")}.` })];
  }

  // What is wrong with a channel, in a word.
  function fault(layer, place) {
    if (!Number.isFinite(Number(layer.mean[place]))) return "not finite";
    if (Number(layer.std[place]) > 0) return "";
    return layer.mean[place] === 0 ? "silent" : "constant";
  }

  async function pictures(layer) {
    const image = new Image();
    image.src = `data:image/png;base64,${layer.shades.png}`;
    await image.decode();
    const canvas = make("canvas", { width: image.width, height: image.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const columns = layer.shades.low.length;
    const sprite = { context, columns, width: image.width / columns, height: image.height / layer.shades.rows };
    const shown = chosenInputs().filter((row) => row < layer.shades.rows);
    if (!shown.length) return [make("p", { textContent: "No input is chosen." })];
    if (layer.form === "maps") return [tools(), maps(layer, sprite, shown)];
    return shown.map((row) => (layer.form === "vector" ? bars(layer, sprite, row) : strip(layer, sprite, row)));
  }

  function tools() {
    const toggle = (text, pressed, click) =>
      make("button", { type: "button", textContent: text, "aria-pressed": String(pressed), onclick: click });
    const again = (name) => async () => {
      await show();
      [...panel.querySelectorAll(".look-tools button")].find((button) => button.textContent === name).focus();
    };
    const scale = "One scale for all channels";
    const size = "Larger pictures";
    return make("div", { class: "look-tools", role: "group", "aria-label": "How channels are drawn" },
      toggle(scale, alike, () => { alike = !alike; again(scale)(); }),
      toggle(size, large, () => { large = !large; again(size)(); }));
  }

  function maps(layer, sprite, shown) {
    const { low, high } = layer.shades;
    const [least, most] = [Math.min(...low), Math.max(...high)];
    const tile = large ? 8 : 3.5;
    const box = make("div", { class: "look-channels" });
    box.style.setProperty("--tile", `${tile}rem`);
    box.style.setProperty("--card", `${Math.min(shown.length, 4) * (tile + 0.3) + 1}rem`);
    layer.channels.forEach((channel, column) => {
      const bounds = alike ? [least, most] : [low[column], high[column]];
      const tiles = shown.map((row) => tileOf(sprite, row, column, [low[column], high[column]], bounds));
      const wrong = fault(layer, column);
      const text = `channel ${channel}: ` + (wrong ? wrong : `mean ${figure(layer.mean[column])}, ` +
        `deviation ${figure(layer.std[column])}, zero in ${share(layer.zero_share[column])}; ` +
        `black ${figure(bounds[0])}, white ${figure(bounds[1])}`);
      const label = `channel ${channel} for ${shown.map((row) => inputs[row].name).join(", ")}`;
      box.append(make("figure", { class: wrong ? "look-channel fault" : "look-channel" },
        make("div", { class: "look-tiles", role: "img", "aria-label": label }, ...tiles),
        make("figcaption", { textContent: text })));
    });
    return box;
  }

  function tileOf({ context, width, height }, row, column, own, bounds) {
    const data = context.getImageData(column * width, row * height, width, height);
    if (own[0] !== bounds[0] || own[1] !== bounds[1]) {
      const span = bounds[1] - bounds[0] || 1;
      for (let i = 0; i < data.data.length; i += 4) {
        const value = own[0] + (data.data[i] / 255) * (own[1] - own[0]);
        data.data.fill(Math.round(255 * (value - bounds[0]) / span), i, i + 3);
      }
    }
    const canvas = make("canvas", { width, height });
    canvas.getContext("2d").putImageData(data, 0, 0);
    return canvas;
  }

  function strip(layer, sprite, row) {
    const bounds = [layer.shades.low[0], layer.shades.high[0]];
    const canvas = tileOf(sprite, row, 0, bounds, bounds);
    canvas.style.width = `${Math.min(Math.max(10 * sprite.width, 240), 720)}px`;
    canvas.style.height = `${Math.min(Math.max(8 * sprite.height, 40), 400)}px`;
    const name = inputs[row].name;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${layer.name} for ${name}`);
    return make("figure", { class: "look-row-picture" }, canvas, make("figcaption", {
      textContent: `${name}: a line for each unit, from left to right the steps; black ${figure(bounds[0])}, white ${figure(bounds[1])}`,
    }));
  }

  function bars(layer, sprite, row) {
    const [low, high] = [layer.shades.low[0], layer.shades.high[0]];
    const data = sprite.context.getImageData(0, row, sprite.width, 1).data;
    const values = layer.channels.map((_, i) => low + (data[4 * i] / 255) * (high - low));
    const span = high - low || 1;
    const zero = 100 * (high / span);
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const add = (kind, d) => {
      const path = document.createElementNS(space, "path");
      path.setAttribute("d", d);
      path.setAttribute("class", kind);
      svg.append(path);
    };
    svg.setAttribute("viewBox", `0 0 ${values.length} 100`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    add("bars", values.map((value, i) => `M${i + 0.1} ${zero}h.8V${zero - (100 * value) / span}h-.8z`).join(""));
    const wrong = layer.channels.map((_, i) => fault(layer, i));
    add("faults", wrong.map((what, i) => (what ? `M${i + 0.1} 94h.8V100h-.8z` : "")).join(""));
    const largest = values.indexOf(Math.max(...values));
    const faulty = layer.channels.filter((_, i) => wrong[i]);
    const listed = faulty.slice(0, 12).join(", ") + (faulty.length > 12 ? ", …" : "");
    const text = `${inputs[row].name}: from ${figure(Math.min(...values))} to ${figure(Math.max(...values))}, ` +
      `the largest is unit ${layer.channels[largest]}${faulty.length ? `; marked below: silent or constant for every input (${listed})` : ""}`;
    svg.setAttribute("aria-label", text);
    return make("figure", { class: "look-bars" }, svg, make("figcaption", { textContent: text }));
  }

  look.querySelectorAll(".scripted").forEach((element) => { element.hidden = false; });
  const first = layers.findIndex((layer) => layer.form === "maps" && layer.n_weights);
  if (layers.length) choose(first >= 0 ? first : Math.max(layers.findIndex((layer) => layer.shades), 0));
});
