// Where a picture is looked at, and how near: pan and zoom.
// A picture that is first shown, or gone to, is not made smaller than this: its text stays readable.
const LEAST_SCALE = 0.75;
// Of a path that a run took, the way is more than the words, which the timeline has, too.
const LEAST_SCALE_OF_PATHS = 0.6;

class Camera {
  constructor(svg) {
    this.svg = svg;
    // How many pixels of its lower end something else covers.
    this.covered = 0;
    this.element = svg.querySelector(".camera");
    this.at = { x: 0, y: 0, scale: 1 };
    // Whether the picture has been put into the window.
    this.framed = false;
  }

  room() {
    return { width: this.svg.clientWidth, height: this.svg.clientHeight - this.covered };
  }

  look() {
    const { x, y, scale } = this.at;
    this.element.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.svg.classList.toggle("far", scale < 0.45);
  }

  move(dx, dy) {
    this.at.x += dx;
    this.at.y += dy;
    this.look();
  }

  // Show a picture of this size, or, where that would be too small to read, its beginning.
  frame(size, beginning, { whole = false } = {}) {
    const { width, height } = this.room();
    if (!width) return;
    this.framed = true;
    const fit = Math.min((width - 48) / size.width, (height - 48) / size.height);
    const scale = Math.min(whole ? fit : Math.max(fit, LEAST_SCALE), 1.15);
    const place = (room, length, at) =>
      length * scale <= room - 40 ? (room - length * scale) / 2 : Math.min(24, room / 2 - at * scale);
    this.at = {
      scale,
      x: place(width, size.width, beginning.x),
      y: place(height, size.height, beginning.y),
    };
    this.look();
  }

  // Show some boxes as large as they fit; if they do not, with the first of them in sight.
  frameBoxes(boxes) {
    const room = this.room();
    if (!boxes.length || !room.width) return;
    this.framed = true;
    const left = Math.min(...boxes.map((box) => box.x));
    const top = Math.min(...boxes.map((box) => box.y));
    const width = Math.max(...boxes.map((box) => box.x + box.width)) - left;
    const height = Math.max(...boxes.map((box) => box.y + box.height)) - top;
    const fit = Math.min((room.width - 64) / width, (room.height - 64) / height);
    const scale = Math.min(Math.max(fit, LEAST_SCALE_OF_PATHS), 1.1);
    const place = (length, start, size, first) => {
      const inMiddle = (at) => length / 2 - at * scale;
      if (size * scale <= length - 32) return inMiddle(start + size / 2);
      const [most, least] = [32 - start * scale, length - 32 - (start + size) * scale];
      return Math.min(Math.max(inMiddle(first), least), most);
    };
    const [first] = boxes;
    this.at = {
      scale,
      x: place(room.width, left, width, first.x + first.width / 2),
      y: place(room.height, top, height, first.y + first.height / 2),
    };
    this.look();
  }

  zoom(factor, x = this.svg.clientWidth / 2, y = this.svg.clientHeight / 2) {
    const scale = Math.min(Math.max(this.at.scale * factor, 0.05), 4);
    const by = scale / this.at.scale;
    this.at = { scale, x: x - (x - this.at.x) * by, y: y - (y - this.at.y) * by };
    this.look();
  }

  // Bring a box into sight, and no further than needed.
  show(box, { middle = false } = {}) {
    const { width, height } = this.room();
    const move = (at, start, size, room) => {
      const [near, far] = [at + start * this.at.scale, at + (start + size) * this.at.scale];
      if (middle) return at + room / 2 - (near + far) / 2;
      if (near < 24) return at + 24 - near;
      return far > room - 24 ? at + room - 24 - far : at;
    };
    if (middle && this.at.scale < LEAST_SCALE) this.zoom(0.85 / this.at.scale);
    this.at.x = move(this.at.x, box.x, box.width, width);
    this.at.y = move(this.at.y, box.y, box.height, height);
    this.look();
  }
}
