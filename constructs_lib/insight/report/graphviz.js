// Graphviz in the browser: the same WebAssembly that laid out the pictures on the way here. It is
// unpacked when something is folded or focused for the first time; nothing is fetched.
const graphviz = (() => {
  const NOT_THERE = 44;
  const BAD_FILE = 8;
  let loading = null;

  async function load() {
    const packed = atob(document.getElementById("graphviz").textContent.trim());
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return WebAssembly.compile(await new Response(unpacked).arrayBuffer());
  }

  function instance(module) {
    let memory = null;
    const view = () => new DataView(memory.buffer);
    // What Graphviz would ask an operating system for: it has none, and no files.
    const wasi_snapshot_preview1 = {
      environ_get: () => 0,
      environ_sizes_get: (count, size) => {
        view().setUint32(count, 0, true);
        view().setUint32(size, 0, true);
        return 0;
      },
      clock_time_get: (_id, _precision, time) => {
        view().setBigUint64(time, BigInt(Math.round(performance.now() * 1e6)), true);
        return 0;
      },
      fd_write: (_file, vectors, count, written) => {
        let total = 0;
        for (let i = 0; i < count; i += 1) total += view().getUint32(vectors + 8 * i + 4, true);
        view().setUint32(written, total, true);
        return 0;
      },
      fd_close: () => 0,
      fd_fdstat_get: () => BAD_FILE,
      fd_fdstat_set_flags: () => BAD_FILE,
      fd_filestat_get: () => BAD_FILE,
      fd_prestat_get: () => BAD_FILE,
      fd_prestat_dir_name: () => BAD_FILE,
      fd_read: () => BAD_FILE,
      fd_seek: () => BAD_FILE,
      path_filestat_get: () => NOT_THERE,
      path_open: () => NOT_THERE,
      random_get: (start, length) => {
        crypto.getRandomValues(new Uint8Array(memory.buffer, start, length));
        return 0;
      },
      proc_exit: (status) => {
        throw new Error(`graphviz ended with ${status}`);
      },
    };
    const made = new WebAssembly.Instance(module, { wasi_snapshot_preview1 });
    memory = made.exports.memory;
    return made.exports;
  }

  // Lay out a picture in Graphviz's language; resolves to its places as Graphviz writes them.
  async function layOut(dot) {
    loading ??= load();
    const exports = instance(await loading);
    const text = (value) => {
      const bytes = new TextEncoder().encode(`${value}\0`);
      const start = exports.malloc(bytes.length);
      new Uint8Array(exports.memory.buffer).set(bytes, start);
      return start;
    };
    const length = exports.malloc(4);
    const start = exports.graphviz_render(text(dot), text("json0"), text("dot"), length);
    if (start === 0) throw new Error("graphviz could not lay this out");
    const size = new DataView(exports.memory.buffer).getUint32(length, true);
    const written = new Uint8Array(exports.memory.buffer, start, size);
    return JSON.parse(new TextDecoder().decode(written));
  }

  // The places of nodes, frames and edges in pixels, y downwards: as layout.py has them.
  function places(drawn) {
    const numbers = (words) => words.split(",").map(Number);
    const [, , width, height] = numbers(drawn.bb);
    const result = { width, height, nodes: {}, frames: {}, routes: {} };
    for (const each of drawn.objects ?? []) {
      if (each.bb) {
        const [left, bottom, right, top] = numbers(each.bb);
        const box = { x: left, y: height - top, width: right - left, height: top - bottom };
        result.frames[each.name.replace("cluster_", "")] = box;
      } else {
        const [x, y] = numbers(each.pos);
        const size = { width: each.width * 72, height: each.height * 72 };
        const corner = { x: x - size.width / 2, y: height - y - size.height / 2 };
        result.nodes[each.name] = { ...corner, ...size };
      }
    }
    for (const each of drawn.edges ?? []) result.routes[each.id] = route(each, height, numbers);
    return result;
  }

  function route(edge, height, numbers) {
    let tip = null;
    const points = [];
    for (const word of edge.pos.replaceAll("\\\n", "").split(/\s+/)) {
      const [x, y] = numbers(word.replace(/^[es],/, ""));
      if (word.startsWith("e,")) tip = [x, height - y];
      else if (!word.startsWith("s,")) points.push([x, height - y]);
    }
    const [start, ...rest] = points.map((point) => point.map((n) => n.toFixed(1)).join(" "));
    const label = edge.lp ? numbers(edge.lp) : null;
    return {
      path: `M${start}C${rest.join(" ")}`,
      head: tip ? head(points.at(-1), tip) : "",
      label: label && { x: label[0], y: height - label[1] },
    };
  }

  function head(base, tip) {
    const [x, y] = [(tip[0] - base[0]) * 0.45, (tip[1] - base[1]) * 0.45];
    const corners = [[base[0] - y, base[1] + x], tip, [base[0] + y, base[1] - x]];
    return `M${corners.map((corner) => corner.map((n) => n.toFixed(1)).join(" ")).join("L")}Z`;
  }

  return { layOut: async (dot) => places(await layOut(dot)) };
})();
