// A picture that is to be sent: a file at hand, or an address that the service fetches.

const LARGEST_SIDE = 2048;

const lent = [];

/** What a file looks like here, if the browser can show it. */
export async function fromFile(file) {
  const url = URL.createObjectURL(file);
  // An image would read all of it to find no picture.
  if (isVideo(file)) return { file, name: file.name, url, isShown: false };
  const image = new Image();
  image.src = url;
  const isShown = await image.decode().then(
    () => true,
    () => false,
  );
  const { naturalWidth: width, naturalHeight: height } = image;
  return { file, name: file.name, url, isShown, width, height };
}

export const isVideo = (file) => file.type.startsWith("video/");

export function fromAddress(address) {
  return { address, name: address, isShown: false };
}

/** A picture inside an answer, until the next answer. */
export async function fromAnswer(told, name) {
  const picture = await fromFile(pictureFile(told, name));
  lent.push(picture.url);
  return picture;
}

/** An address of a file, until the next answer. */
export function lend(file) {
  const url = URL.createObjectURL(file);
  lent.push(url);
  return url;
}

/** The same as a file. */
export function pictureFile({ value, format }, name) {
  const bytes = Uint8Array.from(atob(value), (one) => one.charCodeAt(0));
  return new File([bytes], name, { type: format });
}

export function forgetAnswers() {
  lent.splice(0).forEach((url) => URL.revokeObjectURL(url));
}

export async function pixelsOf(picture) {
  const image = new Image();
  image.src = picture.url;
  await image.decode();
  return image;
}

/** A canvas that a function has drawn on. */
export function painted(width, height, paint) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  paint(canvas.getContext("2d"));
  return canvas;
}

/**
 * A mask (white on black) as a colour where it is white, and nothing elsewhere.
 *
 * A large one is reduced, as browsers' canvases have limits.
 */
export async function tinted(mask, [red, green, blue]) {
  const image = await pixelsOf(mask);
  const { naturalWidth, naturalHeight } = image;
  const scale = Math.min(1, LARGEST_SIDE / Math.max(naturalWidth, naturalHeight));
  const [width, height] = [naturalWidth, naturalHeight].map((side) => Math.ceil(side * scale));
  return painted(width, height, (brush) => {
    brush.drawImage(image, 0, 0, width, height);
    const pixels = brush.getImageData(0, 0, width, height);
    // A word is a pixel: alpha, blue, green, red from the highest byte.
    const words = new Uint32Array(pixels.data.buffer);
    const colour = (blue << 16) | (green << 8) | red;
    for (let at = 0; at < words.length; at += 1) words[at] = ((words[at] & 0xff) << 24) | colour;
    brush.putImageData(pixels, 0, 0);
  });
}
