// The hands on a picture: keys, mouse, touch.

// The nearest node in a direction; those straight ahead are nearer than those aside.
function neighbour(picture, id, [dx, dy]) {
  const centre = (box) => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = centre(picture.places.nodes[id]);
  let best = null;
  for (const other of picture.shown) {
    if (other === id || !picture.places.nodes[other]) continue;
    const [ox, oy] = centre(picture.places.nodes[other]);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    const distance = ahead + 2.5 * aside;
    if (ahead > 4 && (!best || distance < best.distance)) best = { other, distance };
  }
  return best?.other ?? null;
}

function listenToKeys(picture) {
  const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  picture.svg.addEventListener("keydown", (event) => {
    const id = event.target.closest?.(".node")?.dataset.id;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const actions = {
      Enter: () => id && picture.onOpen(id, { byKey: true }),
      " ": () => id && picture.onOpen(id, { byKey: true }),
      Home: () => picture.goTo([...picture.shown][0]),
      f: () => id && picture.canFold(id) && picture.fold(id).then(() => picture.goTo(id)),
      n: () => id && picture.focusOn(id, 1).then(() => picture.goTo(id)),
      a: () => picture.part.focus && picture.focusOn(null),
      "+": () => picture.camera.zoom(1.25),
      "=": () => picture.camera.zoom(1.25),
      "-": () => picture.camera.zoom(0.8),
      0: () => picture.frame({ whole: true }),
    };
    const direction = arrows[event.key];
    if (direction && id) {
      const next = neighbour(picture, id, direction);
      if (next) picture.goTo(next);
    } else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  });
  picture.svg.addEventListener("focusin", (event) => {
    const id = event.target.closest?.(".node")?.dataset.id;
    if (id) picture.rove(id);
  });
}

function listenToPointer(picture) {
  let wasMoved = false;
  // Where each finger is, or the mouse; the click that ends a move is none.
  const grips = new Map();
  const middle = () => {
    const all = [...grips.values()];
    const [x, y] = ["x", "y"].map((axis) => all.reduce((sum, at) => sum + at[axis], 0) / all.length);
    return { x, y, spread: Math.hypot(all[0].x - all.at(-1).x, all[0].y - all.at(-1).y) };
  };
  picture.svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!grips.size) wasMoved = false;
    grips.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  picture.svg.addEventListener("pointermove", (event) => {
    const grip = grips.get(event.pointerId);
    if (!grip) return;
    if (!wasMoved && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) < 4) return;
    if (!wasMoved) picture.svg.setPointerCapture(event.pointerId);
    wasMoved = true;
    picture.svg.classList.add("moving");
    const before = middle();
    grips.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = middle();
    picture.camera.move(after.x - before.x, after.y - before.y);
    if (!before.spread) return;
    const { left, top } = picture.svg.getBoundingClientRect();
    picture.camera.zoom(after.spread / before.spread, after.x - left, after.y - top);
  });
  const release = (event) => {
    grips.delete(event.pointerId);
    if (!grips.size) picture.svg.classList.remove("moving");
  };
  picture.svg.addEventListener("pointerup", release);
  picture.svg.addEventListener("pointercancel", release);
  picture.svg.addEventListener("click", (event) => {
    if (wasMoved) return;
    const id = event.target.closest(".node")?.dataset.id;
    if (!id) picture.onOpen(null, {});
    else if (event.target.closest(".fold")) picture.fold(id);
    else picture.onOpen(id, {});
  });
  picture.svg.addEventListener("dblclick", (event) => {
    const id = event.target.closest(".node")?.dataset.id;
    if (id && picture.canFold(id)) picture.fold(id);
  });
  picture.svg.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { left, top } = picture.svg.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) {
        picture.camera.zoom(Math.exp(-event.deltaY / 200), event.clientX - left, event.clientY - top);
      } else {
        const { deltaX, deltaY, shiftKey } = event;
        picture.camera.move(shiftKey ? -deltaY : -deltaX, shiftKey ? 0 : -deltaY);
      }
    },
    { passive: false },
  );
}
