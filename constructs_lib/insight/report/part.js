// Which part of a picture is wanted: what is left after folding, focusing, and without error paths.
// Of a picture that Graphviz gave up as a whole, parts with more edges than these are not tried:
// nothing ends a layout in the browser.
const MOST_EDGES = 400;

class Part {
  constructor(graph) {
    this.graph = graph;
    this.nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    this.groups = new Map(graph.groups.map((group) => [group.id, group]));
    this.headOf = new Map(graph.groups.map((group) => [group.head, group]));
    this.folded = new Set();
    this.focus = null;
    this.withErrors = true;
  }

  // The groups that a node is in, from the innermost out.
  *around(node) {
    for (let g = this.groups.get(node.group); g; g = this.groups.get(g.parent)) yield g;
  }

  // The node that stands for one that is folded away: the head of the outermost folded group.
  standIn(id) {
    let found = id;
    for (const group of this.around(this.nodes.get(id))) {
      if (this.folded.has(group.id)) found = group.head;
    }
    return found;
  }

  isFolded(id) {
    return this.folded.has(this.headOf.get(id)?.id);
  }

  // How many nodes fold into this one.
  countInside(id) {
    const group = this.headOf.get(id);
    const isInside = (node) => node.id !== id && [...this.around(node)].includes(group);
    return group ? this.graph.nodes.filter(isInside).length : 0;
  }

  // The ids of the nodes to be shown, and the edges between them. Of a picture that Graphviz gave up
  // as a whole: none where that is too much; around one node, the edges of that node if need be.
  wanted() {
    const nodes = this.#near(this.#unfolded());
    const edges = this.#edges(nodes);
    if (!this.graph.missing) return { nodes, edges };
    const isWhole = nodes.size === this.graph.nodes.length && edges.length === this.graph.edges.length;
    if (!isWhole && edges.length <= MOST_EDGES) return { nodes, edges };
    const start = this.focus?.depth === 1 ? this.standIn(this.focus.node) : null;
    const own = edges.filter(({ source, target }) => source === start || target === start);
    const isTried = own.length > 0 && own.length <= MOST_EDGES;
    return isTried ? { nodes, edges: own } : { nodes: new Set(), edges: [] };
  }

  #unfolded() {
    const isShown = (node) => this.standIn(node.id) === node.id && (this.withErrors || !node.error);
    return new Set(this.graph.nodes.filter(isShown).map((node) => node.id));
  }

  #near(nodes) {
    if (this.focus === null) return nodes;
    const ways = new Map([...nodes].map((id) => [id, []]));
    for (const { source, target } of this.#edges(nodes)) {
      ways.get(source).push(target);
      ways.get(target).push(source);
    }
    const start = this.standIn(this.focus.node);
    const near = new Map([[start, 0]]);
    for (const [here, distance] of near) {
      if (distance === this.focus.depth) continue;
      for (const there of ways.get(here) ?? []) if (!near.has(there)) near.set(there, distance + 1);
    }
    return new Set([...near.keys()].filter((id) => nodes.has(id)));
  }

  // Edges between these nodes; those of folded nodes start and end at their stand-ins, once.
  #edges(nodes) {
    const known = new Set();
    const edges = [];
    for (const edge of this.graph.edges) {
      const [source, target] = [this.standIn(edge.source), this.standIn(edge.target)];
      const name = `${source} ${target} ${edge.kind}`;
      const folded = source !== edge.source || target !== edge.target;
      if (!nodes.has(source) || !nodes.has(target)) continue;
      if (!this.withErrors && edge.error) continue;
      if (folded && (source === target || known.has(name))) continue;
      known.add(name);
      edges.push({ source, target, edge });
    }
    return edges;
  }

  // What is wanted, in Graphviz's language.
  dot({ nodes, edges }) {
    const boxed = (id) => {
      let group = this.groups.get(id);
      while (group && !(group.boxed && nodes.has(group.head) && !this.folded.has(group.id))) {
        group = this.groups.get(group.parent);
      }
      return group?.id ?? null;
    };
    const level = (parent) => {
      const inside = this.graph.nodes.filter((n) => nodes.has(n.id) && boxed(n.group) === parent);
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
}
