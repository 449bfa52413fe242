// Clouds drawn without WebGL: the last one lies over the others, whatever is nearer.

/** What paints clouds of points, a colour each. */
export function painterInPlane(canvas, clouds) {
  const brush = canvas.getContext("2d");
  return ({ rows: [right, down], scale, diameter, colours }) => {
    const [across, half] = [canvas.width / 2, canvas.height / 2];
    const side = diameter * 0.75;
    brush.clearRect(0, 0, canvas.width, canvas.height);
    clouds.forEach((cloud, at) => {
      brush.fillStyle = colours[at];
      for (const point of cloud) {
        const [x, y] = [right, down].map((row) => scale * half * along(row, point));
        brush.fillRect(across + x - side / 2, half + y - side / 2, side, side);
      }
    });
  };
}

export const along = ([a, b, c], [x, y, z]) => a * x + b * y + c * z;
