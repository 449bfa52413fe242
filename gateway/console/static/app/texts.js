// What the console says, in the reader's language; a file of texts/ is a language.

import en from "./texts/en.js";

export const LANGUAGES = { en: "English", ru: "Русский" };
const KEPT = "pixelgate.language";

let texts = en;
let language = "en";

export const currentLanguage = () => language;

/** The language that was chosen here before, or else the browser's first that there is. */
export function preferredLanguage() {
  const wished = [keptLanguage(), ...navigator.languages];
  const known = wished.map((one) => one?.slice(0, 2)).find((one) => one in LANGUAGES);
  return known ?? "en";
}

export async function speak(name) {
  texts = (await import(`./texts/${name}.js`)).default;
  language = name;
  document.documentElement.lang = name;
}

export function keepLanguage(name) {
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // A browser that lets pages store nothing; the choice lasts until a reload.
  }
}

function keptLanguage() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** A sentence, its {names} filled in. */
export function t(key, values = {}) {
  const text = texts[key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What a language has of its own for a service, a group or an input of the API's document. */
export const named = (kind, name) => texts[kind]?.[name];

export function number(value, mostDigits = 2) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: mostDigits }).format(value);
}

export function moment(time) {
  const form = { dateStyle: "medium", timeStyle: "medium" };
  return new Intl.DateTimeFormat(language, form).format(new Date(time));
}

/** A place in a video, in minutes and seconds. */
export function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const form = { minimumIntegerDigits: 2, minimumFractionDigits: 1 };
  const rest = new Intl.NumberFormat(language, form).format((tenths % 600) / 10);
  return `${Math.floor(tenths / 600)}:${rest}`;
}

export function percent(share) {
  const form = { style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0 };
  return new Intl.NumberFormat(language, form).format(share);
}
