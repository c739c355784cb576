// One picture on its page: the elements of its part that is shown, and what its reader does to it.
const SVG = "http://www.w3.org/2000/svg";
// Beyond so many nodes a picture is first shown folded.
const MANY = 90;

class Picture {
  constructor(graph, section, { onOpen, onChange }) {
    this.graph = graph;
    this.section = section;
    this.onOpen = onOpen;
    this.onChange = onChange;
    this.svg = section.querySelector("svg.picture");
    this.part = new Part(graph);
    this.camera = new Camera(this.svg);
    this.nodes = this.part.nodes;
    const elements = (selector) =>
      new Map([...this.svg.querySelectorAll(selector)].map((each) => [each.dataset.id, each]));
    this.elements = { node: elements(".node"), edge: elements(".edge"), frame: elements(".frame") };
    const box = this.svg.viewBox.baseVal;
    this.size = { width: box.width, height: box.height };
    this.places = graph.places;
    this.shown = new Set(graph.missing ? [] : this.nodes.keys());
    this.turn = 0;
    this.svg.removeAttribute("viewBox");
    this.#markHeads();
    for (const id of this.nodes.keys()) this.name(id);
    listenToKeys(this);
    listenToPointer(this);
    this.rove(graph.nodes[0]?.id);
  }

  // -- Layout ------------------------------------------------------------------------------------

  // Lay out what is to be shown, and show it; `anchor` stays where it is on the screen.
  async update(anchor = null) {
    const turn = (this.turn += 1);
    const wanted = this.part.wanted();
    if (!wanted.nodes.size) {
      this.#clear();
      return;
    }
    this.svg.setAttribute("aria-busy", "true");
    let places = null;
    try {
      places = await graphviz.layOut(this.part.dot(wanted));
    } catch (error) {
      say(`This could not be laid out: ${error.message}`);
    }
    if (turn !== this.turn) return;
    this.svg.removeAttribute("aria-busy");
    if (places === null) return;
    const before = anchor && this.shown.has(anchor) && this.places.nodes[anchor];
    this.places = places;
    this.size = places;
    this.shown = wanted.nodes;
    this.section.classList.remove("undrawn");
    this.#apply();
    const after = anchor && places.nodes[anchor];
    if (before && after && this.part.focus === null) {
      const { scale } = this.camera.at;
      this.camera.move((before.x - after.x) * scale, (before.y - after.y) * scale);
    } else {
      this.frame();
    }
    if (!wanted.nodes.has(this.current)) this.rove(anchor ?? [...wanted.nodes][0]);
    this.onChange(this);
  }

  // Nothing to look at but why.
  #clear() {
    this.shown = new Set();
    this.section.classList.add("undrawn");
    this.svg.removeAttribute("aria-busy");
    this.onChange(this);
  }

  #apply() {
    const { nodes, frames, routes } = this.places;
    for (const [id, element] of this.elements.node) {
      const box = nodes[id];
      element.toggleAttribute("hidden", !box);
      if (box) element.style.transform = `translate(${box.x}px, ${box.y}px)`;
      if (this.canFold(id)) element.setAttribute("aria-expanded", String(!this.isFolded(id)));
    }
    for (const [id, element] of this.elements.frame) {
      const box = frames[id];
      element.toggleAttribute("hidden", !box);
      for (const [name, value] of Object.entries(box ?? {})) element.setAttribute(name, value);
    }
    for (const [id, element] of this.elements.edge) {
      const way = routes[id];
      element.toggleAttribute("hidden", !way);
      if (!way) continue;
      element.querySelector(".line").setAttribute("d", way.path);
      element.querySelector(".head").setAttribute("d", way.head);
      const label = element.querySelector(".label");
      if (label && way.label) {
        label.setAttribute("transform", `translate(${way.label.x} ${way.label.y})`);
      }
    }
  }

  // -- What is written on nodes ------------------------------------------------------------------

  // A node's name begins with all that is written on it, in that order: the text of the picture,
  // how many nodes are folded into it, and what a run did there.
  name(id) {
    const element = this.elements.node.get(id);
    const { written } = this.nodes.get(id);
    element.dataset.said ??= element.getAttribute("aria-label").slice(written.length);
    const marks = [...element.querySelectorAll(".fold text, .badge text")];
    const texts = [written, ...marks.map((mark) => mark.textContent).filter(Boolean)];
    element.setAttribute("aria-label", texts.join(", ") + element.dataset.said);
  }

  #markHeads() {
    for (const id of this.part.headOf.keys()) {
      const element = this.elements.node.get(id);
      const inside = this.part.countInside(id);
      if (!element || !inside) continue;
      element.setAttribute("aria-expanded", "true");
      const { width, height } = this.places.nodes[id];
      const room = 22 + 7 * String(inside).length;
      const mark = draw("g", { class: "fold", transform: `translate(${width} ${height / 2})` });
      mark.append(
        draw("rect", { x: -room / 2, y: -10, width: room, height: 20, rx: 10 }),
        draw("path", { d: "M-4 0h8" }),
        draw("text", { y: 4, "data-inside": inside }),
      );
      element.append(mark);
    }
  }

  #sign(head) {
    const sign = this.elements.node.get(head)?.querySelector(".fold text");
    if (!sign) return;
    sign.textContent = this.isFolded(head) ? `+${sign.dataset.inside} ` : "";
    this.name(head);
  }

  // -- Folding and focus -------------------------------------------------------------------------

  canFold(id) {
    return Boolean(this.elements.node.get(id)?.querySelector(".fold"));
  }

  isFolded(id) {
    return this.part.isFolded(id);
  }

  standIn(id) {
    return this.part.standIn(id);
  }

  fold(id, folded = !this.isFolded(id)) {
    const group = this.part.headOf.get(id);
    if (!group) return Promise.resolve();
    this.part.folded[folded ? "add" : "delete"](group.id);
    this.#sign(id);
    return this.update(id);
  }

  foldAll(folded) {
    this.part.folded = new Set(folded ? this.part.groups.keys() : []);
    for (const head of this.part.headOf.keys()) this.#sign(head);
    return this.update();
  }

  focusOn(id, depth = 1) {
    this.part.focus = id === null ? null : { node: id, depth };
    return this.update(id);
  }

  showErrors(shown) {
    this.part.withErrors = shown;
    return this.update();
  }

  // Make a node visible, whatever hid it.
  async reveal(id) {
    const { part } = this;
    const node = this.nodes.get(id);
    let changed = false;
    for (const group of part.around(node)) {
      if (group.head !== id && part.folded.delete(group.id)) {
        changed = true;
        // Of what hundreds of nodes were folded away in, the surroundings are shown alone.
        if (this.nodes.size > MANY) part.focus = { node: id, depth: 1 };
      }
      this.#sign(group.head);
    }
    if (!part.withErrors && node.error) changed = part.withErrors = true;
    const isHidden = !this.shown.has(id);
    if (this.graph.missing && isHidden) {
      part.focus = { node: id, depth: 1 };
      changed = true;
    } else if (part.focus && part.focus.node !== id && isHidden) {
      part.focus = null;
      changed = true;
    }
    if (changed) await this.update(id);
  }

  // -- What is looked at -------------------------------------------------------------------------

  frame(how) {
    const id = this.part.focus?.node ?? this.graph.beginning;
    const box = this.places.nodes[id] ?? Object.values(this.places.nodes)[0];
    const beginning = box ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : { x: 0, y: 0 };
    this.camera.frame(this.size, beginning, how);
  }

  frameNodes(ids) {
    this.camera.frameBoxes(ids.map((id) => this.places.nodes[this.standIn(id)]).filter(Boolean));
  }

  show(id, how) {
    const box = this.places.nodes[id];
    if (box) this.camera.show(box, how);
  }

  // The whole picture as large as its place, for printing; and back.
  unfurl() {
    const { width, height } = this.size;
    this.svg.setAttribute("viewBox", `-24 -24 ${width + 48} ${height + 48}`);
    this.camera.element.removeAttribute("transform");
  }

  furl() {
    this.svg.removeAttribute("viewBox");
    this.camera.look();
  }

  rove(id) {
    if (!id) return;
    this.elements.node.get(this.current)?.setAttribute("tabindex", "-1");
    this.current = id;
    this.elements.node.get(id)?.setAttribute("tabindex", "0");
  }

  goTo(id) {
    this.rove(id);
    this.show(id);
    this.elements.node.get(id)?.focus({ preventScroll: true });
  }

  select(id) {
    this.svg.querySelector(".node.selected")?.classList.remove("selected");
    for (const edge of this.svg.querySelectorAll(".edge.near")) edge.classList.remove("near");
    if (id === null) return;
    this.elements.node.get(id)?.classList.add("selected");
    for (const edge of this.graph.edges) {
      if (edge.source === id || edge.target === id) {
        this.elements.edge.get(edge.id)?.classList.add("near");
      }
    }
  }
}

// An element of SVG.
function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
