// One picture: pan and zoom, folding, focus, and the keyboard.
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
    this.camera = this.svg.querySelector(".camera");
    this.nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    this.groups = new Map(graph.groups.map((group) => [group.id, group]));
    this.headOf = new Map(graph.groups.map((group) => [group.head, group]));
    const elements = (selector) =>
      new Map([...this.svg.querySelectorAll(selector)].map((each) => [each.dataset.id, each]));
    this.elements = { node: elements(".node"), edge: elements(".edge"), frame: elements(".frame") };
    const box = this.svg.viewBox.baseVal;
    this.size = { width: box.width, height: box.height };
    this.places = graph.places;
    this.at = { x: 0, y: 0, scale: 1 };
    this.folded = new Set();
    this.focus = null;
    this.withErrors = true;
    this.shown = new Set(this.nodes.keys());
    this.turn = 0;
    this.framed = false;
    this.svg.removeAttribute("viewBox");
    this.#markHeads();
    listenToKeys(this);
    listenToPointer(this);
    this.rove(graph.nodes[0]?.id);
  }

  // -- What is shown -----------------------------------------------------------------------------

  // The node that stands for one that is folded away: the head of the outermost folded group.
  standIn(id) {
    let found = id;
    for (let g = this.groups.get(this.nodes.get(id).group); g; g = this.groups.get(g.parent)) {
      if (this.folded.has(g.id)) found = g.head;
    }
    return found;
  }

  #wantedNodes() {
    const wanted = new Set();
    for (const node of this.graph.nodes) {
      if (this.standIn(node.id) === node.id && (this.withErrors || !node.error)) wanted.add(node.id);
    }
    if (this.focus === null) return wanted;
    const ways = new Map([...wanted].map((id) => [id, []]));
    for (const { source, target } of this.#wantedEdges(wanted)) {
      ways.get(source).push(target);
      ways.get(target).push(source);
    }
    const start = this.standIn(this.focus.node);
    const near = new Map([[start, 0]]);
    for (const [here, distance] of near) {
      if (distance === this.focus.depth) continue;
      for (const there of ways.get(here) ?? []) if (!near.has(there)) near.set(there, distance + 1);
    }
    return new Set([...near.keys()].filter((id) => wanted.has(id)));
  }

  // Edges between shown nodes; those of folded nodes start and end at their stand-ins, once.
  #wantedEdges(wanted) {
    const known = new Set();
    const edges = [];
    for (const edge of this.graph.edges) {
      const [source, target] = [this.standIn(edge.source), this.standIn(edge.target)];
      const name = `${source} ${target} ${edge.kind}`;
      const folded = source !== edge.source || target !== edge.target;
      if (!wanted.has(source) || !wanted.has(target)) continue;
      if (!this.withErrors && edge.error) continue;
      if (folded && (source === target || known.has(name))) continue;
      known.add(name);
      edges.push({ source, target, edge });
    }
    return edges;
  }

  #dot(wanted, edges) {
    const boxed = (id) => {
      let group = this.groups.get(id);
      while (group && !(group.boxed && wanted.has(group.head) && !this.folded.has(group.id))) {
        group = this.groups.get(group.parent);
      }
      return group?.id ?? null;
    };
    const level = (parent) => {
      const inside = this.graph.nodes.filter((n) => wanted.has(n.id) && boxed(n.group) === parent);
      const frames = this.graph.groups.filter(
        (g) => boxed(g.id) === g.id && boxed(g.parent) === parent,
      );
      return [
        ...inside.map((node) => `${node.id}[${node.dot}];`),
        ...frames.map((g) => `subgraph cluster_${g.id}{margin=16;${level(g.id)}}`),
      ].join("");
    };
    const ways = edges.map(({ source, target, edge }) => `${source}->${target}[${edge.dot}];`);
    return `digraph{${this.graph.dot}${level(null)}${ways.join("")}}`;
  }

  // Lay out what is to be shown, and show it; `anchor` stays where it is on the screen.
  async update(anchor = null) {
    const turn = (this.turn += 1);
    const wanted = this.#wantedNodes();
    const edges = this.#wantedEdges(wanted);
    this.svg.setAttribute("aria-busy", "true");
    let places = null;
    try {
      places = await graphviz.layOut(this.#dot(wanted, edges));
    } catch (error) {
      say(`This could not be laid out: ${error.message}`);
    }
    if (turn !== this.turn) return;
    this.svg.removeAttribute("aria-busy");
    if (places === null) return;
    const before = anchor && this.places.nodes[anchor];
    this.places = places;
    this.size = places;
    this.shown = wanted;
    this.#apply();
    const after = anchor && places.nodes[anchor];
    if (before && after && this.focus === null) {
      this.at.x += (before.x - after.x) * this.at.scale;
      this.at.y += (before.y - after.y) * this.at.scale;
      this.look();
    } else {
      this.frame();
    }
    if (!wanted.has(this.current)) this.rove(anchor ?? [...wanted][0]);
    this.onChange(this);
  }

  #apply() {
    const { nodes, frames, routes } = this.places;
    for (const [id, element] of this.elements.node) {
      const box = nodes[id];
      element.toggleAttribute("hidden", !box);
      if (box) element.style.transform = `translate(${box.x}px, ${box.y}px)`;
      const group = this.headOf.get(id);
      if (group) element.setAttribute("aria-expanded", String(!this.folded.has(group.id)));
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

  #markHeads() {
    for (const [id, group] of this.headOf) {
      const element = this.elements.node.get(id);
      const box = this.places.nodes[id];
      const inside = this.graph.nodes.filter((n) => n.id !== id && this.#isIn(n, group.id)).length;
      if (!element || !inside) continue;
      element.setAttribute("aria-expanded", "true");
      const mark = document.createElementNS(SVG, "g");
      mark.setAttribute("class", "fold");
      mark.setAttribute("transform", `translate(${box.width} ${box.height / 2})`);
      const shape = document.createElementNS(SVG, "rect");
      const sign = document.createElementNS(SVG, "text");
      sign.dataset.folded = `+${inside}`;
      const width = 22 + 7 * String(inside).length;
      const size = { x: -width / 2, y: -10, width, height: 20, rx: 10 };
      for (const [name, value] of Object.entries(size)) shape.setAttribute(name, value);
      sign.setAttribute("y", 4);
      mark.append(shape, sign);
      element.append(mark);
      this.#sign(id);
    }
  }

  #isIn(node, groupId) {
    for (let g = this.groups.get(node.group); g; g = this.groups.get(g.parent)) {
      if (g.id === groupId) return true;
    }
    return false;
  }

  #sign(head) {
    const sign = this.elements.node.get(head)?.querySelector(".fold text");
    if (sign) sign.textContent = this.folded.has(this.headOf.get(head).id) ? sign.dataset.folded : "–";
  }

  // -- Folding and focus -------------------------------------------------------------------------

  canFold(id) {
    return Boolean(this.elements.node.get(id)?.querySelector(".fold"));
  }

  isFolded(id) {
    return this.folded.has(this.headOf.get(id)?.id);
  }

  fold(id, folded = !this.isFolded(id)) {
    const group = this.headOf.get(id);
    if (!group) return Promise.resolve();
    this.folded[folded ? "add" : "delete"](group.id);
    this.#sign(id);
    return this.update(id);
  }

  foldAll(folded) {
    this.folded = new Set(folded ? this.groups.keys() : []);
    for (const head of this.headOf.keys()) this.#sign(head);
    return this.update();
  }

  focusOn(id, depth = 1) {
    this.focus = id === null ? null : { node: id, depth };
    return this.update(id);
  }

  showErrors(shown) {
    this.withErrors = shown;
    return this.update();
  }

  // Make a node visible, whatever hid it.
  async reveal(id) {
    const node = this.nodes.get(id);
    let changed = false;
    for (let g = this.groups.get(node.group); g; g = this.groups.get(g.parent)) {
      if (g.head !== id && this.folded.delete(g.id)) {
        changed = true;
        // Of what hundreds of nodes were folded away in, the surroundings are shown alone.
        if (this.nodes.size > MANY) this.focus = { node: id, depth: 1 };
      }
      this.#sign(g.head);
    }
    if (!this.withErrors && node.error) changed = this.withErrors = true;
    if (this.focus && this.focus.node !== id && !this.shown.has(id)) {
      this.focus = null;
      changed = true;
    }
    if (changed) await this.update(id);
  }

  // -- Pan and zoom ------------------------------------------------------------------------------

  look() {
    const { x, y, scale } = this.at;
    this.camera.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.svg.classList.toggle("far", scale < 0.45);
  }

  // Show the whole picture, or, where that would be too small to read, its beginning.
  frame({ whole = false } = {}) {
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!width) return;
    this.framed = true;
    const fit = Math.min((width - 48) / this.size.width, (height - 48) / this.size.height);
    const scale = Math.min(whole ? fit : Math.max(fit, 0.6), 1.15);
    const start = this.#beginning();
    const place = (room, size, at) =>
      size * scale <= room - 40 ? (room - size * scale) / 2 : Math.min(24, room / 2 - at * scale);
    this.at = {
      scale,
      x: place(width, this.size.width, start.x),
      y: place(height, this.size.height, start.y),
    };
    this.look();
  }

  // Show some nodes as large as they fit; if they do not, from the first of them on.
  frameNodes(ids) {
    const boxes = ids.map((id) => this.places.nodes[this.standIn(id)]).filter(Boolean);
    if (!boxes.length || !this.svg.clientWidth) return;
    this.framed = true;
    const left = Math.min(...boxes.map((box) => box.x));
    const top = Math.min(...boxes.map((box) => box.y));
    const width = Math.max(...boxes.map((box) => box.x + box.width)) - left;
    const height = Math.max(...boxes.map((box) => box.y + box.height)) - top;
    const { clientWidth, clientHeight } = this.svg;
    const fit = Math.min((clientWidth - 64) / width, (clientHeight - 64) / height);
    const scale = Math.min(Math.max(fit, 0.6), 1.1);
    const place = (room, start, size) =>
      size * scale <= room - 32 ? (room - size * scale) / 2 - start * scale : 32 - start * scale;
    this.at = { scale, x: place(clientWidth, left, width), y: place(clientHeight, top, height) };
    this.look();
  }

  #beginning() {
    const id = this.focus?.node ?? this.graph.beginning;
    const box = this.places.nodes[id] ?? Object.values(this.places.nodes)[0];
    return box ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : { x: 0, y: 0 };
  }

  zoom(factor, x = this.svg.clientWidth / 2, y = this.svg.clientHeight / 2) {
    const scale = Math.min(Math.max(this.at.scale * factor, 0.05), 4);
    const by = scale / this.at.scale;
    this.at = { scale, x: x - (x - this.at.x) * by, y: y - (y - this.at.y) * by };
    this.look();
  }

  // Bring a node into sight, and no further than needed.
  show(id, { middle = false } = {}) {
    const box = this.places.nodes[id];
    if (!box) return;
    const { clientWidth, clientHeight } = this.svg;
    const move = (at, start, size, room) => {
      const [near, far] = [at + start * this.at.scale, at + (start + size) * this.at.scale];
      if (middle) return at + room / 2 - (near + far) / 2;
      if (near < 24) return at + 24 - near;
      return far > room - 24 ? at + room - 24 - far : at;
    };
    if (middle && this.at.scale < 0.6) this.zoom(0.85 / this.at.scale);
    this.at.x = move(this.at.x, box.x, box.width, clientWidth);
    this.at.y = move(this.at.y, box.y, box.height, clientHeight);
    this.look();
  }

  // -- Hands -------------------------------------------------------------------------------------

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
