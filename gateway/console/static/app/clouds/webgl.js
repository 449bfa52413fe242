// Clouds drawn by the graphics processor: what is near hides what is behind it, and stands out.

const VERTEX = `
  attribute vec3 point;
  uniform mat3 rotation;
  uniform vec2 scale;
  uniform float reach, behind, diameter;
  varying float haze;
  void main() {
    vec3 seen = rotation * point;
    gl_Position = vec4(seen.xy * scale, (seen.z + behind) / reach, 1.0);
    gl_PointSize = diameter;
    haze = clamp(0.15 + 0.3 * seen.z, 0.0, 0.7);
  }`;
const FRAGMENT = `
  precision mediump float;
  uniform vec3 colour, ground;
  varying float haze;
  void main() {
    vec2 off = 2.0 * gl_PointCoord - 1.0;
    if (dot(off, off) > 1.0) discard;
    gl_FragColor = vec4(mix(colour, ground, haze), 1.0);
  }`;

const SCENE_BEHIND = 0.03;

/** What paints clouds of points, a colour each, the scene first; null where there is no WebGL. */
export function painterInSpace(canvas, clouds) {
  const gl = canvas.getContext("webgl");
  if (!gl) return null;
  const uniform = program(gl);
  const buffers = clouds.map((cloud) => ({ buffer: filled(gl, cloud), count: cloud.length }));
  gl.enable(gl.DEPTH_TEST);
  gl.enableVertexAttribArray(0);
  gl.uniform1f(uniform("reach"), reachOf(clouds));
  return ({ rows, scale, diameter, colours, ground }) => {
    const { width, height } = canvas;
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix3fv(uniform("rotation"), false, columns(rows));
    gl.uniform2f(uniform("scale"), (scale * height) / width, -scale);
    gl.uniform1f(uniform("diameter"), diameter);
    gl.uniform3fv(uniform("ground"), shares(ground));
    buffers.forEach(({ buffer, count }, at) => {
      // What was found hides the part of the scan that it meets.
      gl.uniform1f(uniform("behind"), at ? 0 : SCENE_BEHIND);
      gl.uniform3fv(uniform("colour"), shares(colours[at]));
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
      gl.drawArrays(gl.POINTS, 0, count);
    });
  };
}

function program(gl) {
  const made = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.bindAttribLocation(made, 0, "point");
  gl.linkProgram(made);
  gl.useProgram(made);
  return (name) => gl.getUniformLocation(made, name);
}

function filled(gl, cloud) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(cloud.flat()), gl.STATIC_DRAW);
  return buffer;
}

/** No turn brings a point farther away than this. */
const reachOf = (clouds) =>
  clouds.flat().reduce((most, point) => Math.max(most, Math.hypot(...point)), 1) + SCENE_BEHIND;

const columns = (rows) => [0, 1, 2].flatMap((at) => rows.map((row) => row[at]));

/** A computed colour as shares of red, green and blue. */
const shares = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map((value) => value / 255);
