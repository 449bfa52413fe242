// The console: reads what the service offers, and shows the view that the address names.

import { readDocument } from "./api.js";
import { issuerOf, PARTS, servicesOf } from "./catalogue.js";
import { element } from "./dom.js";
import { header, navigation } from "./frame.js";
import { failure } from "./outcome.js";
import { holdsFile } from "./picker.js";
import { Session } from "./session.js";
import { askToSignIn } from "./signin.js";
import { currentLanguage, keepLanguage, preferredLanguage, speak, t } from "./texts.js";
import { makeView, VIEWS } from "./views/index.js";

const main = document.getElementById("main");

async function start() {
  await speak(preferredLanguage());
  let documents;
  try {
    documents = await Promise.all(PARTS.map(readDocument));
  } catch ({ message }) {
    main.replaceChildren(failure(message));
    return;
  }
  const services = documents.flatMap(servicesOf);
  const session = new Session(issuerOf(documents[0]));
  const signIn = (reason = session.isExpired ? t("failure.ended") : "") =>
    askToSignIn(session, reason);
  const views = {};
  let shown = null;
  let place = placeOf(services, services[0]);
  const showFrame = () => {
    header({ session, signIn, language: currentLanguage(), onlanguage: change, place });
    navigation(place);
  };
  const viewOf = (name) => (views[name] ??= makeView(name, { session, signIn, services }));
  const show = async () => {
    const wanted = (place = placeOf(services, place.service));
    showFrame();
    const view = await viewOf(wanted.view).catch(() => null);
    // The reader was quicker than the module.
    if (wanted !== place) return;
    if (view !== shown) shown?.hide?.();
    shown = view;
    if (!view) {
      delete views[wanted.view];
      main.replaceChildren(failure(t("failure.gone")));
      return;
    }
    await view.show(wanted.service);
    if (wanted === place) main.replaceChildren(view.element);
  };
  const change = async (language) => {
    keepLanguage(language);
    await speak(language);
    await show();
  };
  session.addEventListener("change", showFrame);
  // A file that is dropped where nothing takes it would replace the page, and end the session.
  for (const name of ["dragover", "drop"])
    addEventListener(name, (event) => holdsFile(event) && event.preventDefault());
  addEventListener("hashchange", async () => {
    await show();
    scrollTo(0, 0);
    // The link that was followed is drawn anew.
    main.focus({ preventScroll: true });
  });
  await show();
}

/** What the address names; without a service there, the one that was shown last. */
function placeOf(all, last) {
  const [view, name] = location.hash.replace(/^#\/?/, "").split("/");
  // What other APIs keep as tasks is no batch.
  const services = view === "batch" ? all.filter((one) => one.isNative) : all;
  const wanted = [name, last.name].map((known) => services.find((one) => one.name === known));
  return {
    view: VIEWS.includes(view) ? view : VIEWS[0],
    services,
    service: wanted.find((one) => one) ?? services[0],
  };
}

start();
