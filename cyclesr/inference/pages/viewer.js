"use strict";

/**
 * Compares two versions of an image at a movable border.
 *
 * The element holds one <figure> for each image, with its versions as <img data-version> of equal size. Without this
 * script, all of them are shown below each other.
 */
class Viewer {
  constructor(root) {
    this.root = root;
    this.figures = [...root.querySelectorAll("figure")];
    this.wipe = 0.5;
    this.chosen = []; // titles of the version on the left and of that on the right
    this.pointers = new Map();
    root.classList.add("live");
    this.addThumbs();
    this.figures.forEach((figure) => this.prepare(figure));
    this.addTools();
    this.show(0);
    new ResizeObserver(() => this.fit()).observe(root);
  }

  addThumbs() {
    this.thumbs = this.figures.map((figure, index) => {
      const button = element("button", { type: "button", title: figure.dataset.name });
      button.append(element("img", { src: figure.dataset.thumb, alt: figure.dataset.name }));
      button.addEventListener("click", () => this.show(index));
      return button;
    });
    if (this.thumbs.length < 2) return;
    const strip = element("div", { className: "thumbs" });
    strip.append(...this.thumbs);
    this.root.prepend(strip);
  }

  /** Adds the border and the titles to the stage of a figure. */
  prepare(figure) {
    const stage = figure.querySelector(".stage");
    const divider = element("div", { className: "divider", tabIndex: 0, role: "slider" });
    divider.setAttribute("aria-label", "border between the two versions");
    divider.setAttribute("aria-valuemin", 0);
    divider.setAttribute("aria-valuemax", 100);
    stage.append(divider, this.tag(figure, 0), this.tag(figure, 1));
    stage.addEventListener("dragstart", (event) => event.preventDefault()); // of the image as a file
    stage.addEventListener("pointerdown", (event) => this.press(event));
    stage.addEventListener("pointermove", (event) => this.drag(event));
    stage.addEventListener("pointerup", (event) => {
      this.drag(event); // the last place may differ from that of the last move
      this.pointers.delete(event.pointerId);
    });
    stage.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("dblclick", (event) => {
      this.zoomed() ? this.fit() : this.zoomTo(Math.max(1 / devicePixelRatio, 2 * this.least()), this.at(event));
    });
    divider.addEventListener("keydown", (event) => this.key(event));
  }

  /** Returns the title of the version on a side; a choice if there are more than two. */
  tag(figure, side) {
    const titles = [...figure.querySelectorAll("img[data-version]")].map((image) => image.dataset.version);
    const place = side ? "right" : "left";
    if (titles.length < 3) return element("span", { className: `tag ${place}`, textContent: titles[side] });
    const choice = element("select", { className: `tag ${place}` });
    choice.setAttribute("aria-label", `version on the ${place}`);
    choice.append(...titles.map((title) => element("option", { textContent: title })));
    choice.addEventListener("pointerdown", (event) => event.stopPropagation());
    choice.addEventListener("change", () => {
      this.chosen[side] = choice.value;
      this.draw();
    });
    return choice;
  }

  addTools() {
    const tools = element("div", { className: "tools" });
    const button = (text, title, act) => {
      const made = element("button", { type: "button", textContent: text, title });
      made.addEventListener("click", act);
      return made;
    };
    this.shown = element("output");
    tools.append(
      button("Fit", "show the whole image", () => this.fit()),
      button("1:1", "one pixel of the image is one pixel of the screen", () => this.zoomTo(1 / devicePixelRatio)),
      button("−", "smaller", () => this.zoomTo(this.scale / 1.5)),
      button("+", "larger", () => this.zoomTo(this.scale * 1.5)),
      this.shown,
      element("span", {
        className: "soft",
        textContent: "Drag the line to compare. Zoom with the buttons, a pinch, or Ctrl and the wheel; drag to move.",
      }),
    );
    this.root.append(tools);
  }

  show(index) {
    this.figures.forEach((figure, i) => (figure.hidden = i !== index));
    this.thumbs.forEach((thumb, i) => thumb.setAttribute("aria-pressed", i === index));
    this.figure = this.figures[index];
    this.stage = this.figure.querySelector(".stage");
    this.images = [...this.figure.querySelectorAll("img[data-version]")];
    const titles = this.images.map((image) => image.dataset.version);
    this.chosen = [0, 1].map((side) => (titles.includes(this.chosen[side]) ? this.chosen[side] : titles[side]));
    this.fit();
  }

  size() {
    const { width, height } = this.images[0].attributes;
    return [Number(width.value), Number(height.value)];
  }

  /** Returns the scale at which the whole image fits; scales are CSS pixels per pixel of the image. */
  least() {
    const [width, height] = this.size();
    return Math.min(this.stage.clientWidth / width, this.stage.clientHeight / height);
  }

  zoomed() {
    return this.scale > 1.001 * this.least();
  }

  fit() {
    const [width, height] = this.size();
    const room = this.root.clientWidth;
    this.stage.style.height = `${Math.round(Math.min(0.75 * innerHeight, (room * height) / width))}px`;
    this.scale = this.least();
    this.x = this.y = 0;
    this.draw();
  }

  /** Zooms so that the point of the image at a place of the stage stays there. */
  zoomTo(scale, place = [this.stage.clientWidth / 2, this.stage.clientHeight / 2]) {
    const most = Math.max(16, 2 * this.least());
    const next = Math.min(Math.max(scale, this.least()), most);
    this.x = place[0] - ((place[0] - this.x) * next) / this.scale;
    this.y = place[1] - ((place[1] - this.y) * next) / this.scale;
    this.scale = next;
    this.draw();
  }

  setWipe(share) {
    this.wipe = Math.min(Math.max(share, 0), 1);
    this.draw();
  }

  draw() {
    const [width, height] = this.size();
    const held = (offset, length, room) =>
      length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, offset));
    this.x = held(this.x, width * this.scale, this.stage.clientWidth);
    this.y = held(this.y, height * this.scale, this.stage.clientHeight);
    const border = Math.min(Math.max((this.wipe * this.stage.clientWidth - this.x) / this.scale, 0), width);
    for (const image of this.images) {
      const side = this.chosen.indexOf(image.dataset.version);
      const both = this.chosen[0] === this.chosen[1];
      image.style.visibility = side < 0 ? "hidden" : "visible";
      image.style.clipPath = both ? "none" : side ? `inset(0 0 0 ${border}px)` : `inset(0 ${width - border}px 0 0)`;
      image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
      image.classList.toggle("crisp", this.scale * devicePixelRatio >= 2);
    }
    this.stage.classList.toggle("zoomed", this.zoomed());
    const divider = this.stage.querySelector(".divider");
    divider.style.left = `${100 * this.wipe}%`;
    divider.setAttribute("aria-valuenow", Math.round(100 * this.wipe));
    this.stage.querySelectorAll("select.tag").forEach((choice, side) => (choice.value = this.chosen[side]));
    this.shown.value = `${Math.round(100 * this.scale * devicePixelRatio)} %`;
  }

  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    if (event.button) return;
    this.stage.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    // While the whole image is visible there is nothing to move, so any place moves the border.
    this.wipes = event.target.classList.contains("divider") || !this.zoomed();
    if (this.wipes && this.pointers.size === 1) this.setWipe(this.at(event)[0] / this.stage.clientWidth);
  }

  drag(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const before = [...this.pointers.values()];
    this.pointers.set(event.pointerId, this.at(event));
    const after = [...this.pointers.values()];
    if (after.length > 1) {
      this.pinch(before, after);
    } else if (this.wipes) {
      this.setWipe(after[0][0] / this.stage.clientWidth);
    } else {
      this.move(before[0], after[0]);
    }
  }

  move(before, after) {
    this.x += after[0] - before[0];
    this.y += after[1] - before[1];
    this.draw();
  }

  pinch(before, after) {
    const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const distance = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
    this.move(middle(before), middle(after));
    this.zoomTo((this.scale * distance(after)) / distance(before), middle(after));
  }

  wheel(event) {
    // The wheel alone scrolls the page, unless the image was clicked.
    if (!(event.ctrlKey || event.metaKey || this.stage.contains(document.activeElement))) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode ? 20 : 1);
    this.zoomTo(this.scale * Math.exp(-Math.max(-100, Math.min(100, pixels)) / 300), this.at(event));
  }

  key(event) {
    const acts = {
      ArrowLeft: () => this.setWipe(this.wipe - 0.02),
      ArrowRight: () => this.setWipe(this.wipe + 0.02),
      Home: () => this.setWipe(0),
      End: () => this.setWipe(1),
      "+": () => this.zoomTo(this.scale * 1.5),
      "-": () => this.zoomTo(this.scale / 1.5),
      0: () => this.fit(),
      1: () => this.zoomTo(1 / devicePixelRatio),
    };
    if (event.key in acts) {
      event.preventDefault();
      acts[event.key]();
    }
  }
}

function element(kind, properties = {}) {
  return Object.assign(document.createElement(kind), properties);
}

document.querySelectorAll(".viewer").forEach((root) => new Viewer(root));
