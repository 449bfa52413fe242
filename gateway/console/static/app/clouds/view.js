// From where clouds are looked at: turned, and as near as one likes, without perspective.

const FIRST = { around: 0.4, over: 0.3, zoom: 1 };
const STEEPEST = Math.PI / 2;
const [FARTHEST, NEAREST] = [0.2, 20];

/** Axes of clouds, and of what is seen, go right, down and away, as a sensor has them. */
export class View {
  #state = FIRST;

  reset() {
    this.#state = FIRST;
  }

  /** Turn by angles in radians: what is near goes right and down. */
  turn(around, over) {
    const { around: was, over: tilt, zoom } = this.#state;
    this.#state = { around: was + around, over: limited(tilt + over, -STEEPEST, STEEPEST), zoom };
  }

  /** Go nearer by a factor; says whether there was anywhere to go. */
  zoom(factor) {
    const before = this.#state.zoom;
    this.#state = { ...this.#state, zoom: limited(before * factor, FARTHEST, NEAREST) };
    return this.#state.zoom !== before;
  }

  get scale() {
    return this.#state.zoom;
  }

  /** The rotation, row by row. */
  get rows() {
    const { around, over } = this.#state;
    const [sin, cos] = [Math.sin(around), Math.cos(around)];
    const [dip, level] = [Math.sin(over), Math.cos(over)];
    return [
      [cos, 0, -sin],
      [-dip * sin, level, -dip * cos],
      [level * sin, dip, level * cos],
    ];
  }
}

const limited = (value, least, most) => Math.min(Math.max(value, least), most);
